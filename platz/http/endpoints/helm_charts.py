"""`/helm-charts`, read-only: discovery writes them.

Source: docs/contract/http-api.md, "Helm charts".
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from platz.db.lists.catalogue import HELM_CHARTS
from platz.http.endpoints.reading import detail_route, list_route
from platz.http.endpoints.writing import Entity
from platz.http.openapi.chart_schemas import ActionsJson, FeaturesJson, ResourceTypeJson, UiSchemaJson
from platz.http.openapi.models import Document
from platz.http.route import AnyRoute


class HelmChart(Document):
    """One pushed version of a chart, with the documents of its extensions.

    ``warnings`` is an addition of ours: sentences for the chart's author, such as why a features document was
    taken for an older one.

    Source: docs/contract/chart-extensions.md, "Detection of the version".
    """

    id: UUID
    created_at: datetime
    helm_registry_id: UUID
    image_digest: str
    image_tag: str
    available: bool
    values_ui: UiSchemaJson | None
    actions_schema: ActionsJson | None
    features: FeaturesJson | None
    resource_types: list[ResourceTypeJson] | None
    error: str | None
    warnings: list[str] | None
    tag_format_id: UUID | None
    parsed_version: str | None
    parsed_revision: str | None
    parsed_branch: str | None
    parsed_commit: str | None


ENTITY = Entity(path="/helm-charts", tag="Helm Charts", noun="a chart", item=HelmChart)

ROUTES: tuple[AnyRoute, ...] = (
    list_route(ENTITY, HELM_CHARTS, "allHelmCharts"),
    detail_route(ENTITY, HELM_CHARTS, "getHelmChart"),
)
