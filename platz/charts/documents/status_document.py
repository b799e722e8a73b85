"""The status document that a running deployment reports (chart-extensions.md 10).

Invariant: the result has all four keys, every metric's four keys and decimals as text; any violation makes
the whole sample an error, and unknown keys are dropped.
"""

from __future__ import annotations

from enum import StrEnum

from platz.charts.reading.decoding import Cursor, decoded
from platz.json import JsonObject, JsonValue


class Color(StrEnum):
    """How the web UI paints a status or a metric."""

    PRIMARY = "primary"
    SUCCESS = "success"
    DANGER = "danger"
    WARNING = "warning"
    SECONDARY = "secondary"


class Level(StrEnum):
    """How urgent a notice is."""

    INFO = "Info"
    WARNING = "Warning"
    DANGER = "Danger"


def parse_status(document: JsonValue) -> JsonObject:
    """Return the normalised content of a status document; raise `InvalidDocument`."""
    return decoded(document, _content)


def _content(cursor: Cursor) -> JsonObject:
    fields = cursor.fields("status", "primary_metric", "metrics", "notices")
    status = fields.need("status").fields("name", "color")
    notices: list[JsonValue] = []
    return {
        "status": {"name": status.need("name").text(), "color": status.need("color").choice(Color).value},
        "primary_metric": fields.nullable("primary_metric", _metric),
        "metrics": fields.nullable("metrics", lambda metrics: [_metric(item) for item in metrics.items()]),
        "notices": fields.get(
            "notices", lambda entries: [_notice(item) for item in entries.items()], notices
        ),
    }


def _metric(cursor: Cursor) -> JsonValue:
    fields = cursor.fields("value", "unit", "short_description", "color")
    color = fields.nullable("color", lambda choice: choice.choice(Color))
    return {
        "value": fields.need("value").decimal(),
        "unit": fields.need("unit").text(),
        "short_description": fields.need("short_description").text(),
        "color": None if color is None else color.value,
    }


def _notice(cursor: Cursor) -> JsonValue:
    fields = cursor.fields("level", "text")
    return {"level": fields.need("level").choice(Level).value, "text": fields.need("text").text()}
