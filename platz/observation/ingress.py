"""HTTP requests to deployments through their ingresses: status, actions and lifecycle hooks.

Invariant: deployments are not trusted. Every request verifies the server's certificate for the deployment's own host
name, connects only to an address that was looked up once and is allowed, stays with that scheme and host, ends at one
deadline, and reads at most 1 MiB, which nothing unpacks. What was sent as sensitive is removed from what comes back.

Source: docs/contract/workers.md, "Calls to deployments".
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import httpx
import orjson
from typing_extensions import override

from platz.errors import PlatzError
from platz.helm.redaction import Redactor
from platz.json import JsonValue
from platz.observation.address_lookup import NoAddress, addresses_of
from platz.observation.allowed_addresses import AllowedAddresses
from platz.observation.api_servers import DEFAULT_PORTS, ApiServers
from platz.observation.exchange_deadline import Deadline

MAX_ANSWER_BYTES = 1024 * 1024
MAX_REDIRECTS = 10
CONNECT_SECONDS = 5.0
"""How long one of several addresses may take to accept a connection."""

_SHOWN_BODY = 600
_SHOWN_ERROR = 300

Place = tuple[str, int]
"""An address and a port to connect to."""


class CallFailed(PlatzError):
    """The deployment did not answer as it should."""


@dataclass(frozen=True, kw_only=True)
class IngressRoute:
    """How to reach ingresses: all at ``connect`` (host:port), or by DNS if None; ``ca`` verifies their certificates.

    ``connect`` is the operator's own choice, so it is connected to as it is; ``allowed`` judges what DNS says.
    """

    connect: str | None = None
    ca: Path | None = None
    allowed: AllowedAddresses = field(default_factory=AllowedAddresses)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A response with a 2xx status, without what was sent as sensitive."""

    status: int
    text: str


class IngressCaller:
    """A client for requests to deployments; safe to use from many threads."""

    def __init__(self, route: IngressRoute, api_servers: Callable[[], Collection[str]] = tuple) -> None:
        """Take ``api_servers``, which returns the URLs of API servers, to which no ingress may lead."""
        self._route = route
        self._api_servers = ApiServers(api_servers)

    def call(
        self,
        method: str,
        url: str,
        *,
        body: JsonValue | None,
        send_body: bool,
        seconds: float,
        secrets: Iterable[str] = (),
    ) -> Answer:
        """Send a request to ``url`` and return the 2xx response; raise `CallFailed` for any other outcome.

        With ``send_body`` the body is sent as JSON, whatever the method. ``seconds`` bound the whole exchange;
        ``secrets`` are the texts in the body that must not come back.

        Source: docs/contract/chart-extensions.md, "Action requests".
        """
        sent = tuple(secrets)
        redact = Redactor(sent) if sent else str
        headers = {"Accept-Encoding": "identity"} | (
            {"Content-Type": "application/json"} if send_body else {}
        )
        content = orjson.dumps(body) if send_body else None
        with Deadline(seconds) as deadline:
            try:
                request = httpx.Request(method, url, headers=headers, content=content)
                answer, received = self._follow(request, deadline)
            except CallFailed as error:
                said = redact(error.message)[:_SHOWN_BODY]
                raise CallFailed(f"{method} {url} {said}") from None
            except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, NoAddress) as error:
                if deadline.is_over or isinstance(error, httpx.TimeoutException):
                    raise CallFailed(f"{method} {url} did not answer within {seconds:g} s.") from None
                why = redact(str(error))[:_SHOWN_ERROR].rstrip(".") or type(error).__name__
                raise CallFailed(f"{method} {url} failed: {why}.") from None
        text = redact(received.decode("utf-8", errors="replace"))
        return Answer(status=answer.status_code, text=text)

    def _follow(self, request: httpx.Request, deadline: Deadline) -> tuple[httpx.Response, bytes]:
        """Send a request, and those to which redirects at the same place lead; raise `CallFailed` unless 2xx.

        What a redirected request is refused with is not shown: the redirect chose what was asked for.
        """
        pinned = _Pinned(self._trust, self._places(request.url, deadline), deadline)
        with httpx.Client(transport=pinned, trust_env=False) as client:
            for hops in range(MAX_REDIRECTS + 1):
                answer = client.send(request, stream=True)
                onward = answer.next_request
                if onward is None:
                    body = _read(answer, deadline)
                    if not answer.is_success:
                        raise _refusal(answer, body if hops == 0 else b"")
                    return answer, body
                answer.close()
                if _origin(onward.url) != _origin(request.url):
                    raise CallFailed("was redirected to another scheme or host, which Platz does not follow.")
                request = onward
        raise CallFailed(f"was redirected more than {MAX_REDIRECTS} times.")

    def _places(self, url: httpx.URL, deadline: Deadline) -> Sequence[Place]:
        """Return where to connect for a URL, looked up once; raise `CallFailed` for an address that is not allowed."""
        if self._route.connect:
            host, _, port = self._route.connect.rpartition(":")
            return [(host.strip("[]"), int(port))]
        port = _origin(url)[2]
        found = addresses_of(url.host, port, seconds=deadline.remaining)
        for address in found:
            why_not = self._route.allowed.why_not(address)
            if why_not is None and self._api_servers.are_at(address, port):
                why_not = "that of a cluster's API server"
            if why_not is not None:
                raise CallFailed(f"was not sent: an address of {url.host} is {why_not}.")
        return [(str(address), port) for address in found]

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self._route.ca) if self._route.ca else None)


