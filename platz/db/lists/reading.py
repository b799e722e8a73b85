"""The lists and detail reads of the API: one statement for each, whose JSON PostgreSQL builds.

Invariant: a collection is data (table, hidden columns, filters, scope, order). Statements are composed of constants
of Platz only, and kept for each set of filters. Lists and detail reads have the same columns, and `read_page` and
`read_item_as` the same scope, so a row that is missing in a caller's list is missing in a detail read, too.
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
"""The environments whose rows are visible; None: all rows, also those without an environment."""

MAX_OFFSET = 2**63 - 1
"""The largest bigint of PostgreSQL; a page that begins later is empty anyway."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Collection:
    """A collection of the API. In its SQL, ``item`` is the row.

    ``scope`` is true for the rows of the environments ``:seen``; None: every signed-in identity may see every row.
    ``hidden`` columns are never part of an item; ``expressions`` replace a column's own value; ``order`` is total. With
    ``holds_encrypted``, items may contain encrypted values, which the HTTP side decrypts for its responses.
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
        """The columns that are the keys of an item's JSON, in their order."""
        return tuple(column for column in self.table.columns if column.name not in self.hidden)


@dataclass(frozen=True, kw_only=True)
class Listing:
    """The page and the filters that a request for a list asks for."""

    page: int = 1
    per_page: int = 50
    filters: Mapping[str, object] = field(default_factory=dict[str, object])


def read_page(connection: Connection, collection: Collection, listing: Listing, *, seen: SeenEnvs) -> bytes:
    """Return the JSON of a page: ``page``, ``per_page``, ``items``, and the ``num_total`` of all pages."""
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
    """Return the JSON of one row without regard to its scope; raise `NotFound` when the row does not exist.

    ``shown`` holds texts, by column, that replace the values of those columns in the JSON.
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
    """Return the JSON of one row as ``caller`` sees it, or None when the caller may not sign in any more.

    Raises `NotFound` when the row does not exist or is out of scope, and for the id None. One statement checks the
    caller and reads the row, because a second round trip would cost as much as all the rest of such a request.
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
    """Return the values of the filters that apply, defaults included, in the collection's order."""
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
    """Return the statement of a page with these filters.

    Its parameters are ``page``, ``per_page``, ``skipped``, ``filter_<name>`` for each filter, and ``seen`` if scoped.
    """
    conditions = [f"({_bound(collection.filters[name], name)})" for name in filters]
    if scoped:
        conditions.append(_in_scope(collection))
    matching = f'FROM "{collection.table.name}" item{_where(conditions)}'
    order = ", ".join(f"item.{column}" for column in collection.order)
    # The inner query selects the rows of the page first, so that no JSON is built for skipped rows.
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
    """Return the statement of the row ``%(id)s``, with ``%(shown_<name>)s`` in place of the columns ``shown``."""
    projection = _projection(collection, shown)
    return f'SELECT ({projection})::text FROM "{collection.table.name}" item WHERE item.id = %(id)s::uuid'  # noqa: S608


@lru_cache(maxsize=256)
def seen_item_statement(collection: Collection, caller: type[Identity]) -> str:
    """Return the statement of the row ``%(id)s`` as ``%(caller)s`` sees it.

    The statement returns no row when the caller may not sign in any more, and null for an item that the caller may not
    see or that does not exist.
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
    """Return the SQL of an item's JSON; ``json_build_object`` keeps the order of keys and the text of documents."""
    return json_object(members(collection) | {name: f"%(shown_{name})s::text" for name in shown})


def members(collection: Collection) -> dict[str, str]:
    """Return the SQL of each value in an item's JSON, by its key."""
    return {
        column.name: collection.expressions.get(column.name) or _json_of(column)
        for column in collection.shown
    }


def json_object(values: Mapping[str, str]) -> str:
    """Return the SQL of a JSON object from the SQL of its values."""
    pairs = ", ".join(f"'{name}', {value}" for name, value in values.items())
    return f"json_build_object({pairs})"


def _json_of(column: Column[Any]) -> str:
    if isinstance(column.type, DateTime):
        # Always six digits, because clients sort these strings (docs/contract/data-model.md, "Conventions").
        return f"""to_char(item."{column.name}" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
    return f'item."{column.name}"'
