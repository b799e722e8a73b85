"""Every list and every detail read of the API: one statement each, its JSON built by PostgreSQL.

Invariant: a collection is data (table, hidden columns, filters, scope, order). Statements are put together from
constants of Platz only, once for each set of filters; a list and a detail read have the same projection and the
same scope, so what a list leaves out is missing for a detail read too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Connection, DateTime, Table

from platz.db.lists.filters import Filter
from platz.db.rows import driver_row
from platz.db.tables.accounts import VISIBLE_SCOPE_SQL
from platz.errors import NotFound
from platz.identities import EnvId, Identity

SeenEnvs = frozenset[EnvId] | None
"""The environments whose rows are visible; None: all rows, those without an environment too."""

MAX_OFFSET = 2**63 - 1
"""PostgreSQL's bigint; a page that begins later is empty all the same."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Collection:
    """One collection. In its SQL, ``item`` is the row.

    ``scope`` holds for the rows of the environments ``:seen``; None: every row is open to all who are signed in.
    ``hidden`` columns never leave; ``expressions`` replace a column's own value; ``order`` is total. Documents of a
    collection that ``holds_encrypted`` may hold encrypted values, which whoever answers with them decrypts.
    """

    table: Table
    order: tuple[str, ...] = ("created_at", "id")
    scope: str | None = None
    hidden: frozenset[str] = frozenset()
    holds_encrypted: bool = False
    expressions: Mapping[str, str] = field(default_factory=dict[str, str])
    filters: Mapping[str, Filter] = field(default_factory=dict[str, Filter])

    @property
    def shown(self) -> tuple[Column[Any], ...]:
        """The columns that are the keys of an item's JSON, in order."""
        return tuple(column for column in self.table.columns if column.name not in self.hidden)


@dataclass(frozen=True, kw_only=True)
class Listing:
    """What a list is asked for; ``per_page`` is what the answer echoes."""

    page: int = 1
    per_page: int = 50
    filters: Mapping[str, object] = field(default_factory=dict[str, object])


def read_page(connection: Connection, collection: Collection, listing: Listing, *, seen: SeenEnvs) -> bytes:
    """The JSON of a page: ``page``, ``per_page``, ``items`` and the true ``num_total``."""
    given = _effective_filters(collection, listing.filters)
    statement = page_statement(collection, tuple(given), scoped=_is_scoped(collection, seen))
    bound: dict[str, object] = {
        "page": listing.page,
        "per_page": listing.per_page,
        "skipped": min((listing.page - 1) * listing.per_page, MAX_OFFSET),
        **{f"filter_{name}": collection.filters[name].bind(value) for name, value in given.items()},
    }
    return _fetch(connection, statement, _with_scope(bound, seen)) or b""


def read_item(
    connection: Connection, collection: Collection, item_id: UUID, *, shown: Mapping[str, str] | None = None
) -> bytes:
    """The JSON of one row, whoever asks; raise `NotFound` when it does not exist.

    ``shown`` are texts that stand in the answer in place of what their columns hold.
    """
    shown = shown or {}
    bound: dict[str, object] = {"id": item_id, **{f"shown_{name}": text for name, text in shown.items()}}
    item = _fetch(connection, item_statement(collection, tuple(shown)), bound)
    if item is None:
        raise NotFound
    return item


def read_item_as(
    connection: Connection, collection: Collection, item_id: UUID | None, *, caller: Identity
) -> bytes | None:
    """The JSON of one row as ``caller`` sees it; None when the caller may not sign in any more.

    Raises `NotFound` when the row does not exist or is out of scope, and for the id None. One statement finds out
    both: a second way to the database would cost as much again as all the rest of such a request.
    """
    row = driver_row(
        connection, seen_item_statement(collection, type(caller)), {"id": item_id, "caller": caller.id}
    )
    if row is None:
        return None
    if row[0] is None:
        raise NotFound
    return str(row[0]).encode()


def _fetch(connection: Connection, statement: str, bound: Mapping[str, object]) -> bytes | None:
    row = driver_row(connection, statement, bound)
    return None if row is None else str(row[0]).encode()


