"""The rows of the overview of deployments: each with what else its reader wants to see, and the counts of each filter.

Invariant: one statement, made of constants; what a client sends is only ever bound. A row says what the lists of the
single tables say, and a count of a filter's value is the number of rows that this value would leave.

Source: docs/contract/http-api.md, "Overview of deployments".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import cast
from uuid import UUID

import orjson
from sqlalchemy import Connection, Table

from platz.db import schema
from platz.db.lists.catalogue import HAS_PROBLEM
from platz.db.lists.reading import MAX_OFFSET, Collection, SeenEnvs, json_object, members
from platz.db.overview.troubles import PROBLEMS, WORKLOADS
from platz.db.rows import driver_row
from platz.json import JsonObject

MOST_VALUES = 100
"""The number of values of a filter that are counted: those with most deployments."""

FACETS: Mapping[str, str] = {
    "status": "text",
    "kind_id": "uuid",
    "cluster_id": "uuid",
    "env_id": "uuid",
    "version": "text",
    "problem": "boolean",
    "enabled": "boolean",
}
"""The filters whose values are counted, with their types; each is a column of ``found``."""

_RESTRICTIONS: Mapping[str, str] = {
    "ids": "item.id = ANY (%(ids)s::uuid[])",
    "helm_chart_id": "item.helm_chart_id = %(helm_chart_id)s::uuid",
    "seen": "home.env_id = ANY (%(seen)s::uuid[])",
}

VERSION = "coalesce(nullif(chart.parsed_version, ''), chart.image_tag, '')"
"""The SQL of a chart's version as people call it."""

_CHANGED = """(SELECT task.execute_at FROM deployment_tasks task
    WHERE task.deployment_id = item.id AND task.execute_at <= now()
    ORDER BY task.execute_at DESC, task.id LIMIT 1)"""
_NUMBERS = f"ARRAY(SELECT part[1]::numeric FROM regexp_matches({VERSION}, '[0-9]+', 'g') part)"  # noqa: S608

SORTS: Mapping[str, str] = {
    "name": "item.name",
    "kind": "(SELECT lower(kind.name) FROM deployment_kinds kind WHERE kind.id = item.kind_id)",
    "cluster": "lower(home.name)",
    "status": "item.status",
    "version": "chart.numbers",
    "created": "item.created_at",
    "changed": _CHANGED,
}
"""What the rows can be sorted by; those that are disabled always come last."""


@dataclass(frozen=True, kw_only=True)
class OverviewQuery:
    """The rows that are asked for; ``filters`` are values by the names of `FACETS`.

    ``words`` must all occur, in any letter case. ``sort`` is a key of `SORTS`.
    """

    page: int = 1
    per_page: int = 50
    words: tuple[str, ...] = ()
    ids: tuple[UUID, ...] | None = None
    helm_chart_id: UUID | None = None
    filters: Mapping[str, object] = field(default_factory=dict[str, object])
    sort: str = "name"
    descending: bool = False


def read_overview(connection: Connection, query: OverviewQuery, *, seen: SeenEnvs) -> JsonObject:
    """Return ``page``, ``per_page``, ``items``, ``num_total`` and ``facets`` of the deployments that are visible."""
    bound: dict[str, object] = {
        "page": query.page,
        "per_page": query.per_page,
        "skipped": min((query.page - 1) * query.per_page, MAX_OFFSET),
        **{f"word_{place}": word for place, word in enumerate(query.words)},
        **{f"filter_{name}": value for name, value in query.filters.items()},
    }
    given: dict[str, object] = {
        "ids": None if query.ids is None else list(query.ids),
        "helm_chart_id": query.helm_chart_id,
        "seen": None if seen is None else list(seen),
    }
    bound |= given
    statement = overview_statement(
        words=len(query.words),
        restrictions=tuple(name for name, value in given.items() if value is not None),
        filters=tuple(sorted(query.filters)),
        sort=query.sort,
        descending=query.descending,
    )
    row = driver_row(connection, statement, bound)
    assert row is not None  # noqa: S101 (the statement has no FROM)
    return cast("JsonObject", orjson.loads(row[0]))


