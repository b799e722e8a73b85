"""The detection of a database's schema, before anything in it is changed.

Invariant: a database counts as Platz's only when it has the version table of these migrations, or that of the former
Platz server together with its tables.
"""

from __future__ import annotations

from enum import Enum, auto

from sqlalchemy import Connection, text

from platz.db.schema import metadata
from platz.errors import PlatzError

OUR_VERSIONS = "alembic_version"
OUR_PREFIX = "platz_"
OLD_VERSIONS = "__diesel_schema_migrations"
ADOPTABLE_VERSIONS = ("20260613184500", "20260509120000")
"""The last two versions of the former server; they differ only in a trigger, which is dropped anyway."""


class NotAPlatzDatabase(PlatzError):
    """The database is not empty and does not belong to Platz; give Platz a database of its own."""


class TooOldToAdopt(PlatzError):
    """The database belongs to a version of Platz that is too old to be adopted."""


class NewerSchema(PlatzError):
    """The database was changed by a newer version of Platz; start that version instead."""


class SchemaOrigin(Enum):
    """The origin of a database's schema."""

    EMPTY = auto()
    OLD_PLATZ = auto()
    OURS = auto()


def detect_origin(connection: Connection) -> SchemaOrigin:
    """Return the origin of the database's schema.

    Raises `NotAPlatzDatabase`, or `TooOldToAdopt` for another version of the former server than the adoptable ones.
    """
    tables = _tables(connection)
    if OUR_VERSIONS in tables and (version := our_version(connection)) is not None:
        if not version.startswith(OUR_PREFIX):
            raise NotAPlatzDatabase
        return SchemaOrigin.OURS
    if OLD_VERSIONS in tables and set(metadata.tables) <= tables:
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


def _check_old_version(connection: Connection) -> None:
    version = connection.execute(text(f"SELECT max(version) FROM {OLD_VERSIONS}")).scalar()  # noqa: S608 - a constant
    if version not in ADOPTABLE_VERSIONS:
        raise TooOldToAdopt(
            f"The database is at version {version} of the former Platz server; "
            f"bring it to version {ADOPTABLE_VERSIONS[0]} with that server first."
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
