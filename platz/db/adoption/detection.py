"""The detection of a database's schema, before anything in it is changed.

Invariant: a database counts as Platz's only when it has the version table of these migrations, or that of the former
Platz server. One with that table is never called somebody else's: what it lacks is named instead.
"""

from __future__ import annotations

from enum import Enum, auto

from sqlalchemy import Connection, text

from platz.db.adoption import former_schema
from platz.errors import PlatzError

OUR_VERSIONS = "alembic_version"
OUR_PREFIX = "platz_"
OLD_VERSIONS = former_schema.VERSION_TABLE


class NotAPlatzDatabase(PlatzError):
    """The database is not empty and does not belong to Platz; give Platz a database of its own."""


class CannotBeAdopted(PlatzError):
    """The database belongs to a version of the former Platz server that can't be adopted."""


class NewerSchema(PlatzError):
    """The database was changed by a newer version of Platz; start that version instead."""


class SchemaOrigin(Enum):
    """The origin of a database's schema."""

    EMPTY = auto()
    OLD_PLATZ = auto()
    OURS = auto()


def detect_origin(connection: Connection) -> SchemaOrigin:
    """Return the origin of the database's schema.

    Raises `NotAPlatzDatabase`, or `CannotBeAdopted` for a version of the former server that is too old or too new.
    """
    tables = _tables(connection)
    if OUR_VERSIONS in tables and (version := our_version(connection)) is not None:
        if not version.startswith(OUR_PREFIX):
            raise NotAPlatzDatabase
        return SchemaOrigin.OURS
    if OLD_VERSIONS in tables:
        _check_old_version(connection)
        return SchemaOrigin.OLD_PLATZ
    if tables - {OUR_VERSIONS}:
        raise NotAPlatzDatabase
    return SchemaOrigin.EMPTY


def our_version(connection: Connection) -> str | None:
    """Return the version that these migrations recorded, or None when there is none."""
    return connection.execute(text(f"SELECT max(version_num) FROM {OUR_VERSIONS}")).scalar()  # noqa: S608 - a constant


def check_not_newer(connection: Connection, known: frozenset[str]) -> None:
    """Raise `NewerSchema` when the database's version is not among ``known``."""
    if our_version(connection) not in known:
        raise NewerSchema


def check_complete(connection: Connection) -> None:
    """Raise `CannotBeAdopted` when a former database lacks something that its adoption does not add."""
    if missing := former_schema.missing_pieces(connection):
        raise CannotBeAdopted(
            f"The database is at version {old_version(connection)} of the former Platz server, but lacks"
            f" {', '.join(missing[:5])}; restore it from a backup, or {USE_NEWEST_RELEASE}."
        )


def old_version(connection: Connection) -> str | None:
    """Return the last version that the former server recorded, or None when there is none."""
    query = f"SELECT version FROM {OLD_VERSIONS} ORDER BY left(version, 14) DESC, version DESC LIMIT 1"  # noqa: S608 - a constant
    return connection.execute(text(query)).scalar()


USE_NEWEST_RELEASE = (
    f"start release {former_schema.NEWEST_RELEASE} of that server with it once, which brings it to version"
    f" {former_schema.RELEASED_VERSION}, and then Platz"
)


def _check_old_version(connection: Connection) -> None:
    version = old_version(connection)
    if version is None:
        raise CannotBeAdopted(
            f"The database has the migration table of the former Platz server, but no version in it;"
            f" {USE_NEWEST_RELEASE}."
        )
    if former_schema.is_older(version, former_schema.OLDEST_ADOPTABLE):
        raise CannotBeAdopted(
            f"The database is at version {version} of the former Platz server, which is too old;"
            f" {USE_NEWEST_RELEASE}."
        )
    if former_schema.is_older(former_schema.NEWEST_VERSION, version):
        raise CannotBeAdopted(
            f"The database is at version {version} of the former Platz server, which is newer than this Platz"
            f" knows (it knows {former_schema.NEWEST_VERSION}); use a newer version of Platz."
        )


def _tables(connection: Connection) -> set[str]:
    """Return the names of all tables and views, except those of the system and of extensions."""
    rows = connection.execute(
        text("""
            SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
              AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
              AND NOT EXISTS (
                SELECT FROM pg_depend d
                WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
        """)
    )
    return {row.relname for row in rows}
