"""Given an attacker who has deployed an application, when Platz calls it, then Platz loses no secret, memory or time.

Source: docs/contract/workers.md, "Calls to deployments"; SECURITY.md, "Threat model".
"""

from __future__ import annotations

import base64
import gzip
import itertools
import json
import socket
import threading
import tracemalloc
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import pytest

from platz.observation import address_lookup
from platz.observation.allowed_addresses import AllowedAddresses, networks
from platz.observation.ingress import Answer, CallFailed, IngressCaller, IngressRoute
from tests.security.hostile_application import HOST, HostileApplication, answer

URL = f"https://{HOST}/status"
SECRET = "hunter2&/ö-hunter"


def call(caller: IngressCaller, *, seconds: float = 20.0, **more: Any) -> Answer:
    return caller.call("POST", URL, body={"a": 1}, send_body=True, seconds=seconds, **more)


def refusal(caller: IngressCaller, **more: Any) -> str:
    with pytest.raises(CallFailed) as refused:
        call(caller, **more)
    return refused.value.message


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://169.254.169.254/latest/meta-data/",
        "https://other.east.test/status",
        f"http://{HOST}/status",
        f"https://{HOST}:8443/status",
        f"https://{HOST}.evil.test/",
        "//evil.test/",
    ],
)
def test_a_redirect_to_another_place_is_not_followed_and_its_body_is_not_shown(
    application: HostileApplication, caller: IngressCaller, elsewhere: str
) -> None:
    application.behaviour = lambda _: [answer(b"stolen", status="302 Found", Location=elsewhere)]
    message = refusal(caller)
    assert "another scheme or host" in message
    assert "stolen" not in message
    assert "evil" not in message
    assert len(application.requests) == 1


@pytest.mark.parametrize("location", ["/later", f"https://{HOST}/later", f"https://{HOST.upper()}:443/later"])
def test_a_redirect_at_the_same_place_is_followed(
    application: HostileApplication, caller: IngressCaller, location: str
) -> None:
    application.behaviour = lambda request: [
        answer(b"there") if b"/later" in request else answer(status="307 Moved", Location=location)
    ]
    assert call(caller).text == "there"
    assert [request.split()[:2] for request in application.requests] == [
        [b"POST", b"/status"],
        [b"POST", b"/later"],
    ]


def test_the_body_behind_a_redirect_that_is_refused_is_not_shown(
    application: HostileApplication, caller: IngressCaller
) -> None:
    application.behaviour = lambda request: [
        answer(b"stolen", status="403 Forbidden")
        if b"/admin" in request
        else answer(status="302 Found", Location="/admin")
    ]
    message = refusal(caller)
    assert "403" in message
    assert "stolen" not in message


def test_redirects_without_an_end_are_given_up(
    application: HostileApplication, caller: IngressCaller
) -> None:
    application.behaviour = lambda _: [answer(status="302 Found", Location="/status")]
    assert "more than 10 times" in refusal(caller)
    assert len(application.requests) == 11


@pytest.mark.parametrize("part", ["head", "body", "body without a length", "status line", "interim answers"])
def test_an_answer_that_drips_ends_at_the_deadline(
    application: HostileApplication, caller: IngressCaller, part: str
) -> None:
    """Each byte resets the timeout of a single read, so only the deadline of the whole exchange ends this."""
    ever = itertools.repeat(b"x")
    start = {
        "status line": b"",
        "head": b"HTTP/1.1 200 OK\r\nX: ",
        "body": b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n",
        "body without a length": b"HTTP/1.1 200 OK\r\n\r\n",
        "interim answers": b"",
    }[part]
    if part == "interim answers":
        ever = itertools.repeat(b"HTTP/1.1 103 Early Hints\r\n\r\n")
    application.behaviour = lambda _: itertools.chain([start], application.dripping(ever, seconds=0.05))
    ended: list[str] = []
    thread = threading.Thread(target=lambda: ended.append(refusal(caller, seconds=0.5)), daemon=True)
    thread.start()
    thread.join(timeout=15)
    assert ended == [f"POST {URL} did not answer within 0.5 s."]


