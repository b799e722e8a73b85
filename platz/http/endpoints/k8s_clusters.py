"""`/k8s-clusters`; the rules are in platz/changes/clusters.py.

Source: docs/contract/http-api.md, "Kubernetes clusters".
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from platz.changes import clusters
from platz.changes.clusters import ClusterUpdate, Given
from platz.db.lists.catalogue import K8S_CLUSTERS
from platz.http.endpoints.reading import detail_route, list_route, row_of
from platz.http.endpoints.writing import Entity, delete_route, update_route
from platz.http.openapi.models import Document
from platz.http.requests import RequestBody
from platz.http.responses import ApiResponse, found, no_content
from platz.http.route import AnyRoute, ApiRequest, Permission
from platz.identities import ClusterId, EnvId


class K8sCluster(Document):
    """A Kubernetes cluster that discovery found."""

    id: UUID
    env_id: UUID | None
    provider_id: str
    created_at: datetime
    last_seen_at: datetime
    name: str
    region_name: str
    is_ok: bool
    not_ok_reason: str | None
    ignore: bool
    ingress_domain: str | None
    ingress_class: str | None
    ingress_tls_secret_name: str | None
    grafana_url: str | None
    grafana_datasource_name: str | None


class UpdateK8sCluster(RequestBody):
    """What to change. Null clears a field, except `ignore`; an absent field stays."""

    ignore: bool | None = None
    env_id: UUID | None = None
    ingress_domain: str | None = None
    ingress_class: str | None = None
    ingress_tls_secret_name: str | None = None
    grafana_url: str | None = None
    grafana_datasource_name: str | None = None


def update(request: ApiRequest[UpdateK8sCluster]) -> ApiResponse:
    """Save the given fields."""
    with request.database.transaction() as connection:
        clusters.update_cluster(
            connection, request.identity, ClusterId(request.path_id), _asked(request.body)
        )
        return found(row_of(request, connection, K8S_CLUSTERS, request.path_id))


def _asked(body: UpdateK8sCluster) -> ClusterUpdate:
    given = body.model_fields_set

    def text(name: str) -> Given[str | None] | None:
        return Given(getattr(body, name)) if name in given else None

    env_id = None if body.env_id is None else EnvId(body.env_id)
    return ClusterUpdate(
        ignore=body.ignore,
        env_id=Given(env_id) if "env_id" in given else None,
        ingress_domain=text("ingress_domain"),
        ingress_class=text("ingress_class"),
        ingress_tls_secret_name=text("ingress_tls_secret_name"),
        grafana_url=text("grafana_url"),
        grafana_datasource_name=text("grafana_datasource_name"),
    )


def delete(request: ApiRequest) -> ApiResponse:
    """Delete a cluster without deployments."""
    with request.database.transaction() as connection:
        clusters.delete_cluster(connection, request.identity, ClusterId(request.path_id))
    return no_content()


ENTITY = Entity(path="/k8s-clusters", tag="Kubernetes Clusters", noun="a cluster", item=K8sCluster)

ROUTES: tuple[AnyRoute, ...] = (
    list_route(ENTITY, K8S_CLUSTERS, "allK8sClusters"),
    detail_route(ENTITY, K8S_CLUSTERS, "getK8sCluster"),
    update_route(
        ENTITY,
        "updateK8sCluster",
        update,
        request=UpdateK8sCluster,
        permission=Permission.SITE_ADMIN,
        errors=(409,),
    ),
    delete_route(ENTITY, "deleteK8sCluster", delete, permission=Permission.SITE_ADMIN, errors=(409,)),
)
