"""HTTP requests to deployments through their ingresses: status, actions and lifecycle hooks.

Invariant: every request verifies the server's certificate for the deployment's own host name, limits the time of each
network step and of reading the response, and reads at most 1 MiB.

Source: docs/contract/workers.md, "InvokeAction", "Status request", "Resource sync".
"""

from __future__ import annotations

import ssl
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
import orjson
from typing_extensions import override

from platz.errors import PlatzError
from platz.json import JsonValue

MAX_ANSWER_BYTES = 1024 * 1024
MAX_REDIRECTS = 10


class CallFailed(PlatzError):
    """The deployment did not answer as it should."""


@dataclass(frozen=True, kw_only=True)
class IngressRoute:
    """How to reach ingresses: all at ``connect`` (host:port), or by DNS if None; ``ca`` verifies their certificates."""

    connect: str | None = None
    ca: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A response with a 2xx status."""

    status: int
    text: str


class IngressCaller:
    """A client for requests to deployments; safe to use from many threads."""

    def __init__(self, route: IngressRoute) -> None:
        self._route = route
        self._lock = threading.Lock()
        self._shared: httpx.Client | None = None

    def call(
        self, method: str, url: str, *, body: JsonValue | None, send_body: bool, seconds: float
    ) -> Answer:
        """Send a request to ``url`` and return the 2xx response; raise `CallFailed` for any other outcome.

        With ``send_body`` the body is sent as JSON, whatever the method.

        Source: docs/contract/chart-extensions.md, "Action requests".
        """
        headers = {"Content-Type": "application/json"} if send_body else {}
        content = orjson.dumps(body) if send_body else None
        deadline = time.monotonic() + seconds
        try:
            with self._client().stream(
                method, url, content=content, headers=headers, timeout=seconds
            ) as answer:
                text = _read(answer, deadline)
        except httpx.TimeoutException:
            raise CallFailed(f"{method} {url} did not answer within {seconds:g} s.") from None
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError) as error:
            raise CallFailed(f"{method} {url} failed: {error or type(error).__name__}.") from error
        if not answer.is_success:
            raise CallFailed(
                f"{method} {url} answered {answer.status_code} {answer.reason_phrase}. {text[:500]}".strip()
            )
        return Answer(status=answer.status_code, text=text)

    def close(self) -> None:
        """Close the idle connections."""
        with self._lock:
            client, self._shared = self._shared, None
        if client is not None:
            client.close()

    def _client(self) -> httpx.Client:
        with self._lock:
            if self._shared is None:
                trust = ssl.create_default_context(cafile=str(self._route.ca) if self._route.ca else None)
                transport: httpx.BaseTransport = httpx.HTTPTransport(verify=trust)
                if self._route.connect:
                    transport = _Rerouted(transport, self._route.connect)
                self._shared = httpx.Client(
                    transport=transport, follow_redirects=True, max_redirects=MAX_REDIRECTS, trust_env=False
                )
            return self._shared


class _Rerouted(httpx.BaseTransport):
    """A transport that connects to one address for all host names; requests and certificates keep the host names."""

    def __init__(self, inner: httpx.BaseTransport, connect: str) -> None:
        self._inner = inner
        self._host, _, port = connect.rpartition(":")
        self._port = int(port)

    @override
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        rerouted = httpx.Request(
            request.method,
            request.url.copy_with(host=self._host, port=self._port),
            headers=request.headers,  # they name the wanted host
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": request.url.host},
        )
        return self._inner.handle_request(rerouted)

    @override
    def close(self) -> None:
        self._inner.close()


def _read(answer: httpx.Response, deadline: float) -> str:
    parts: list[bytes] = []
    size = 0
    for part in answer.iter_bytes():
        size += len(part)
        if size > MAX_ANSWER_BYTES:
            raise CallFailed(f"{answer.request.method} {answer.url} answered more than 1 MiB.")
        if time.monotonic() > deadline:
            raise CallFailed(f"{answer.request.method} {answer.url} took too long to answer.")
        parts.append(part)
    return b"".join(parts).decode("utf-8", errors="replace")
