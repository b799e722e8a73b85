"""Poolers in front of PostgreSQL: PgBouncer where it is installed, and a stand-in that lends sessions like it."""

from __future__ import annotations

import os
import queue
import shutil
import socket
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import psycopg
from database import free_port
from psycopg.conninfo import make_conninfo
from waiting import eventually

from platz.db.address import DatabaseAddress, TlsMode, connection_parameters

SSL_REQUEST, GSS_REQUEST, CANCEL_REQUEST = 80877103, 80877104, 80877102
GREETING = (
    b"R"
    + struct.pack("!ii", 8, 0)
    + b"".join(
        b"S" + struct.pack("!i", 4 + len(pair)) + pair
        for pair in (b"server_version\x0016.0\x00", b"client_encoding\x00UTF8\x00", b"TimeZone\x00UTC\x00")
    )
    + b"K"
    + struct.pack("!iii", 12, 1, 1)
    + b"Z"
    + struct.pack("!ic", 5, b"I")
)
Pooler = Callable[..., AbstractContextManager[DatabaseAddress]]


def driver_connection(address: DatabaseAddress) -> psycopg.Connection[object]:
    parameters = connection_parameters(address, application_name="pooler", connect_timeout=5)
    return psycopg.connect(make_conninfo(**parameters), autocommit=True)


class Lender:
    """A pooler by transaction: each transaction of a client gets one of a few sessions, the last returned one first."""

    def __init__(self, server: DatabaseAddress, sessions: int) -> None:
        self._kept = [driver_connection(server) for _ in range(sessions)]
        self._free: queue.LifoQueue[socket.socket] = queue.LifoQueue()
        for connection in self._kept:
            self._free.put(socket.socket(fileno=os.dup(connection.fileno())))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._clients: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for client in self._clients:
            with suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
        while not self._free.empty():
            self._free.get().close()
        for connection in self._kept:
            connection.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._clients.append(client)
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        session: socket.socket | None = None
        with suppress(OSError, EOFError), client:
            if not greeted(client):
                return
            while (kind := peek(client)) != b"X":
                session = session or self._borrow()
                session.sendall(message(client))
                if kind in (b"Q", b"S") and relay_until_ready(session, client):
                    self._free.put(session)
                    session = None
        if session is not None:
            self._free.put(session)

    def _borrow(self) -> socket.socket:
        session = self._free.get(timeout=10)
        session.setblocking(False)
        with suppress(BlockingIOError):
            while session.recv(65536):  # what the session was told while nobody had it is lost
                pass
        session.setblocking(True)
        return session


def greeted(client: socket.socket) -> bool:
    """Answer the start of a connection; refuse options, as PgBouncer does."""
    while True:
        (length,) = struct.unpack("!i", exactly(client, 4))
        body = exactly(client, length - 4)
        (code,) = struct.unpack("!i", body[:4])
        if code in (SSL_REQUEST, GSS_REQUEST):
            client.sendall(b"N")
        elif code == CANCEL_REQUEST:
            return False
        elif b"\x00options\x00" in body:
            text = b"SFATAL\x00C08P01\x00Munsupported startup parameter: options\x00\x00"
            client.sendall(b"E" + struct.pack("!i", 4 + len(text)) + text)
            return False
        else:
            client.sendall(GREETING)
            return True


def relay_until_ready(session: socket.socket, client: socket.socket) -> bool:
    """Pass on an answer; return whether no transaction is open behind it."""
    while True:
        answer = message(session)
        client.sendall(answer)
        if answer[:1] == b"Z":
            return answer[5:6] == b"I"


def message(line: socket.socket) -> bytes:
    head = exactly(line, 5)
    (length,) = struct.unpack("!i", head[1:])
    return head + exactly(line, length - 4)


def peek(line: socket.socket) -> bytes:
    kind = line.recv(1, socket.MSG_PEEK)
    if not kind:
        raise EOFError
    return kind


def exactly(line: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        part = line.recv(count - len(found))
        if not part:
            raise EOFError
        found += part
    return found


@contextmanager
def lender(server: DatabaseAddress, *, sessions: int, folder: Path) -> Iterator[DatabaseAddress]:
    """Run the stand-in; ``folder`` is only for what needs files."""
    assert folder.is_dir()
    running = Lender(server, sessions)
    try:
        yield replace(server, host="127.0.0.1", port=running.port, tls=TlsMode.DISABLE)
    finally:
        running.close()


@contextmanager
def pgbouncer(
    server: DatabaseAddress, *, sessions: int, folder: Path, mode: str = "transaction"
) -> Iterator[DatabaseAddress]:
    """Run PgBouncer; it refuses to run as root, so then as nobody."""
    port = free_port()
    config = folder / "pgbouncer.ini"
    config.write_text(f"""
        [databases]
        * = host={server.host} port={server.port} user={server.user} password={server.password}
        [pgbouncer]
        listen_addr = 127.0.0.1
        listen_port = {port}
        unix_socket_dir =
        auth_type = any
        pool_mode = {mode}
        default_pool_size = {sessions}
    """)
    for each in (folder, *list(folder.parents)[:3]):
        each.chmod(0o755)
    program = shutil.which("pgbouncer")
    assert program is not None
    as_nobody = ["-u", "nobody"] if os.geteuid() == 0 else []
    log = (folder / "pgbouncer.log").open("wb")
    process = subprocess.Popen([program, *as_nobody, str(config)], stdout=log, stderr=log)
    address = replace(server, host="127.0.0.1", port=port, tls=TlsMode.DISABLE)
    try:
        eventually(lambda: answers(address))
        yield address
    finally:
        process.terminate()
        process.wait()
        log.close()


def answers(address: DatabaseAddress) -> bool:
    with suppress(psycopg.OperationalError):
        driver_connection(address).close()
        return True
    return False


POOLERS: dict[str, Pooler] = {"stand-in": lender}
if shutil.which("pgbouncer"):
    POOLERS["PgBouncer"] = pgbouncer
