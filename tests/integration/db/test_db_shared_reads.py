"""Reads that share a connection: one for all of a block, none before the first, each thread its own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection

from platz.db.database import Database


def process_of(connection: Connection) -> int:
    """The server's process that answers this connection."""
    return connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()


def in_use(database: Database) -> int:
    figures = database.pool_statistics()
    return figures.connections - figures.idle_connections


def test_reads_of_a_block_share_one_connection(database: Database) -> None:
    with database.reading_once():
        with database.reading() as first, database.reading() as second:
            assert process_of(first) == process_of(second)
        with database.reading() as third:
            assert third is first
    assert in_use(database) == 0


def test_nothing_is_taken_before_the_first_read(database: Database) -> None:
    with database.reading_once():
        assert in_use(database) == 0
        with database.reading():
            assert in_use(database) == 1
        assert in_use(database) == 1


def test_after_the_block_each_read_has_its_own(database: Database) -> None:
    with database.reading_once(), database.reading():
        pass
    with database.reading() as first, database.reading() as second:
        assert process_of(first) != process_of(second)


def test_another_thread_does_not_share(database: Database) -> None:
    def read() -> int:
        with database.reading() as connection:
            return process_of(connection)

    with database.reading_once(), database.reading() as mine, ThreadPoolExecutor(1) as thread:
        assert thread.submit(read).result() != process_of(mine)


def test_a_block_within_a_block_shares_the_outer_one_s(database: Database) -> None:
    with database.reading_once(), database.reading() as outer:
        with database.reading_once(), database.reading() as inner:
            assert inner is outer
        assert in_use(database) == 1


def test_a_failure_gives_the_connection_back(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.reading_once(), database.reading():
        raise ZeroDivisionError
    assert in_use(database) == 0
