"""Seal what an adopted database holds in plain, at the start of the process (design section 6).

Invariant: a second run changes nothing, and reads only rows in which nothing is sealed although their chart
or resource type marks inputs as sensitive.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Column, ColumnElement, Connection, bindparam, cast, func, or_, select, update
from sqlalchemy.dialects.postgresql import JSONPATH
from sqlalchemy.types import String

from platz.charts.documents.actions import find_action
from platz.charts.reading.problems import InvalidDocument
from platz.db import schema
from platz.db.encryption import Cipher
from platz.db.field_encryption import MARK, encrypt_fields
from platz.db.rows import all_rows
from platz.errors import NotFound, Rejected
from platz.json import JsonObject, JsonValue
from platz.tasks import sensitive_inputs
from platz.tasks.operations import Install, InvokeAction, Operation, Upgrade, from_json, to_json

ANY_SENSITIVE = cast("$.**.sensitive ? (@ == true)", JSONPATH)
RUNS = ("Install", "Upgrade", "InvokeAction")


@dataclass(frozen=True, kw_only=True)
class _Chart:
    """The forms of a chart that marks something as sensitive."""

    id: UUID
    values_ui: JsonValue
    actions_schema: JsonValue


@dataclass(frozen=True, kw_only=True)
class _Plain:
    """A stored document, and what tells which of its keys are sensitive: a chart's id or a type's spec."""

    id: UUID
    document: JsonValue
    form: JsonValue | UUID = None


def encrypt_plain_documents(connection: Connection, cipher: Cipher) -> int:
    """Seal sensitive inputs of deployments and tasks, and properties of resources; return how many rows
    changed.

    For the start of the process, in a transaction.
    """
    charts = _charts(connection)
    changed = _seal_props(connection, cipher)
    if charts:  # else nobody has to read the tasks
        changed += _seal_configs(connection, charts, cipher) + _seal_operations(connection, charts, cipher)
    return changed


def _charts(connection: Connection) -> dict[UUID, _Chart]:
    table = schema.helm_charts
    marks = [
        func.jsonb_path_exists(form, ANY_SENSITIVE) for form in (table.c.values_ui, table.c.actions_schema)
    ]
    query = select(table.c.id, table.c.values_ui, table.c.actions_schema).where(or_(*marks))
    return {chart.id: chart for chart in all_rows(connection, query, _Chart)}


def _seal_props(connection: Connection, cipher: Cipher) -> int:
    resources, types = schema.deployment_resources, schema.deployment_resource_types
    query = (
        select(resources.c.id, resources.c.props.label("document"), types.c.spec.label("form"))
        .join(types, types.c.id == resources.c.type_id)
        .where(func.jsonb_path_exists(types.c.spec, ANY_SENSITIVE), _holds_no_seal(resources.c.props))
        .with_for_update(of=resources)
    )
    plain = all_rows(connection, query, _Plain)
    sealed_rows = {row.id: encrypt_fields(row.document, _of_type(row.form), cipher) for row in plain}
    return _write(connection, resources.c.props, plain, sealed_rows)


def _seal_configs(connection: Connection, charts: Mapping[UUID, _Chart], cipher: Cipher) -> int:
    table = schema.deployments
    query = (
        select(table.c.id, table.c.config.label("document"), table.c.helm_chart_id.label("form"))
        .where(table.c.helm_chart_id.in_(charts), _holds_no_seal(table.c.config))
        .with_for_update(key_share=True)
    )
    plain = all_rows(connection, query, _Plain)
    sealed_rows = {
        row.id: encrypt_fields(row.document, sensitive_inputs.of_chart(charts[row.form].values_ui), cipher)
        for row in plain
        if isinstance(row.form, UUID)
    }
    return _write(connection, table.c.config, plain, sealed_rows)


def _seal_operations(connection: Connection, charts: Mapping[UUID, _Chart], cipher: Cipher) -> int:
    table = schema.deployment_tasks
    named = func.coalesce(*(table.c.operation[run]["helm_chart_id"].astext for run in RUNS))
    query = (
        select(table.c.id, table.c.operation.label("document"))
        .where(
            func.lower(named).in_([str(chart_id) for chart_id in charts]), _holds_no_seal(table.c.operation)
        )
        .with_for_update(key_share=True)
    )
    plain = all_rows(connection, query, _Plain)
    sealed_rows: dict[UUID, JsonValue] = {
        row.id: _sealed_operation(row.document, charts, cipher) for row in plain
    }
    return _write(connection, table.c.operation, plain, sealed_rows)


def _sealed_operation(document: JsonValue, charts: Mapping[UUID, _Chart], cipher: Cipher) -> JsonValue:
    try:
        operation = from_json(document)
    except Rejected:
        return document
    encrypted = sensitive_inputs.InputEncryption(sensitive=_of(operation, charts), cipher=cipher)
    return _merged(document, to_json(encrypted.operation(operation)))


def _merged(document: JsonValue, written: JsonObject) -> JsonValue:
    """Only what was sealed is replaced; an old task keeps its form."""
    if not isinstance(document, dict):
        return document
    return {
        name: {key: parameters[key] for key in given} if isinstance(given, dict) else given
        for name, given in document.items()
        if isinstance(parameters := written[name], dict)
    }


def _of(operation: Operation, charts: Mapping[UUID, _Chart]) -> frozenset[str]:
    match operation:
        case Install() | Upgrade():
            return sensitive_inputs.of_chart(charts[operation.helm_chart_id].values_ui)
        case InvokeAction():
            try:
                action = find_action(charts[operation.helm_chart_id].actions_schema, operation.action_id)
            except (NotFound, InvalidDocument):
                return frozenset()
            return sensitive_inputs.of_schema(action.ui_schema)
        case _:
            return frozenset()


def _of_type(form: JsonValue | UUID) -> frozenset[str]:
    return frozenset() if isinstance(form, UUID) else sensitive_inputs.of_resource_type(form)


def _holds_no_seal(column: Column[JsonValue]) -> ColumnElement[bool]:
    return cast(column, String).not_like(f"%{MARK}%")


def _write(
    connection: Connection,
    column: Column[JsonValue],
    plain: Iterable[_Plain],
    sealed_rows: Mapping[UUID, JsonValue],
) -> int:
    before = {row.id: row.document for row in plain}
    changed = [
        {"row": row_id, "document": document}
        for row_id, document in sealed_rows.items()
        if document != before[row_id]
    ]
    if changed:
        table = column.table
        statement = (
            update(table).where(table.c.id == bindparam("row")).values({column: bindparam("document")})
        )
        connection.execute(statement, changed)
    return len(changed)
