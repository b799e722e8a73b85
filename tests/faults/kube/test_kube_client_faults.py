"""A client of a cluster that misbehaves: it raises an error in time that says what to do and holds no secrets."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable

import pytest
from scripted_server import ScriptedServer, answer, drop, hang, listing, status
from waiting import eventually

from platz.errors import PlatzError
from platz.kube.api_resources import NAMESPACE, SECRET
from platz.kube.client import KubeClient
from platz.kube.errors import (
    KubeAborted,
    KubeAlreadyExists,
    KubeConflict,
    KubeDenied,
    KubeGone,
    KubeNotFound,
    KubeRejected,
    KubeUnreachable,
    KubeUntrusted,
)
from platz.kube.transport import KubeRequest, _may_repeat
from tests.kube_requests import version_of

Connect = Callable[..., KubeClient]


@pytest.mark.parametrize(
    ("code", "reason", "expected"),
    [
        (400, "BadRequest", KubeRejected),
        (401, "Unauthorized", KubeDenied),
        (403, "Forbidden", KubeDenied),
        (404, "NotFound", KubeNotFound),
        (409, "Conflict", KubeConflict),
        (409, "AlreadyExists", KubeAlreadyExists),
        (410, "Expired", KubeGone),
        (422, "Invalid", KubeRejected),
        (500, "InternalError", KubeUnreachable),
    ],
)
def test_a_status_becomes_the_error_that_says_what_to_do(
    server: ScriptedServer, client: KubeClient, code: int, reason: str, expected: type[PlatzError]
) -> None:
    server.script.append(status(code, reason, "the server's words"))
    with pytest.raises(expected) as caught:
        client.create(NAMESPACE, {})
    assert "east" in caught.value.message
    assert "very-secret-token" not in repr(caught.value)


def test_a_refused_connection_is_told_with_the_clusters_name(connect: Connect) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(KubeUnreachable, match="Cluster east refuses connections"):
        connect(url=f"http://127.0.0.1:{port}").create(NAMESPACE, {})


def test_an_unknown_host_is_told(connect: Connect) -> None:
    with pytest.raises(KubeUnreachable, match="cannot be resolved"):
        connect(url="http://no-such-host.invalid").create(NAMESPACE, {})


def test_a_server_that_never_answers_is_given_up_after_the_read_timeout(
    server: ScriptedServer, connect: Connect
) -> None:
    server.script.append(hang)
    began = time.monotonic()
    with pytest.raises(KubeUnreachable, match="does not answer in time"):
        connect(read=0.2).create(NAMESPACE, {})
    assert time.monotonic() - began < 3


def test_a_read_is_repeated_after_a_passing_failure(server: ScriptedServer, client: KubeClient) -> None:
    server.script.extend([status(503), drop, answer({"gitVersion": "v1.35.0"})])
    assert version_of(client) == "v1.35.0"


def test_a_patch_is_repeated_after_a_passing_failure(server: ScriptedServer, client: KubeClient) -> None:
    server.script.extend([status(503), answer({"kind": "Namespace"})])
    assert client.merge(NAMESPACE, {}, name="shop") == {"kind": "Namespace"}


def test_a_creation_is_repeated_when_nobody_took_the_connection() -> None:
    refused = KubeUnreachable(never_started=True)
    assert _may_repeat(KubeRequest(method="POST", path="/"), refused)
    assert not _may_repeat(KubeRequest(method="POST", path="/"), KubeUnreachable())
    assert not _may_repeat(KubeRequest(method="GET", path="/"), KubeUntrusted(never_started=True))


def test_a_creation_is_not_repeated_after_a_failure(server: ScriptedServer, client: KubeClient) -> None:
    server.script.append(status(500))
    with pytest.raises(KubeUnreachable):
        client.create(NAMESPACE, {})
    assert len(server.requests) == 1


def test_a_write_is_repeated_when_the_server_did_not_take_it_up(
    server: ScriptedServer, client: KubeClient
) -> None:
    server.script.extend([status(429, headers="Retry-After: 1\r\n"), answer({"kind": "Namespace"})])
    assert client.create(NAMESPACE, {}) == {"kind": "Namespace"}


def test_an_answer_that_is_not_json_is_an_error_without_its_text(
    server: ScriptedServer, client: KubeClient
) -> None:
    def gateway_page(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>")

    server.script.append(gateway_page)
    with pytest.raises(KubeUnreachable, match="not JSON"):
        version_of(client)


def test_a_token_is_not_sent_over_plain_http(server: ScriptedServer, client: KubeClient) -> None:
    server.script.append(answer({}))
    version_of(client)
    assert "authorization" not in server.heads[0].lower()


def test_abort_ends_a_call_that_waits_for_an_answer(server: ScriptedServer, connect: Connect) -> None:
    server.script.append(hang)
    client = connect(read=60)
    errors: list[BaseException] = []

    def call() -> None:
        try:
            version_of(client)
        except PlatzError as error:
            errors.append(error)

    caller = threading.Thread(target=call)
    caller.start()
    eventually(lambda: server.requests)
    client.abort()
    caller.join(timeout=3)
    assert [type(error) for error in errors] == [KubeAborted]


def test_calls_after_an_abort_are_refused(server: ScriptedServer, client: KubeClient) -> None:
    client.abort()
    with pytest.raises(KubeAborted):
        version_of(client)
    assert server.requests == []


def test_a_list_is_read_page_by_page(server: ScriptedServer, client: KubeClient) -> None:
    server.script.extend([listing({"n": 1}, following="next"), listing({"n": 2}, version="12")])
    found = client.list_all(SECRET, namespace="shop")
    assert found.items == ({"n": 1}, {"n": 2})
    assert found.resource_version == "12"
    assert "continue=next" in server.requests[1]


def test_a_list_whose_pages_came_apart_is_read_in_one_piece(
    server: ScriptedServer, client: KubeClient
) -> None:
    server.script.extend([listing({"n": 1}, following="next"), status(410, "Expired"), listing({"n": 3})])
    assert client.list_all(SECRET).items == ({"n": 3},)
    assert "limit" not in server.requests[2]
