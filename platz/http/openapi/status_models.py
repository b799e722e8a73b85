"""The JSON of `deployments.reported_status`, for the OpenAPI document.

Source: docs/contract/data-model.md, "Reported status".
"""

from __future__ import annotations

from datetime import datetime

from platz.http.openapi.chart_schemas import StatusContentJson
from platz.http.openapi.models import Document


class DeploymentReportedStatus(Document):
    """The last sample; `content` is null exactly when the sample failed, and `error` says why."""

    timestamp: datetime
    get_successful: bool
    content: StatusContentJson | None
    error: str | None
