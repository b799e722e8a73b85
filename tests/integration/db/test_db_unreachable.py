"""The sentence that a person reads when the first connection fails."""

from __future__ import annotations

import socket
import threading
from dataclasses import replace

import pytest
from database import PostgresServer, free_port

from platz.db.address import DatabaseAddress
from platz.db.database import Database
from platz.db.unreachable import DatabaseUnreachable


def why(address: DatabaseAddress) -> str:
    with pytest.raises(DatabaseUnreachable) as caught:
        Database(address).check()
    assert address.password not in caught.value.message.replace("user postgres", "")
    return caught.value.message


def test_a_database_that_answers_is_no_error(postgres: PostgresServer) -> None:
    Database(replace(postgres.address, database="postgres")).check()


def test_nothing_listens(postgres: PostgresServer) -> None:
    address = replace(postgres.address, port=free_port())
    assert why(address) == (
        f"Can't use the database platz at 127.0.0.1:{address.port}: nothing listens there."
    )


def test_no_such_database(postgres: PostgresServer) -> None:
    assert why(replace(postgres.address, database="nowhere")).endswith("the server has no database nowhere.")


def test_a_wrong_password(postgres: PostgresServer) -> None:
    assert why(replace(postgres.address, password="guess")).endswith(
        "it refuses user postgres or the password."
    )


def test_a_missing_password(postgres: PostgresServer) -> None:
    with pytest.raises(DatabaseUnreachable, match="refuses user postgres or the password"):
        Database(replace(postgres.address, password="")).check()


def test_no_such_host(postgres: PostgresServer) -> None:
    assert why(replace(postgres.address, host="no-such-host.invalid")).endswith("the host name is unknown.")


def test_something_else_listens(postgres: PostgresServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:

        def hang_up() -> None:
            line, _ = other.accept()
            line.recv(8)
            line.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        sentence = why(replace(postgres.address, port=other.getsockname()[1]))
        thread.join()
    assert sentence.endswith("what listens there closes the connection.")
