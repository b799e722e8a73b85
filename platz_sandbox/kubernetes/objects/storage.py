"""The state on disk: one SQLite file for all clusters.

Invariant: a change is on disk before a client sees it (write-ahead log, one transaction for each change), so the
process may be killed at any moment. Only one process opens the file.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

_SCHEMA = """
create table if not exists objects (
    cluster text not null, resource text not null, namespace text not null, name text not null,
    version integer not null, body blob not null,
    primary key (cluster, resource, namespace, name)
) without rowid;
create table if not exists versions (cluster text primary key, version integer not null) without rowid;
create table if not exists tokens (
    cluster text not null, token text not null, expires_at real, primary key (cluster, token)
) without rowid;
create table if not exists applications (
    cluster text not null, namespace text not null, key text not null, value blob not null,
    primary key (cluster, namespace, key)
) without rowid;
"""


class Storage:
    """The SQLite file, with methods for each kind of stored data."""

    def __init__(self, path: Path) -> None:
        """Open or create the file; raise `sqlite3.Error` when it can't be used."""
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("pragma journal_mode = wal")
        self._connection.execute(
            "pragma synchronous = normal"
        )  # a killed process loses nothing; a power failure may
        self._connection.executescript(_SCHEMA)

    def close(self) -> None:
        """Merge the log into the file and close it."""
        self._connection.close()

    def last_version(self, cluster: str) -> int:
        """Return the highest resource version that the cluster ever used; 0 for a new cluster."""
        row = self._connection.execute(
            "select version from versions where cluster = ?", (cluster,)
        ).fetchone()
        return int(row[0]) if row else 0

    def bodies(self, cluster: str) -> Iterator[tuple[str, int, bytes]]:
        """Yield (resource, version, body) of every object."""
        statement = "select resource, version, body from objects where cluster = ?"
        yield from self._connection.execute(statement, (cluster,))

    def save(
        self, *, cluster: str, resource: str, namespace: str, name: str, version: int, body: bytes
    ) -> None:
        """Write an object and its version, in one transaction."""
        self._connection.execute("begin immediate")
        try:
            statement = "insert or replace into objects values (?, ?, ?, ?, ?, ?)"
            self._connection.execute(statement, (cluster, resource, namespace, name, version, body))
            self._mark(cluster, version)
        except BaseException:
            self._connection.execute("rollback")
            raise
        self._connection.execute("commit")

    def remove(self, *, cluster: str, resource: str, namespace: str, name: str, version: int) -> None:
        """Remove an object; the removal has a version too."""
        self._connection.execute("begin immediate")
        try:
            statement = (
                "delete from objects where cluster = ? and resource = ? and namespace = ? and name = ?"
            )
            self._connection.execute(statement, (cluster, resource, namespace, name))
            self._mark(cluster, version)
        except BaseException:
            self._connection.execute("rollback")
            raise
        self._connection.execute("commit")

    def _mark(self, cluster: str, version: int) -> None:
        self._connection.execute("insert or replace into versions values (?, ?)", (cluster, version))

    def tokens(self, cluster: str) -> list[tuple[str, float | None]]:
        """Return the cluster's bearer tokens, each with the Unix time when it expires, or None."""
        statement = "select token, expires_at from tokens where cluster = ?"
        return list(self._connection.execute(statement, (cluster,)))

    def save_token(self, cluster: str, token: str, expires_at: float | None) -> None:
        """Store a bearer token."""
        self._connection.execute(
            "insert or replace into tokens values (?, ?, ?)", (cluster, token, expires_at)
        )

    def remove_token(self, cluster: str, token: str) -> None:
        """Remove a bearer token."""
        self._connection.execute("delete from tokens where cluster = ? and token = ?", (cluster, token))

    def application_state(self, cluster: str, namespace: str, key: str) -> bytes | None:
        """Return the memory of a demo application, or None."""
        statement = "select value from applications where cluster = ? and namespace = ? and key = ?"
        row = self._connection.execute(statement, (cluster, namespace, key)).fetchone()
        return bytes(row[0]) if row else None

    def save_application_state(self, cluster: str, namespace: str, key: str, value: bytes) -> None:
        """Store the memory of a demo application."""
        statement = "insert or replace into applications values (?, ?, ?, ?)"
        self._connection.execute(statement, (cluster, namespace, key, value))

    def forget_applications(self, cluster: str, namespace: str) -> None:
        """Remove the memory of a namespace's applications."""
        statement = "delete from applications where cluster = ? and namespace = ?"
        self._connection.execute(statement, (cluster, namespace))
