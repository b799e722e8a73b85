"""Sends requests to an API server: credentials, timeouts, repetition, and a way to end them.

Invariant: a request ends with a response below 400 or with one of platz.kube.errors. A refused token is renewed
once. Requests that are safe to repeat are repeated, and so are those that the server did not act on. A token
never travels over plain http.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

import urllib3
import urllib3.exceptions as broken

from platz.backoff import Backoff
from platz.json import JsonObject
from platz.kube.api_responses import error_from_status, error_from_transport
from platz.kube.cluster_access import ClusterAccess
from platz.kube.connections import Connections, SocketRegister
from platz.kube.credentials import Credential
from platz.kube.errors import KubeAborted, KubeDenied, KubeUnreachable, KubeUntrusted
from platz.kube.stream import ByteStream

_MAX_PAUSE_SECONDS = 5.0
_BACKOFF = Backoff(first=0.4, factor=4.0, limit=_MAX_PAUSE_SECONDS, spread=(0.5, 1.5))
_HARMLESS_TWICE = frozenset({"GET", "PATCH", "DELETE"})  # Platz's patches say how an object should be
_BODY_LIMIT = 128 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class KubeTimeouts:
    """Seconds to wait for a connection, and for each read of a response."""

    connect: float = 5.0
    read: float = 30.0


@dataclass(frozen=True, kw_only=True)
class KubeRequest:
    """A request to the server; ``parameters`` is the query.

    It is made up to ``attempts`` times, as far as it may be repeated. ``read_seconds`` replaces the client's timeouts.
    """

    method: str
    path: str
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    body: JsonObject | None = field(default=None, repr=False)
    content_type: str = "application/json"
    attempts: int = 3
    read_seconds: float | None = None

    def target(self) -> str:
        """Return path and query."""
        return f"{self.path}?{urlencode(self.parameters)}" if self.parameters else self.path


class Transport:
    """Sends requests to one cluster; safe to use from many threads."""

    def __init__(self, access: ClusterAccess, timeouts: KubeTimeouts) -> None:
        """Opens no connection yet."""
        self._access = access
        self._timeouts = timeouts
        self._sockets = SocketRegister()
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._connections: Connections | None = None

    def answer(self, request: KubeRequest) -> bytes:
        """Return the body of the response, after repetitions where the request may be repeated."""
        for attempt in range(1, request.attempts + 1):
            try:
                return self._once(request)
            except KubeUnreachable as error:
                if attempt == request.attempts or not _may_repeat(request, error):
                    raise
                self.pause(max(error.retry_after, _BACKOFF.after(attempt)))
        raise AssertionError("the last attempt returns or raises")

    def stream(self, request: KubeRequest, *, idle_timeout: float) -> ByteStream:
        """Open a response without end; reading raises `StreamSilent` after ``idle_timeout`` seconds without data."""
        answer = self._send(request)
        if answer.status >= 400:
            raise self._refusal(answer)
        return ByteStream(answer, idle_timeout=idle_timeout)

    def pause(self, seconds: float) -> None:
        """Wait; raise `KubeAborted` as soon as the requests are cut."""
        if self._stopped.wait(seconds):
            raise self._aborted()

    def cut(self) -> None:
        """End every request at once, from any thread; these and later ones raise `KubeAborted`."""
        self._stopped.set()
        self._sockets.cut()

    def _once(self, request: KubeRequest) -> bytes:
        answer = self._send(request)
        if answer.status >= 400:
            raise self._refusal(answer)
        return self._body(answer)

    def _send(self, request: KubeRequest) -> urllib3.BaseHTTPResponse:
        credential = self._access.credentials.current()
        answer = self._send_as(credential, request)
        if answer.status != 401:
            return answer
        renewed = self._access.credentials.renew()
        if renewed == credential:
            return answer
        answer.drain_conn()
        return self._send_as(renewed, request)

    def _send_as(self, credential: Credential, request: KubeRequest) -> urllib3.BaseHTTPResponse:
        if self._stopped.is_set():
            raise self._aborted()
        try:
            return self._connections_for(credential).send(
                request.method,
                self._access.server + request.target(),
                headers=self._headers(credential, request),
                body=request.body,
                timeout=self._timeout_of(request),
            )
        except (broken.HTTPError, OSError) as error:
            raise self._broken(error) from error
        except ValueError:  # a line break in a header; the error's text holds the token
            raise KubeDenied(
                f"The credentials for cluster {self._access.name} hold characters that can't be sent."
            ) from None

    def _timeout_of(self, request: KubeRequest) -> tuple[float, float]:
        if request.read_seconds is not None:
            return request.read_seconds, request.read_seconds
        return self._timeouts.connect, self._timeouts.read

    def _headers(self, credential: Credential, request: KubeRequest) -> dict[str, str]:
        headers = {"Accept": "application/json", "User-Agent": "platz"}
        if request.body is not None:
            headers["Content-Type"] = request.content_type
        if credential.token is not None and self._access.server.startswith("https://"):
            headers["Authorization"] = f"Bearer {credential.token}"
        return headers

    def _connections_for(self, credential: Credential) -> Connections:
        """Return the connections for this client certificate; a new token needs no new connections."""
        with self._lock:
            present = self._connections
            if present is None or present.certificate != credential.certificate:
                present = Connections(
                    self._access, certificate=credential.certificate, register=self._sockets
                )
                self._connections = present
            return present

    def _body(self, answer: urllib3.BaseHTTPResponse) -> bytes:
        try:
            body = answer.read(_BODY_LIMIT)
            answer.drain_conn()
        except (broken.HTTPError, OSError) as error:
            raise self._broken(error) from error
        finally:
            answer.release_conn()
        return body

    def _refusal(self, answer: urllib3.BaseHTTPResponse) -> Exception:
        retry_after = answer.headers.get("Retry-After")
        return error_from_status(
            self._access.name,
            answer.status,
            self._body(answer),
            retry_after=retry_after,
            identity=self._access.identity,
        )

    def _broken(self, error: Exception) -> KubeUnreachable:
        return self._aborted() if self._stopped.is_set() else error_from_transport(self._access.name, error)

    def _aborted(self) -> KubeAborted:
        return KubeAborted(f"The connection to cluster {self._access.name} was closed by Platz.")


def _may_repeat(request: KubeRequest, error: KubeUnreachable) -> bool:
    """Tell whether to repeat the request here; a cluster that wants a long pause is left to who can wait for it."""
    if isinstance(error, KubeAborted | KubeUntrusted) or error.retry_after > _MAX_PAUSE_SECONDS:
        return False
    return error.never_started or request.method in _HARMLESS_TWICE