@lru_cache(maxsize=512)
def overview_statement(
    *, words: int, restrictions: tuple[str, ...], filters: tuple[str, ...], sort: str, descending: bool
) -> str:
    """Return the statement for this shape of a query.

    ``found`` are the narrow rows of all deployments that are searched and visible; filters are applied to it once for
    the page and once for each facet, without the facet's own filter.
    """
    matching = _matching(filters)
    order = f"item.enabled DESC, item.key {'DESC' if descending else 'ASC'} NULLS LAST, item.name, item.id"
    numbers = f", {_NUMBERS} AS numbers" if sort == "version" else ""
    return f"""
        WITH found AS MATERIALIZED (
            SELECT item.id, item.name, item.kind_id, item.cluster_id, item.helm_chart_id,
                item.status, item.enabled, home.env_id, chart.version, ({HAS_PROBLEM}) IS TRUE AS problem,
                {SORTS[sort]} AS key
            FROM deployments item
            JOIN k8s_clusters home ON home.id = item.cluster_id
            LEFT JOIN (SELECT chart.id, {VERSION} AS version{numbers} FROM helm_charts chart) chart
                ON chart.id = item.helm_chart_id
            {_searched(words, restrictions)}
        ), chosen AS (
            SELECT item.id, item.kind_id, item.cluster_id, item.helm_chart_id, item.env_id,
                row_number() OVER () AS place
            FROM (SELECT * FROM found item {matching} ORDER BY {order}
                LIMIT %(per_page)s::bigint OFFSET %(skipped)s::bigint) item
        ), counted AS MATERIALIZED ({_counted(filters)})
        SELECT json_build_object(
            'page', %(page)s::bigint,
            'per_page', %(per_page)s::bigint,
            'items', coalesce((SELECT json_agg({_ROW} ORDER BY chosen.place)
                FROM chosen JOIN deployments item ON item.id = chosen.id), '[]'::json),
            'num_total', (SELECT number FROM counted WHERE facet IS NULL),
            'facets', {json_object({name: _facet(name) for name in FACETS})})::text
    """  # noqa: S608 (only constants of this package are put in)


def _searched(words: int, restrictions: tuple[str, ...]) -> str:
    conditions = [_RESTRICTIONS[name] for name in restrictions]
    conditions += [_word(f"lower(%(word_{place})s::text)") for place in range(words)]
    joined = " AND ".join(conditions)
    text = "LEFT JOIN deployment_search search ON search.deployment_id = item.id" if words else ""
    return f"{text} WHERE {joined}" if joined else text


def _word(word: str) -> str:
    """Return the condition that a word occurs in a deployment, or in the names of what it belongs to."""
    return f"""(strpos(search.content, {word}) > 0
        OR item.kind_id IN (SELECT kind.id FROM deployment_kinds kind WHERE strpos(lower(kind.name), {word}) > 0)
        OR item.cluster_id IN (SELECT named.id FROM k8s_clusters named WHERE strpos(lower(named.name), {word}) > 0)
        OR item.helm_chart_id IN (SELECT chart.id FROM helm_charts chart WHERE
            strpos(lower(concat_ws(' ', chart.image_tag, chart.parsed_version, chart.parsed_commit)), {word}) > 0))"""  # noqa: S608


def _matching(filters: tuple[str, ...]) -> str:
    joined = " AND ".join(f"item.{name} = %(filter_{name})s::{FACETS[name]}" for name in filters)
    return f"WHERE {joined}" if joined else ""


_TITLES: Mapping[str, str] = {
    name: f"(SELECT named.name FROM {table} named WHERE named.id = told.value::uuid)"  # noqa: S608
    for name, table in {"kind_id": "deployment_kinds", "cluster_id": "k8s_clusters", "env_id": "envs"}.items()
}


