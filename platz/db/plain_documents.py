"""Plain documents of an adopted database, parts of which a chart or resource type marks as sensitive.

Invariant: only documents in which nothing is encrypted are read, and each is locked until the transaction ends. So a
document that the caller encrypts is not read again at the next start.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Connection, bindparam, cast, func, or_, select, update
from sqlalchemy.dialects.postgresql import JSONPATH
from sqlalchemy.types import String

from platz.db import schema
from platz.db.field_encryption import MARK
from platz.db.rows import all_rows
from platz.identities import ChartId
from platz.json import JsonValue

ANY_SENSITIVE = cast("$.**.sensitive ? (@ == true)", JSONPATH)
NAMING_A_CHART = ("Install", "Upgrade", "InvokeAction")
"""The operations that name a chart and hold inputs of one of its forms."""


@dataclass(frozen=True, kw_only=True)
class MarkingChart:
    """A chart that marks an input as sensitive, with its stored forms."""

    id: ChartId
    values_ui: JsonValue
    actions_schema: JsonValue


def marking_charts(connection: Connection) -> list[MarkingChart]:
    """Return the charts that mark any input as sensitive."""
    charts = schema.helm_charts
    marks = [
        func.jsonb_path_exists(form, ANY_SENSITIVE) for form in (charts.c.values_ui, charts.c.actions_schema)
    ]
    query = select(charts.c.id, charts.c.values_ui, charts.c.actions_schema).where(or_(*marks))
    return all_rows(connection, query, MarkingChart)


def replace_props(connection: Connection, encrypted: Callable[[JsonValue, JsonValue], JsonValue]) -> int:
    """Replace the plain properties of resources by ``encrypted(properties, spec of their type)``.

    Only resources of types that mark a property as sensitive are read. Returns the number of rows that changed.
    """
    resources, types = schema.deployment_resources, schema.deployment_resource_types
    query = (
        select(resources.c.id, resources.c.props, types.c.spec)
        .join(types, types.c.id == resources.c.type_id)
        .where(func.jsonb_path_exists(types.c.spec, ANY_SENSITIVE), _is_plain(resources.c.props))
        .with_for_update(of=resources)
    )
    replaced = [(row, plain, encrypted(plain, spec)) for row, plain, spec in connection.execute(query)]
    return _write(connection, resources.c.props, replaced)


def replace_configs(
    connection: Connection, charts: Collection[ChartId], encrypted: Callable[[JsonValue, ChartId], JsonValue]
) -> int:
    """Replace the plain configs of deployments of ``charts`` by ``encrypted(config, chart)``.

    Returns the number of rows that changed.
    """
    deployments = schema.deployments
    query = (
        select(deployments.c.id, deployments.c.config, deployments.c.helm_chart_id)
        .where(deployments.c.helm_chart_id.in_(charts), _is_plain(deployments.c.config))
        .with_for_update(key_share=True)
    )
    replaced = [(row, plain, encrypted(plain, chart)) for row, plain, chart in connection.execute(query)]
    return _write(connection, deployments.c.config, replaced)


def replace_operations(
    connection: Connection, charts: Collection[ChartId], encrypted: Callable[[JsonValue], JsonValue]
) -> int:
    """Replace the plain operations of tasks that name one of ``charts`` by ``encrypted(operation)``.

    Returns the number of rows that changed.
    """
    tasks = schema.deployment_tasks
    named = func.coalesce(*(tasks.c.operation[name]["helm_chart_id"].astext for name in NAMING_A_CHART))
    query = (
        select(tasks.c.id, tasks.c.operation)
        .where(func.lower(named).in_([str(chart) for chart in charts]), _is_plain(tasks.c.operation))
        .with_for_update(key_share=True)
    )
    replaced = [(row, plain, encrypted(plain)) for row, plain in connection.execute(query)]
    return _write(connection, tasks.c.operation, replaced)


def _is_plain(column: Column[JsonValue]) -> ColumnElement[bool]:
    return cast(column, String).not_like(f"%{MARK}%")


def _write(
    connection: Connection, column: Column[JsonValue], replaced: Iterable[tuple[UUID, JsonValue, JsonValue]]
) -> int:
    changed = [{"row": row, "document": new} for row, old, new in replaced if new != old]
    if changed:
        table = column.table
        statement = (
            update(table).where(table.c.id == bindparam("row")).values({column: bindparam("document")})
        )
        connection.execute(statement, changed)
    return len(changed)