def test_a_server_that_never_finishes_tls_ends_at_the_deadline(trust: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        route = IngressRoute(connect=f"127.0.0.1:{silent.getsockname()[1]}", ca=trust)
        assert "did not answer within 0.5 s" in refusal(IngressCaller(route), seconds=0.5)


def test_nothing_is_unpacked(application: HostileApplication, caller: IngressCaller) -> None:
    """A few bytes of gzip in gzip became gigabytes."""
    bomb = gzip.compress(gzip.compress(bytes(64 * 1024 * 1024)))
    assert len(bomb) < 1000
    application.behaviour = lambda _: [answer(bomb, Content_Encoding="gzip, gzip")]
    tracemalloc.start()
    message = refusal(caller)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "Content-Encoding" in message
    assert peak < 8 * 1024 * 1024
    assert b"accept-encoding: identity" in application.requests[0].lower()


@pytest.mark.parametrize("encoding", ["br", "deflate", "zstd", "GZIP", "identity, gzip"])
def test_every_encoding_is_refused(
    application: HostileApplication, caller: IngressCaller, encoding: str
) -> None:
    application.behaviour = lambda _: [answer(b"x", Content_Encoding=encoding)]
    assert "Content-Encoding" in refusal(caller)


def test_an_endless_body_is_cut(application: HostileApplication, caller: IngressCaller) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"10000\r\n" + bytes(0x10000) + b"\r\n"
    application.behaviour = lambda _: itertools.chain([head], itertools.repeat(chunk))
    assert "more than 1 MiB" in refusal(caller)


def test_an_endless_head_is_cut(application: HostileApplication, caller: IngressCaller) -> None:
    application.behaviour = lambda _: itertools.chain(
        [b"HTTP/1.1 200 OK\r\n"], itertools.repeat(b"X: " + b"x" * 60_000 + b"\r\n")
    )
    assert len(refusal(caller)) < 1000


def basic(user: str) -> str:
    return base64.b64encode(f"{user}:{SECRET}".encode()).decode()


SPELLINGS = {
    "plain": SECRET,
    "base64": base64.b64encode(SECRET.encode()).decode(),
    "base64 for URLs": base64.urlsafe_b64encode(SECRET.encode()).decode(),
    "hex": SECRET.encode().hex(),
    "HEX": SECRET.encode().hex().upper(),
    "URL": quote(SECRET, safe=""),
    "url": quote(SECRET, safe="").lower(),
    "JSON": json.dumps(SECRET),
    "JSON with escaped slashes": json.dumps(SECRET).replace("/", "\\/"),
    "HTML": SECRET.replace("&", "&amp;"),
}


@pytest.mark.parametrize("status", ["200 OK", "500 Oops"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_what_was_sent_as_sensitive_does_not_come_back(
    application: HostileApplication, caller: IngressCaller, status: str, spelling: str
) -> None:
    said = SPELLINGS[spelling]
    application.behaviour = lambda _: [answer(f"you said {said}!".encode(), status=status)]
    came_back = (
        call(caller, secrets=[SECRET]).text if status == "200 OK" else refusal(caller, secrets=[SECRET])
    )
    assert said.strip('"') not in came_back
    assert "[secret]" in came_back


@pytest.mark.parametrize("user", ["a", "ab", "abc", "admin", "someone@example.com"])
@pytest.mark.parametrize("after", ["", "\n", ":realm"])
def test_a_password_inside_of_basic_credentials_does_not_come_back(
    application: HostileApplication, caller: IngressCaller, user: str, after: str
) -> None:
    said = base64.b64encode(f"{user}:{SECRET}{after}".encode()).decode()
    application.behaviour = lambda _: [answer(f"Authorization: Basic {said}".encode())]
    came_back = call(caller, secrets=[SECRET]).text
    assert "[secret]" in came_back
    kept = came_back.removeprefix("Authorization: Basic ").partition("[secret]")
    assert len(kept[0]) <= len(user) * 2 + 6
    assert len(kept[2]) <= len(after) * 2 + 6


def test_a_reason_phrase_gives_no_secret_away(application: HostileApplication, caller: IngressCaller) -> None:
    application.behaviour = lambda _: [answer(status=f"500 {basic('admin')}")]
    message = refusal(caller, secrets=[SECRET])
    assert "[secret]" in message
    assert basic("admin") not in message


def test_a_header_that_breaks_the_protocol_gives_no_secret_away(
    application: HostileApplication, caller: IngressCaller
) -> None:
    application.behaviour = lambda _: [b"HTTP/1.1 200 OK\r\nhunter2-plain hunter2-plain\r\n\r\n"]
    assert "hunter2-plain" not in refusal(caller, secrets=["hunter2-plain"])


RESOLVE = socket.getaddrinfo


class Resolver:
    """Resolves every name to these addresses, one list after the other, and remembers how often."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    def __call__(self, host: str, port: int, *options: Any, **more: Any) -> list[Any]:
        if host not in {HOST, "api.east.test"}:
            return RESOLVE(host, port, *options, **more)
        found = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]


@pytest.fixture
def resolve_to(monkeypatch: pytest.MonkeyPatch) -> Any:
    def resolve_to(*answers: list[str]) -> Resolver:
        resolver = Resolver(*answers)
        monkeypatch.setattr(address_lookup.socket, "getaddrinfo", resolver)
        return resolver

    return resolve_to


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["169.254.169.254"],
        ["fd00:ec2::254"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["0.0.0.0"],
        ["224.0.0.1"],
        ["fe80::1"],
        ["10.0.0.1"],
        ["93.184.216.34", "127.0.0.1"],
    ],
)
def test_a_name_that_leads_to_a_forbidden_address_is_not_called(
    resolve_to: Any, addresses: list[str]
) -> None:
    resolve_to(addresses)
    message = refusal(IngressCaller(IngressRoute()))
    assert f"was not sent: an address of {HOST} is " in message
    for address in addresses:
        assert address not in message


class Anything(AllowedAddresses):
    """Stands in for a rule that allows the test's own server, and remembers what it judged."""

    def __init__(self) -> None:
        super().__init__()
        object.__setattr__(self, "judged", [])

    def why_not(self, address: Any) -> str | None:
        cast("Any", self).judged.append(str(address))
        return None if str(address) == "127.0.0.1" else "forbidden"


def test_a_name_is_resolved_once_and_connected_to_as_it_was_checked(
    application: HostileApplication, trust: Path, resolve_to: Any
) -> None:
    """The attacker's name server gives a harmless address for the check, and another one for the connection."""
    resolver = resolve_to(["127.0.0.1"], ["169.254.169.254"])
    url = f"https://{HOST}:{application.port}/status"
    application.behaviour = lambda request: [
        answer(b"here") if b"/later" in request else answer(status="307 Moved", Location="/later")
    ]
    caller = IngressCaller(IngressRoute(ca=trust, allowed=Anything()))
    found = caller.call("GET", url, body=None, send_body=False, seconds=20)
    assert found.text == "here"
    assert resolver.asked == 1


def test_a_resolver_that_hangs_does_not_hold_up_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()

    def hang(*_options: Any, **_more: Any) -> list[Any]:
        released.wait(60)
        return []

    monkeypatch.setattr(address_lookup.socket, "getaddrinfo", hang)
    try:
        assert "did not answer within 0.3 s" in refusal(IngressCaller(IngressRoute()), seconds=0.3)
    finally:
        assert not released.is_set()
        released.set()


@pytest.mark.parametrize("server", ["https://10.1.2.3", "https://10.1.2.3:443", "https://api.east.test"])
def test_an_api_server_is_not_called(resolve_to: Any, server: str) -> None:
    resolve_to(["10.1.2.3"])
    allowed = AllowedAddresses(private=networks(["10.0.0.0/8"]))
    caller = IngressCaller(IngressRoute(allowed=allowed), api_servers=lambda: [server])
    assert "API server" in refusal(caller)


def test_the_operators_own_choice_is_connected_to(
    application: HostileApplication, caller: IngressCaller
) -> None:
    application.behaviour = lambda _: [answer(b"here")]
    assert call(caller).text == "here"
    assert f"Host: {HOST}".encode().lower() in application.requests[0].lower()
