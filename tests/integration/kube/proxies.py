"""Two small proxies that lead every destination to one port of this machine, and note what they were asked for."""

from __future__ import annotations

import socket
import socketserver
import threading
from abc import ABC, abstractmethod
from typing import ClassVar

from typing_extensions import override


class Proxy(socketserver.ThreadingTCPServer):
    """Serves one kind of proxy protocol until `close`."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, scheme: str, destination: int) -> None:
        super().__init__(("127.0.0.1", 0), _HANDLERS[scheme])
        self.destination = destination
        self.asked: list[str] = []
        self.url = f"{scheme}://127.0.0.1:{self.server_address[1]}"
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join()


class _Handler(socketserver.StreamRequestHandler, ABC):
    server: Proxy  # type: ignore[assignment]
    accepted: ClassVar[bytes]

    @override
    def handle(self) -> None:
        self.server.asked.append(self.destination())
        with socket.create_connection(("127.0.0.1", self.server.destination)) as onward:
            self.wfile.write(self.accepted)
            back = threading.Thread(target=_copy, args=(onward, self.connection))
            back.start()
            _copy(self.connection, onward)
            back.join()

    @abstractmethod
    def destination(self) -> str:
        """Read what the client asks for; return the place that it wants to reach."""


class _HttpHandler(_Handler):
    """CONNECT, RFC 9110 section 9.3.6."""

    accepted = b"HTTP/1.1 200 Connection established\r\n\r\n"

    @override
    def destination(self) -> str:
        method, target, _ = self.rfile.readline().decode().split()
        while self.rfile.readline().strip():
            continue
        assert method == "CONNECT"
        return target


class _SocksHandler(_Handler):
    """SOCKS 5 without authentication, with the name resolved by the proxy (RFC 1928)."""

    accepted = b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x00"

    @override
    def destination(self) -> str:
        _, methods = self.rfile.read(2)
        self.rfile.read(methods)
        self.wfile.write(b"\x05\x00")
        *_, kind = self.rfile.read(4)
        assert kind == 3, "a domain name"
        name = self.rfile.read(self.rfile.read(1)[0]).decode()
        return f"{name}:{int.from_bytes(self.rfile.read(2), 'big')}"


_HANDLERS = {"http": _HttpHandler, "socks5h": _SocksHandler}


def _copy(source: socket.socket, sink: socket.socket) -> None:
    try:
        while piece := source.recv(1 << 16):
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        return  # one side is gone
