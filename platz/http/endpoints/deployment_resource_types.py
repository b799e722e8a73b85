"""`/deployment-resource-types`, read-only: they are written when a chart is installed.

Source: docs/contract/http-api.md, "Resource types and resources".
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from platz.db.lists.catalogue import DEPLOYMENT_RESOURCE_TYPES
from platz.http.endpoints.reading import detail_route, list_route
from platz.http.endpoints.writing import Entity
from platz.http.openapi.chart_schemas import ResourceTypeSpecJson
from platz.http.openapi.models import Document
from platz.http.route import AnyRoute


class DeploymentResourceType(Document):
    """A collection that a chart declares; without env_id it belongs to all environments."""

    id: UUID
    created_at: datetime
    env_id: UUID | None
    deployment_kind_id: UUID
    key: str
    spec: ResourceTypeSpecJson


ENTITY = Entity(
    path="/deployment-resource-types",
    tag="Deployment Resource Types",
    noun="a resource type",
    item=DeploymentResourceType,
)

ROUTES: tuple[AnyRoute, ...] = (
    list_route(ENTITY, DEPLOYMENT_RESOURCE_TYPES, "allDeploymentResourceTypes"),
    detail_route(ENTITY, DEPLOYMENT_RESOURCE_TYPES, "getDeploymentResourceType"),
)
