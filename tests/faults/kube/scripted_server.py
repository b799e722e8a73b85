"""An API server that sends exactly the bytes that a test gives it, over plain HTTP."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

Answer = Callable[[socket.socket], None]


@dataclass
class ScriptedServer:
    """A server that answers one request with each entry of ``script``, and all further ones with the last entry."""

    script: deque[Answer] = field(default_factory=deque)
    requests: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._closing = False
        self._last: Answer = status(500)
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        self._closing = True
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._open):
            connection.close()
        self._thread.join()

    def _accept(self) -> None:
        while not self._closing:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.add(connection)
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            while (head := self._head(connection)) is not None:
                self.heads.append(head.decode())
                self.requests.append(head.split(b"\r\n", 1)[0].decode())
                if self.script:
                    self._last = self.script.popleft()
                self._last(connection)
        except OSError:
            pass
        finally:
            connection.close()

    def _head(self, connection: socket.socket) -> bytes | None:
        received = b""
        while b"\r\n\r\n" not in received:
            piece = connection.recv(65536)
            if not piece:
                return None
            received += piece
        head, _, body = received.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        while length is not None and len(body) < int(length.group(1)):
            body += connection.recv(65536)
        return head


def answer(document: object, *, code: int = 200, headers: str = "") -> Answer:
    body = json.dumps(document).encode()

    def send(connection: socket.socket) -> None:
        head = f"HTTP/1.1 {code} X\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
        connection.sendall(head.encode() + body)

    return send


def status(code: int, reason: str = "", message: str = "", headers: str = "") -> Answer:
    document = {"kind": "Status", "code": code, "reason": reason, "message": message}
    return answer(document, code=code, headers=headers)


def listing(*objects: object, version: str = "10", following: str = "") -> Answer:
    metadata = {"resourceVersion": version, "continue": following}
    return answer({"kind": "List", "metadata": metadata, "items": list(objects)})


def stream(*pieces: bytes, end: Callable[[socket.socket], None] | None = None) -> Answer:
    """Send these pieces as chunks, and then end the response properly, or call ``end`` instead."""

    def send(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for piece in pieces:
            connection.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        if end is None:
            connection.sendall(b"0\r\n\r\n")
        else:
            end(connection)

    return send


def event(kind: str, name: str, version: int) -> bytes:
    found = {"metadata": {"name": name, "resourceVersion": str(version)}}
    return json.dumps({"type": kind, "object": found}).encode() + b"\n"


def hang(connection: socket.socket) -> None:
    """Send nothing more until the other side disconnects."""
    while connection.recv(65536):
        pass


def drop(connection: socket.socket) -> None:
    """Close the connection in the middle of the response."""
    connection.shutdown(socket.SHUT_RDWR)
