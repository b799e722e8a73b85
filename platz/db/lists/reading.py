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
from platz.identities import Deployment, EnvId, Identity, User

SeenEnvs = frozenset[EnvId] | None
"""The environments whose rows are visible; None: all rows, also those without an environment."""

MAX_OFFSET = 2**63 - 1
"""The largest bigint of PostgreSQL; a page that begins later is empty anyway."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Collection:
    """A collection of the API. In its SQL, ``item`` is the row.

    ``scope`` is true for the rows of the environments ``:seen``; None: every signed-in identity may see every row, but
    deployments only those of ``confined_scope``. Where the SQL of ``changeable`` is false, because the user ``:caller``
    may not change the row, the expressions of ``guarded`` columns leave out what is sensitive.
    ``hidden`` columns are never part of an item; ``expressions`` replace a column's own value; ``order`` is total. With
    ``holds_encrypted``, items may contain encrypted values, which the HTTP side decrypts for its responses.
    """

    table: Table
    order: tuple[str, ...] = ("created_at", "id")
    scope: str | None = None
    confined_scope: str | None = None
    changeable: str = "true"
    guarded: Mapping[str, str] = field(default_factory=dict[str, str])
    hidden: frozenset[str] = frozenset()
    holds_encrypted: bool = False
    expressions: Mapping[str, str] = field(default_factory=dict[str, str])
    filters: Mapping[str, Filter] = field(default_factory=dict[str, Filter])

    @property
    def shown(self) -> tuple[Column[Any], ...]:
        """The columns that are the keys of an item's JSON, in their order."""
        return tuple(column for column in self.table.columns if column.name not in self.hidden)

    def scope_for(self, caller: type[Identity]) -> str | None:
        """Return the SQL of the rows that an identity of this type sees, unless it sees everything."""
        return self.scope or (self.confined_scope if caller is Deployment else None)


@dataclass(frozen=True, kw_only=True)
class Listing:
    """The page and the filters that a request for a list asks for."""

    page: int = 1
    per_page: int = 50
    filters: Mapping[str, object] = field(default_factory=dict[str, object])


def read_page(
    connection: Connection,
    collection: Collection,
    listing: Listing,
    *,
    seen: SeenEnvs,
    caller: Identity | None = None,
) -> bytes:
    """Return the JSON of a page: ``page``, ``per_page``, ``items``, and the ``num_total`` of all pages.

    Who does not see everything is shown what is sensitive only as a ``caller`` who may change the row.
    """
    given = _effective_filters(collection, listing.filters)
    statement = page_statement(
        collection, tuple(given), scoped=seen is not None, caller=type(caller) if caller else User
    )
    bound: dict[str, object] = {
        "page": listing.page,
        "per_page": listing.per_page,
        "skipped": min((listing.page - 1) * listing.per_page, MAX_OFFSET),
        **{f"filter_{name}": collection.filters[name].bind(value) for name, value in given.items()},
        **_reader(seen, caller),
    }
    return _fetch(connection, statement, bound) or b""


def read_item(
    connection: Connection,
    collection: Collection,
    item_id: UUID,
    *,
    shown: Mapping[str, str] | None = None,
    seen: SeenEnvs = None,
    caller: Identity | None = None,
) -> bytes:
    """Return the JSON of one row without regard to its scope; raise `NotFound` when the row does not exist.

    ``shown`` holds texts, by column, that replace the values of those columns in the JSON. ``seen`` and ``caller`` mean
    what they do for `read_page`.
    """
    shown = shown or {}
    texts = {f"shown_{name}": text for name, text in shown.items()}
    bound: dict[str, object] = {"id": item_id, **texts, **_reader(seen, caller)}
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


def _reader(seen: SeenEnvs, caller: Identity | None) -> dict[str, object]:
    return {
        "everything": seen is None,
        "seen": list(seen or ()),
        "caller": None if caller is None else caller.id,
    }


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
def page_statement(
    collection: Collection, filters: tuple[str, ...], *, scoped: bool, caller: type[Identity] = User
) -> str:
    """Return the statement of a page with these filters.

    Its parameters are ``page``, ``per_page``, ``skipped``, ``filter_<name>`` for each filter, ``seen`` for a scope, and
    ``everything`` and ``caller`` for guarded columns.
    """
    conditions = [f"({_bound(collection.filters[name], name)})" for name in filters]
    scope = collection.scope_for(caller) if scoped else None
    if scope is not None:
        conditions.append(f"({scope})".replace(":seen", "%(seen)s::uuid[]"))
    matching = f'FROM "{collection.table.name}" item{_where(conditions)}'
    order = ", ".join(f"item.{column}" for column in collection.order)
    # The rows of the page are selected first, so that no JSON is built for skipped rows. They are planned on their own,
    # because PostgreSQL overestimates guarded columns so much that beside them all ways to find rows cost the same.
    return f"""
        WITH chosen AS MATERIALIZED (
            SELECT item.* {matching} ORDER BY {order} LIMIT %(per_page)s::bigint OFFSET %(skipped)s::bigint
        )
        SELECT json_build_object(
            'page', %(page)s::bigint,
            'per_page', %(per_page)s::bigint,
            'items', coalesce((
                SELECT json_agg({_projection(collection)} ORDER BY {order}) FROM chosen item), '[]'::json),
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
    scope = collection.scope_for(caller)
    seen = f"(caller.everything OR {scope})" if scope else "true"
    return f"""
        WITH caller AS ({VISIBLE_SCOPE_SQL[caller]})
        SELECT (
            SELECT ({_projection(collection, everything="caller.everything")})::text
            FROM "{collection.table.name}" item
            WHERE item.id = %(id)s::uuid AND {seen.replace(":seen", "caller.env_ids")}
        ) FROM caller
    """  # noqa: S608 (only constants of this package are put in)


def _where(conditions: Iterable[str]) -> str:
    joined = " AND ".join(conditions)
    return f" WHERE {joined}" if joined else ""


def _bound(known: Filter, name: str) -> str:
    return known.condition.replace(":value", f"%(filter_{name})s")


def _projection(
    collection: Collection, shown: tuple[str, ...] = (), *, everything: str = "%(everything)s::bool"
) -> str:
    """Return the SQL of an item's JSON; ``json_build_object`` keeps the order of keys and the text of documents."""
    values = members(collection, everything=everything)
    return json_object(values | {name: f"%(shown_{name})s::text" for name in shown})


def members(collection: Collection, *, everything: str = "%(everything)s::bool") -> dict[str, str]:
    """Return the SQL of each value in an item's JSON, by its key."""
    return {column.name: _value(collection, column, everything) for column in collection.shown}


def json_object(values: Mapping[str, str]) -> str:
    """Return the SQL of a JSON object from the SQL of its values."""
    pairs = ", ".join(f"'{name}', {value}" for name, value in values.items())
    return f"json_build_object({pairs})"


def _value(collection: Collection, column: Column[Any], everything: str) -> str:
    whole = collection.expressions.get(column.name) or _json_of(column)
    if column.name not in collection.guarded:
        return whole
    may_change = collection.changeable.replace(":caller", "%(caller)s::uuid")
    guarded = collection.guarded[column.name]
    return f"CASE WHEN {everything} OR {may_change} THEN {whole} ELSE {guarded} END"


def _json_of(column: Column[Any]) -> str:
    if isinstance(column.type, DateTime):
        # Always six digits, because clients sort these strings (docs/contract/data-model.md, "Conventions").
        return f"""to_char(item."{column.name}" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
    return f'item."{column.name}"'
