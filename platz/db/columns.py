"""The kinds of column and check from which `schema.py` builds its tables.

Invariant: each kind of column is declared in one way, so that ids, times, flags and JSON behave alike everywhere.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    String,
    Uuid,
    false,
    func,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB

from platz.db.enums import EnumColumn

EMPTY_OBJECT = text("'{}'::jsonb")


def generated_id() -> Column[UUID]:
    """A primary key that PostgreSQL generates at random."""
    return Column("id", Uuid, primary_key=True, server_default=func.gen_random_uuid())


def given_id() -> Column[UUID]:
    """A primary key without a default: part of a token, or the uid of a Kubernetes object."""
    return Column("id", Uuid, primary_key=True)


def moment(name: str, *, nullable: bool = False, default: bool = True) -> Column[Any]:
    """A point in time (microseconds, UTC); the default is now, unless the column is nullable."""
    now = func.now() if default and not nullable else None
    return Column(name, DateTime(timezone=True), nullable=nullable, server_default=now)


def string(name: str, *, nullable: bool = False, default: str | None = None) -> Column[Any]:
    """Text of any length."""
    return Column(name, String, nullable=nullable, server_default=default)


def flag(name: str, *, default: bool) -> Column[bool]:
    """A boolean, never NULL, because readers could not decode NULL."""
    return Column(name, Boolean, nullable=False, server_default=true() if default else false())


def json_document(name: str, *, nullable: bool = False, default: bool = True) -> Column[Any]:
    """A JSON document; Python's None is stored as SQL's NULL in a nullable column, else as JSON's null."""
    empty = EMPTY_OBJECT if default and not nullable else None
    return Column(name, JSONB(none_as_null=nullable), nullable=nullable, server_default=empty)


def reference(
    name: str,
    target: str,
    *,
    nullable: bool = False,
    on_delete: str | None = None,
    later: bool = False,
    is_key: bool = False,
) -> Column[Any]:
    """A foreign key; with ``later`` it is added after both tables exist, because deployments and deployment_tasks
    refer to each other; with ``is_key`` it is the primary key, too.
    """
    key = ForeignKey(f"{target}.id", ondelete=on_delete, use_alter=later)
    return Column(name, Uuid, key, nullable=nullable, primary_key=is_key)


def word(name: str, words: type[StrEnum], *, default: str | None = None) -> Column[Any]:
    """A text column that holds one of ``words``."""
    return Column(name, EnumColumn(words), nullable=False, server_default=default)


def enum_check(column: str, words: type[StrEnum]) -> CheckConstraint:
    """The check constraint for a `word` column, so that nothing is stored that readers can't decode."""
    listed = ", ".join(f"'{word.value}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_is_known")