class _Pinned(httpx.BaseTransport):
    """A transport that connects to the first of some places that accepts a connection, whatever the URL's host.

    Requests and certificates keep the host name.
    """

    def __init__(self, trust: ssl.SSLContext, places: Sequence[Place], deadline: Deadline) -> None:
        self._inner = httpx.HTTPTransport(verify=trust, limits=httpx.Limits(max_keepalive_connections=0))
        self._places = places
        self._deadline = deadline

    @override
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        for place in self._places[:-1]:
            try:
                return self._handle_at(place, request, connect_seconds=CONNECT_SECONDS)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if self._deadline.is_over:
                    raise
        return self._handle_at(self._places[-1], request, connect_seconds=self._deadline.remaining)

    def _handle_at(self, place: Place, request: httpx.Request, *, connect_seconds: float) -> httpx.Response:
        remaining = self._deadline.remaining
        timeout = httpx.Timeout(remaining, connect=min(connect_seconds, remaining))
        extensions = {
            "sni_hostname": request.url.raw_host.decode("ascii"),
            "timeout": timeout.as_dict(),
            "trace": self._deadline.trace,
        }
        pinned = httpx.Request(
            request.method,
            request.url.copy_with(host=place[0], port=place[1]),
            headers=request.headers,  # they name the wanted host
            stream=request.stream,
            extensions=extensions,
        )
        return self._inner.handle_request(pinned)

    @override
    def close(self) -> None:
        self._inner.close()


def _read(answer: httpx.Response, deadline: Deadline) -> bytes:
    """Read the body as it was sent; raise `CallFailed` if it is encoded, or more than the limit.

    A body without a length ends with its connection, so one that the deadline cut off looks whole.
    """
    encoding = answer.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"", "identity"}:
        raise CallFailed("answered in a Content-Encoding although none was accepted.")
    parts: list[bytes] = []
    size = 0
    for part in answer.iter_raw():
        size += len(part)
        if size > MAX_ANSWER_BYTES:
            raise CallFailed("answered more than 1 MiB.")
        parts.append(part)
    if deadline.is_over:
        raise httpx.ReadTimeout("The deadline has passed.")
    return b"".join(parts)


def _refusal(answer: httpx.Response, body: bytes) -> CallFailed:
    said = body.decode("utf-8", errors="replace")
    return CallFailed(f"answered {answer.status_code} {answer.reason_phrase[:_SHOWN_ERROR]}. {said}".strip())


def _origin(url: httpx.URL) -> tuple[str, str, int]:
    """Return scheme, host and port of a URL."""
    return url.scheme, url.host, url.port or DEFAULT_PORTS.get(url.scheme, 443)
