"""The status document that a running deployment reports.

Invariant: the stored form has all four keys, each metric in it has all four of its keys, and decimals are text. Any
violation of the format makes the whole sample an error; unknown keys are dropped.

Source: docs/contract/chart-extensions.md, "Status document".
"""

from __future__ import annotations

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
    """Return the normalised content of a status document; raise `InvalidDocument`."""
    return decoded(document, StatusContent.read).stored()
