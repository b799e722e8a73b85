"""A TCP relay between a client and a server that can be cut, silenced and closed to new connections."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Relay:
    """A relay that forwards every connection to the server while it is neither silent nor cut."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._lines: list[socket.socket] = []
        self._flowing = threading.Event()
        self._flowing.set()
        self._refusing = False
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def cut(self) -> None:
        """End every connection, as a restart of the server does."""
        lines, self._lines = self._lines, []
        for line in lines:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()

    def silence(self) -> None:
        """Keep every connection but forward nothing, as a hanging server or network does."""
        self._flowing.clear()

    def resume(self) -> None:
        """Forward again, including the bytes that were held back."""
        self._flowing.set()

    def refuse(self, *, refusing: bool = True) -> None:
        """Close every new connection at once, or stop doing so."""
        self._refusing = refusing

    def close(self) -> None:
        """Stop listening and end every connection."""
        self.resume()
        self._refusing = True
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # ends the accept that is under way
        self._listener.close()
        self._thread.join()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self._refusing:
                near.close()
                continue
            far = socket.create_connection(self._server)
            self._lines += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._forward, args=(source, sink), daemon=True).start()

    def _forward(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                self._flowing.wait()
                sink.sendall(data)
        for line in (source, sink):
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)


@contextmanager
def relayed(host: str, port: int) -> Iterator[Relay]:
    """Run a relay for the duration of the block."""
    relay = Relay(host, port)
    try:
        yield relay
    finally:
        relay.close()
