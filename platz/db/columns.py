"""The kinds of column and check that `schema.py` composes its tables of.

Invariant: one way to write each kind of column, so that ids, moments, flags and JSON behave alike everywhere.
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
    """An id that PostgreSQL draws at random."""
    return Column("id", Uuid, primary_key=True, server_default=func.gen_random_uuid())


def given_id() -> Column[UUID]:
    """An id without a default: it is part of a token, or it is the uid of a Kubernetes object."""
    return Column("id", Uuid, primary_key=True)


def moment(name: str, *, nullable: bool = False, default: bool = True) -> Column[Any]:
    """A point in time, microseconds, UTC; now by default unless it may be absent."""
    now = func.now() if default and not nullable else None
    return Column(name, DateTime(timezone=True), nullable=nullable, server_default=now)


def string(name: str, *, nullable: bool = False, default: str | None = None) -> Column[Any]:
    """Text of any length."""
    return Column(name, String, nullable=nullable, server_default=default)


def flag(name: str, *, default: bool) -> Column[bool]:
    """A truth value; never NULL, which readers could not decode."""
    return Column(name, Boolean, nullable=False, server_default=true() if default else false())


def json_document(name: str, *, nullable: bool = False, default: bool = True) -> Column[Any]:
    """Python's None is SQL's NULL where the column allows it, and JSON's null where it does not."""
    empty = EMPTY_OBJECT if default and not nullable else None
    return Column(name, JSONB(none_as_null=nullable), nullable=nullable, server_default=empty)


def reference(
    name: str, target: str, *, nullable: bool = False, on_delete: str | None = None, later: bool = False
) -> Column[Any]:
    """A foreign key; ``later`` breaks the circle between deployments and deployment_tasks at creation."""
    key = ForeignKey(f"{target}.id", ondelete=on_delete, use_alter=later)
    return Column(name, Uuid, key, nullable=nullable)


def word(name: str, words: type[StrEnum], *, default: str | None = None) -> Column[Any]:
    """A column that holds one of ``words``."""
    return Column(name, EnumColumn(words), nullable=False, server_default=default)


def enum_check(column: str, words: type[StrEnum]) -> CheckConstraint:
    """The check that goes with `word`, so that no writer can store what readers can not decode."""
    listed = ", ".join(f"'{word.value}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_is_known")
