"""Encryption, at the start of the process, of the plain values in an existing database (docs/architecture.md, "Data").

Invariant: a second run changes nothing, and reads only rows in which nothing is encrypted although their chart or
resource type marks inputs as sensitive.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from platz.charts.documents.actions import find_action
from platz.charts.reading.problems import InvalidDocument
from platz.db import plain_documents
from platz.db.encryption import Cipher
from platz.db.field_encryption import encrypt_fields
from platz.db.plain_documents import MarkingChart
from platz.errors import NotFound, Rejected
from platz.identities import ChartId
from platz.json import JsonObject, JsonValue
from platz.tasks import sensitive_inputs
from platz.tasks.operations import Install, InvokeAction, Operation, Upgrade, from_json, to_json


def encrypt_plain_documents(connection: Connection, cipher: Cipher) -> int:
    """Encrypt the sensitive inputs of deployments and tasks, and the sensitive properties of resources.

    Returns the number of changed rows. Runs in the caller's transaction, at the start of the process.
    """

    def props(document: JsonValue, spec: JsonValue) -> JsonValue:
        return encrypt_fields(document, sensitive_inputs.of_resource_type(spec), cipher)

    def config(document: JsonValue, chart_id: ChartId) -> JsonValue:
        return encrypt_fields(document, sensitive_inputs.of_chart(charts[chart_id].values_ui), cipher)

    def operation(document: JsonValue) -> JsonValue:
        return _encrypted_operation(document, charts, cipher)

    charts = {chart.id: chart for chart in plain_documents.marking_charts(connection)}
    changed = plain_documents.replace_props(connection, props)
    if charts:  # otherwise no task has to be read
        changed += plain_documents.replace_configs(connection, charts.keys(), config)
        changed += plain_documents.replace_operations(connection, charts.keys(), operation)
    return changed


def _encrypted_operation(
    document: JsonValue, charts: Mapping[ChartId, MarkingChart], cipher: Cipher
) -> JsonValue:
    try:
        operation = from_json(document)
    except Rejected:
        return document
    encrypted = sensitive_inputs.InputEncryption(sensitive=_sensitive(operation, charts), cipher=cipher)
    return _merged(document, to_json(encrypted.operation(operation)))


def _merged(document: JsonValue, written: JsonObject) -> JsonValue:
    """Return the document with its values replaced by the written ones; keys that an old task lacks stay absent."""
    if not isinstance(document, dict):
        return document
    return {
        name: {key: parameters[key] for key in given} if isinstance(given, dict) else given
        for name, given in document.items()
        if isinstance(parameters := written[name], dict)
    }


def _sensitive(operation: Operation, charts: Mapping[ChartId, MarkingChart]) -> frozenset[str]:
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
