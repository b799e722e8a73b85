"""The JSON of `deployments.reported_status` (data-model.md 6.4), for the OpenAPI document."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from platz.http.openapi.models import Document


class DeploymentReportedStatusColor(StrEnum):
    """Colours that a deployment may report."""

    PRIMARY = "primary"
    SUCCESS = "success"
    DANGER = "danger"
    WARNING = "warning"
    SECONDARY = "secondary"


class DeploymentReportedNoticeLevel(StrEnum):
    """How serious a notice is."""

    INFO = "Info"
    WARNING = "Warning"
    DANGER = "Danger"


class DeploymentReportedStatusSummary(Document):
    """The status in a word."""

    name: str
    color: DeploymentReportedStatusColor


class DeploymentReportedMetric(Document):
    """One figure; `value` is a decimal number as text."""

    value: str
    unit: str
    short_description: str
    color: DeploymentReportedStatusColor | None


class DeploymentReportedNotice(Document):
    """A line for the people who look at the deployment."""

    level: DeploymentReportedNoticeLevel
    text: str


class DeploymentReportedStatusContent(Document):
    """What the deployment's status endpoint said."""

    status: DeploymentReportedStatusSummary
    primary_metric: DeploymentReportedMetric | None
    metrics: list[DeploymentReportedMetric] | None
    notices: list[DeploymentReportedNotice]


class DeploymentReportedStatus(Document):
    """The last sample; `content` is null exactly when the sample failed, and `error` says why."""

    timestamp: datetime
    get_successful: bool
    content: DeploymentReportedStatusContent | None
    error: str | None
