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
from typing import ClassVar

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from platz.errors import Rejected
from platz.kube.cluster_access import ClusterAccess
from platz.kube.credentials import ClientCertificate

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


class _PlainConnection(HTTPConnection):
    register: ClassVar[SocketRegister]

    def connect(self) -> None:
        super().connect()
        _registered(self.sock, self.register)


class _TlsConnection(HTTPSConnection):
    register: ClassVar[SocketRegister]

    def connect(self) -> None:
        super().connect()
        self.is_verified = True  # the kubeconfig decides whether it is; urllib3 would warn at every request
        _registered(self.sock, self.register)


def _registered(opened: object, register: SocketRegister) -> None:
    if isinstance(opened, socket.socket):
        register.add(opened)


class Connections:
    """The pooled connections of one client to one cluster, with one client certificate or none."""

    def __init__(
        self, access: ClusterAccess, *, certificate: ClientCertificate | None, register: SocketRegister
    ) -> None:
        """Raises `Rejected` when the cluster's CA or the client certificate cannot be read."""
        self.certificate = certificate
        self.pool = _pool_manager(access, tls_context(access, certificate))
        self.pool.pool_classes_by_scheme = _pool_classes(register)


def _pool_classes(
    register: SocketRegister,
) -> dict[str, type[HTTPConnectionPool] | type[HTTPSConnectionPool]]:
    """Return pool classes whose connections add themselves to ``register``; urllib3 takes classes, not objects."""
    plain = type("PlainConnection", (_PlainConnection,), {"register": register})
    tls = type("TlsConnection", (_TlsConnection,), {"register": register})
    return {
        "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("TlsPool", (HTTPSConnectionPool,), {"ConnectionCls": tls}),
    }


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


def _pool_manager(access: ClusterAccess, context: ssl.SSLContext) -> urllib3.PoolManager:
    if access.proxy_url:
        return urllib3.ProxyManager(
            access.proxy_url,
            maxsize=8,
            ssl_context=context,
            server_hostname=access.tls_server_name,
            assert_hostname=access.tls_server_name,
            socket_options=_KEEPALIVE,
        )
    return urllib3.PoolManager(
        maxsize=8,
        ssl_context=context,
        server_hostname=access.tls_server_name,
        assert_hostname=access.tls_server_name,
        socket_options=_KEEPALIVE,
    )