def _counted(filters: tuple[str, ...]) -> str:
    """Return the SQL of (facet, value, number).

    One pass counts the total, which has no facet, and all facets that do not filter. Each other facet is counted
    without its own filter, in a pass of its own.
    """
    free = [name for name in FACETS if name not in filters]
    cases = " ".join(f"WHEN GROUPING(item.{name}) = 0 THEN '{name}'" for name in free)
    values = ", ".join(f"item.{name}::text" for name in free)
    sets = ", ".join([*(f"(item.{name})" for name in free), "()"])
    shared = f"""
        SELECT {f"CASE {cases} END" if free else "NULL"} AS facet, coalesce({values or "NULL"}) AS value,
            count(*) AS number
        FROM found item {_matching(filters)} GROUP BY GROUPING SETS ({sets})"""  # noqa: S608
    return " UNION ALL ".join([shared, *(_counted_alone(name, filters) for name in filters)])


def _counted_alone(name: str, filters: tuple[str, ...]) -> str:
    others = _matching(tuple(other for other in filters if other != name))
    return f"SELECT '{name}', item.{name}::text, count(*) FROM found item {others} GROUP BY item.{name}"  # noqa: S608


def _facet(name: str) -> str:
    """Return the SQL of the values of one filter, with the number of deployments that each would leave."""
    value = {"value": "told.value", "title": _TITLES.get(name, "told.value"), "count": "told.number"}
    return f"""coalesce((
        SELECT json_agg({json_object(value)} ORDER BY told.number DESC, told.value)
        FROM (SELECT value, number FROM counted WHERE facet = '{name}' AND value IS NOT NULL
            ORDER BY number DESC, value LIMIT {MOST_VALUES}) told), '[]'::json)"""  # noqa: S608


def _only(table: Table, names: str, **expressions: str) -> Collection:
    shown = frozenset(names.split())
    hidden = frozenset(column.name for column in table.columns) - shown
    return Collection(table=table, hidden=hidden, expressions=expressions)


def _one(collection: Collection, condition: str) -> str:
    """Return the SQL of the JSON of one row, null when there is none."""
    table = collection.table.name
    return f"(SELECT {json_object(members(collection))} FROM {table} item WHERE {condition} LIMIT 1)"  # noqa: S608


_CHART = _only(
    schema.helm_charts,
    "id created_at image_tag available error parsed_version parsed_revision parsed_branch parsed_commit",
)
_TASK = _only(
    schema.deployment_tasks,
    "id created_at execute_at started_at finished_at acting_user_id acting_bot_id acting_deployment_id operation"
    " status reason",
    operation="(SELECT operation FROM jsonb_object_keys(item.operation) operation LIMIT 1)",
)
TASK_MEMBERS = members(_TASK)
"""The SQL of each value of a task in short, where ``item`` is the task."""

_NEWER = """item.available AND item.error IS NULL
    AND (item.helm_registry_id, item.parsed_branch) =
        (SELECT own.helm_registry_id, own.parsed_branch FROM helm_charts own WHERE own.id = chosen.helm_chart_id)
    AND item.created_at > (SELECT own.created_at FROM helm_charts own WHERE own.id = chosen.helm_chart_id)
    ORDER BY item.created_at DESC, item.id"""

_FEATURES = "(SELECT chart.features::text FROM helm_charts chart WHERE chart.id = chosen.helm_chart_id)"
_DOMAIN = "(SELECT home.ingress_domain FROM k8s_clusters home WHERE home.id = chosen.cluster_id)"

_ROW = json_object(
    {
        **members(
            Collection(table=schema.deployments, hidden=frozenset({"config", "values_override"})),
        ),
        "kind": _one(_only(schema.deployment_kinds, "id name"), "item.id = chosen.kind_id"),
        "cluster": _one(
            _only(schema.k8s_clusters, "id name region_name is_ok not_ok_reason"),
            "item.id = chosen.cluster_id",
        ),
        "env": _one(_only(schema.envs, "id name"), "item.id = chosen.env_id"),
        "chart": _one(_CHART, "item.id = chosen.helm_chart_id"),
        "newer_chart": _one(_CHART, _NEWER),
        "last_task": _one(
            _TASK,
            "item.deployment_id = chosen.id AND item.execute_at <= now() ORDER BY item.execute_at DESC, item.id",
        ),
        "workloads": WORKLOADS,
        "problems": PROBLEMS,
        "features": _FEATURES,
        "ingress_domain": _DOMAIN,
    }
)
