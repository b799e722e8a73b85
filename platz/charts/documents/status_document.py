"""The status document that a running deployment reports.

Invariant: the stored form has all four keys, each metric in it has all four of its keys, and decimals are text. Any
violation of the format makes the whole sample an error; unknown keys are dropped.

Source: docs/contract/chart-extensions.md, "Status document".
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from platz.charts.reading.codecs import DECIMAL, TEXT, choice_of, list_of
from platz.charts.reading.decoding import decoded
from platz.charts.reading.document_objects import DocumentObject, object_of
from platz.charts.reading.members import Presence, nullable, optional, required
from platz.json import JsonObject, JsonValue


class Color(StrEnum):
    """Colours that a deployment may report."""

    PRIMARY = "primary"
    SUCCESS = "success"
    DANGER = "danger"
    WARNING = "warning"
    SECONDARY = "secondary"


class Level(StrEnum):
    """How serious a notice is."""

    INFO = "Info"
    WARNING = "Warning"
    DANGER = "Danger"


_COLOR = choice_of(Color, name="DeploymentReportedStatusColor")


class Summary(DocumentObject, name="DeploymentReportedStatusSummary"):
    """The status in one word."""

    name: str = required(TEXT)
    color: Color = required(_COLOR)


class Metric(DocumentObject, name="DeploymentReportedMetric"):
    """One figure; `value` is a decimal number as text."""

    value: str = required(DECIMAL)
    unit: str = required(TEXT)
    short_description: str = required(TEXT)
    color: Color | None = nullable(_COLOR, described=Presence.NULLABLE)


class Notice(DocumentObject, name="DeploymentReportedNotice"):
    """A line for the people who look at the deployment."""

    level: Level = required(choice_of(Level, name="DeploymentReportedNoticeLevel"))
    text: str = required(TEXT)


class StatusContent(DocumentObject, name="DeploymentReportedStatusContent"):
    """The response of the deployment's status endpoint."""

    status: Summary = required(object_of(Summary))
    primary_metric: Metric | None = nullable(object_of(Metric), described=Presence.NULLABLE)
    metrics: tuple[Metric, ...] | None = nullable(list_of(object_of(Metric)), described=Presence.NULLABLE)
    notices: tuple[Notice, ...] = optional(list_of(object_of(Notice)), absent=(), described=Presence.REQUIRED)


def parse_status(document: JsonValue) -> JsonObject:
    """Return the normalised content of a status document; raise `InvalidDocument`.

    A document of the form that the guide of older Platz shows is accepted; a notice then names the right form.
    """
    translated = _translated(document)
    content = decoded(translated, StatusContent.read)
    if translated != document:
        content = replace(content, notices=(*content.notices, _OLDER_FORM))
    return content.stored()


_OLDER_FORM = Notice(
    level=Level.WARNING,
    text=(
        "The status document has the form of an older guide. Write status: {name, color} instead of text and color,"
        " and metrics: [{value, unit, short_description}] instead of label."
    ),
)


def _translated(document: JsonValue) -> JsonValue:
    """Translate ``{color, text, metrics: [{label, value}]}``, the guide's form, into the form that is read."""
    if not isinstance(document, dict):
        return document
    translated = dict(document)
    if "status" not in document and "text" in document:
        translated["status"] = {"name": document["text"], "color": document.get("color")}
    elif isinstance(status := document.get("status"), dict) and "text" in status and "name" not in status:
        translated["status"] = {**status, "name": status["text"]}
    if isinstance(metrics := document.get("metrics"), list):
        translated["metrics"] = [_translated_metric(metric) for metric in metrics]
    if "primary_metric" in document:
        translated["primary_metric"] = _translated_metric(document["primary_metric"])
    return translated


def _translated_metric(metric: JsonValue) -> JsonValue:
    if not isinstance(metric, dict) or "label" not in metric or "short_description" in metric:
        return metric
    return {"unit": "", **metric, "short_description": metric["label"]}