def _is_scoped(collection: Collection, seen: SeenEnvs) -> bool:
    return collection.scope is not None and seen is not None


def _with_scope(bound: dict[str, object], seen: SeenEnvs) -> dict[str, object]:
    return bound if seen is None else {**bound, "seen": list(seen)}


def _effective_filters(collection: Collection, asked: Mapping[str, object]) -> dict[str, object]:
    """The filters that test something, in the collection's order."""
    defaults = {
        name: known.default for name, known in collection.filters.items() if known.default is not None
    }
    values = {**defaults, **asked}
    return {
        name: values[name]
        for name, known in collection.filters.items()
        if name in values and values[name] is not known.inert
    }


@lru_cache(maxsize=1024)
def page_statement(collection: Collection, filters: tuple[str, ...], *, scoped: bool) -> str:
    """The statement of a page with these filters, for psycopg: ``%(page)s``, ``%(filter_<name>)s``, ``%(seen)s``."""
    conditions = [f"({_bound(collection.filters[name], name)})" for name in filters]
    if scoped:
        conditions.append(_in_scope(collection))
    matching = f'FROM "{collection.table.name}" item{_where(conditions)}'
    order = ", ".join(f"item.{column}" for column in collection.order)
    # The inner query takes the rows of the page before any JSON is built: those skipped cost no projection.
    return f"""
        SELECT json_build_object(
            'page', %(page)s::bigint,
            'per_page', %(per_page)s::bigint,
            'items', coalesce((
                SELECT json_agg({_projection(collection)} ORDER BY {order}) FROM (
                    SELECT item.* {matching} ORDER BY {order} LIMIT %(per_page)s::bigint OFFSET %(skipped)s::bigint
                ) item), '[]'::json),
            'num_total', (SELECT count(*) {matching}))::text
    """  # noqa: S608 (only constants of this package are put in)


@lru_cache(maxsize=256)
def item_statement(collection: Collection, shown: tuple[str, ...]) -> str:
    """The statement of the row ``%(id)s``, ``%(shown_<name>)s`` in place of those columns."""
    projection = _projection(collection, shown)
    return f'SELECT ({projection})::text FROM "{collection.table.name}" item WHERE item.id = %(id)s::uuid'  # noqa: S608


@lru_cache(maxsize=256)
def seen_item_statement(collection: Collection, caller: type[Identity]) -> str:
    """The statement of the row ``%(id)s`` as ``%(caller)s`` sees it; no row for a caller who is gone, null for
    what is hidden.
    """
    seen = f"(caller.everything OR {collection.scope})" if collection.scope else "true"
    return f"""
        WITH caller AS ({VISIBLE_SCOPE_SQL[caller]})
        SELECT (
            SELECT ({_projection(collection)})::text FROM "{collection.table.name}" item
            WHERE item.id = %(id)s::uuid AND {seen.replace(":seen", "caller.env_ids")}
        ) FROM caller
    """  # noqa: S608 (only constants of this package are put in)


def _where(conditions: Iterable[str]) -> str:
    joined = " AND ".join(conditions)
    return f" WHERE {joined}" if joined else ""


def _in_scope(collection: Collection) -> str:
    return f"({collection.scope or ''})".replace(":seen", "%(seen)s::uuid[]")


def _bound(known: Filter, name: str) -> str:
    return known.condition.replace(":value", f"%(filter_{name})s")


def _projection(collection: Collection, shown: tuple[str, ...] = ()) -> str:
    """``json_build_object`` keeps the order of its keys and copies documents without reading them."""
    values = {
        column.name: collection.expressions.get(column.name) or _json_of(column)
        for column in collection.shown
    } | {name: f"%(shown_{name})s::text" for name in shown}
    pairs = ", ".join(f"'{name}', {value}" for name, value in values.items())
    return f"json_build_object({pairs})"


def _json_of(column: Column[Any]) -> str:
    if isinstance(column.type, DateTime):
        # Always six digits: clients sort these strings (docs/contract/data-model.md, "Conventions").
        return f"""to_char(item."{column.name}" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
    return f'item."{column.name}"'
