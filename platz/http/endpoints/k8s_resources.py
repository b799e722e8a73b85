"""`/k8s-resources`, read-only: the tracker writes them.

Source: docs/contract/http-api.md, "Kubernetes resources".
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from platz.db.lists.catalogue import K8S_RESOURCES
from platz.http.endpoints.reading import detail_route, list_route
from platz.http.endpoints.writing import Entity
from platz.http.openapi.models import Document, JsonMap
from platz.http.route import AnyRoute


class K8sResource(Document):
    """A workload seen in a deployment's namespace."""

    id: UUID
    last_updated_at: datetime
    cluster_id: UUID
    deployment_id: UUID
    kind: str
    api_version: str
    name: str
    status_color: list[str]
    metadata: JsonMap


ENTITY = Entity(path="/k8s-resources", tag="Kubernetes Resources", noun="a workload", item=K8sResource)

ROUTES: tuple[AnyRoute, ...] = (
    list_route(ENTITY, K8S_RESOURCES, "allK8sResources"),
    detail_route(ENTITY, K8S_RESOURCES, "getK8sResource"),
)
