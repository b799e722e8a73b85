"""A chart's own values: the defaults in ``values.yaml`` and the schema in ``values.schema.json``.

Invariant: a file that is missing or can't be read says nothing, so nothing is left out because of it. Helm reads
both again, and reports what is wrong with them.

Source: Helm, "Values Files", "Schema Files".
"""

from __future__ import annotations

from dataclasses import dataclass, field

from platz.charts.archive import VALUES_FILE, VALUES_SCHEMA_FILE, ChartFiles
from platz.charts.reading.problems import InvalidDocument
from platz.charts.reading.syntax import MAX_VALUES_BYTES, read_json_file, read_yaml_file
from platz.json import JsonObject, JsonValue

_NO_SCHEMA = True
"""The JSON Schema that allows everything."""


@dataclass(frozen=True, kw_only=True)
class OwnValues:
    """What a chart says about its values."""

    defaults: JsonObject = field(default_factory=dict[str, JsonValue])
    schema: JsonValue = _NO_SCHEMA


def own_values(files: ChartFiles) -> OwnValues:
    """Read a chart's own values."""
    return OwnValues(defaults=_defaults(files), schema=_schema(files))


def with_defaults(values: JsonObject, defaults: JsonObject) -> JsonObject:
    """Return values as Helm judges them: laid over the defaults, of which a null removes one.

    Source: Helm, "Deleting a default key".
    """
    laid: JsonObject = {
        key: value for key, value in values.items() if value is not None or key not in defaults
    }
    for key, default in defaults.items():
        above = values.get(key)
        if key not in values:
            laid[key] = default
        elif isinstance(above, dict) and isinstance(default, dict):
            laid[key] = with_defaults(above, default)
    return laid


def _defaults(files: ChartFiles) -> JsonObject:
    content = files.files.get(VALUES_FILE)
    try:
        document = (
            read_yaml_file(content, max_bytes=MAX_VALUES_BYTES).value if isinstance(content, bytes) else None
        )
    except InvalidDocument:
        return {}
    return document if isinstance(document, dict) else {}


def _schema(files: ChartFiles) -> JsonValue:
    content = files.files.get(VALUES_SCHEMA_FILE)
    try:
        return (
            read_json_file(content, max_bytes=MAX_VALUES_BYTES) if isinstance(content, bytes) else _NO_SCHEMA
        )
    except InvalidDocument:
        return _NO_SCHEMA
