"""The connections to one API server: TLS from memory, keepalives, and a way to end them all at once.

Invariant: no certificate or key is ever written to disk, and after `SocketRegister.cut` no thread waits on a
socket of these connections any more.
"""

from __future__ import annotations

import os
import socket
import ssl
import threading
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, cast

import urllib3
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

from platz.errors import Rejected
from platz.json import JsonObject
from platz.kube.cluster_access import ClusterAccess
from platz.kube.credentials import ClientCertificate

if TYPE_CHECKING:
    from kubernetes.client import ApiClient
    from kubernetes.client.rest import RESTResponse

_LOADING = threading.Lock()
"""Held while the official client is loaded: its modules load each other on demand, which two threads at once break."""
_NEVER_BY_PROXY = "localhost,127.0.0.0/8,::1"  # as every Go client, and so kubectl and Helm
_KEEPALIVE = [
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 15),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
]


class SocketRegister:
    """The open sockets of a client, so that another thread can end them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._cut = False

    def add(self, opened: socket.socket) -> None:
        """Remember a socket; one that is opened after the cut is cut at once."""
        with self._lock:
            self._sockets.add(opened)
            if self._cut:
                _shut(opened)

    def cut(self) -> None:
        """Shut every socket down: a thread that reads from one gets an end of file now."""
        with self._lock:
            self._cut = True
            for opened in self._sockets:
                _shut(opened)


def _shut(opened: socket.socket) -> None:
    # Not SSLSocket.shutdown: that one swaps the TLS object away under a thread that reads through it.
    try:
        socket.socket.shutdown(opened, socket.SHUT_RDWR)
    except OSError:
        return  # closed by its own thread a moment ago


class _Registered(HTTPConnection):
    """A connection of any kind that adds its socket to a register."""

    register: ClassVar[SocketRegister]

    def connect(self) -> None:
        super().connect()
        self.is_verified = True  # the kubeconfig decides whether it is; urllib3 would warn at every request
        if isinstance(self.sock, socket.socket):
            self.register.add(self.sock)


class Connections:
    """The pooled connections of one client to one cluster, with one client certificate or none.

    The official client sends the requests. It leaves redirects and repetitions to the caller, as it is set here.
    """

    def __init__(
        self, access: ClusterAccess, *, certificate: ClientCertificate | None, register: SocketRegister
    ) -> None:
        """Raises `Rejected` when the cluster's CA or the client certificate cannot be read."""
        self.certificate = certificate
        self._client = _api_client(access).rest_client
        pools = self._client.pool_manager
        pools.connection_pool_kw["ssl_context"] = tls_context(access, certificate)
        pools.pool_classes_by_scheme = _registering(pools.pool_classes_by_scheme, register)

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: JsonObject | None,
        timeout: tuple[float, float],
    ) -> urllib3.BaseHTTPResponse:
        """Send a request and return its response with the body unread; raise urllib3's errors.

        ``timeout`` is the connect and the read timeout, in seconds.
        """
        from kubernetes.client.exceptions import ApiException

        try:
            sent = cast(
                "object",
                self._client.request(  # pyright: ignore[reportUnknownMemberType]
                    method, url, headers=dict(headers), body=body, _request_timeout=timeout
                ),
            )
        except ApiException as error:  # what the official client makes of an SSLError
            raise error.__context__ or error from error
        return cast("RESTResponse", sent).response


def _api_client(access: ClusterAccess) -> ApiClient:
    """Return the official client; a proxy of the environment serves clusters without one of their own."""
    with _LOADING:
        from kubernetes.client import ApiClient, Configuration

    configuration = Configuration(
        host=access.server,
        verify_ssl=access.verify,
        tls_server_name=access.tls_server_name,
        proxy=access.proxy_url,
        no_proxy="" if access.proxy_url else None,
        socket_options=_KEEPALIVE,
        connection_pool_maxsize=8,
    )
    configuration.retries = False
    if not access.proxy_url:
        configuration.no_proxy = f"{configuration.no_proxy or ''},{_NEVER_BY_PROXY}"
    return ApiClient(configuration)


def _registering(
    pools: Mapping[str, type[HTTPConnectionPool]], register: SocketRegister
) -> dict[str, type[HTTPConnectionPool]]:
    """Return these pool classes with connections that add their sockets to ``register``; urllib3 takes classes."""
    return {scheme: _registering_pool(pool, register) for scheme, pool in pools.items()}


def _registering_pool(pool: type[HTTPConnectionPool], register: SocketRegister) -> type[HTTPConnectionPool]:
    connection = type("Connection", (_Registered, pool.ConnectionCls), {"register": register})
    return type("Pool", (pool,), {"ConnectionCls": connection})


def tls_context(access: ClusterAccess, certificate: ClientCertificate | None) -> ssl.SSLContext:
    """Return the TLS settings for a cluster. Raises `Rejected` when a certificate is not readable."""
    try:
        context = ssl.create_default_context(cadata=access.ca.decode("ascii") if access.ca else None)
        if not access.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if certificate is not None:
            _load_from_memory(context, certificate)
    except (ssl.SSLError, ValueError) as error:
        raise Rejected(f"The certificates for cluster {access.name} cannot be read.") from error
    return context


def _load_from_memory(context: ssl.SSLContext, certificate: ClientCertificate) -> None:
    """Load the key from a file in memory: Python's `ssl` only takes a path."""
    descriptor = os.memfd_create("client-certificate", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, certificate.certificate.rstrip() + b"\n" + certificate.key)
        context.load_cert_chain(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)
