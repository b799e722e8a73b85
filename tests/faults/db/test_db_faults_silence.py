"""Given a server that hangs but keeps its connections, when a statement waits, then it ends with one clear error."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, text
from tcp_relay import Relay

from platz.db import database as database_module
from platz.db import schema
from platz.db.database import Database
from platz.errors import Retryable

PATIENCE_SECONDS = 0.3


@pytest.fixture
def impatient(fragile: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """The fragile database, with connections that wait only for a moment."""
    grace = PATIENCE_SECONDS - fragile.limits.statement_timeout
    monkeypatch.setattr(database_module, "STATEMENT_GRACE_SECONDS", grace)
    return fragile


def ask(database: Database) -> None:
    with database.reading() as connection:
        connection.execute(text("SELECT 1"))


def write_while(database: Database, relay: Relay) -> None:
    with database.transaction() as connection:
        connection.execute(insert(schema.bots).values(display_name="b"))
        relay.silence()
        connection.execute(insert(schema.bots).values(display_name="c"))


def test_a_silent_server_is_a_retryable_error_and_then_a_new_connection(
    impatient: Database, relay: Relay
) -> None:
    ask(impatient)
    relay.silence()
    with pytest.raises(Retryable, match="connection to the database was lost"):
        ask(impatient)
    relay.resume()
    ask(impatient)
    assert impatient.pool_statistics().connections_created == 2


def test_a_server_that_falls_silent_in_a_transaction_leaves_nothing_behind(
    impatient: Database, relay: Relay, database: Database
) -> None:
    with pytest.raises(Retryable, match="connection to the database was lost"):
        write_while(impatient, relay)
    relay.resume()
    with database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM bots")).scalar_one() == 0
