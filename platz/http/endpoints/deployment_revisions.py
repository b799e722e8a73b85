"""Earlier revisions of a deployment: bringing one back.

Source: docs/contract/http-api.md, "Rolling back a deployment".
"""

from __future__ import annotations

from uuid import UUID

from platz.changes.rollbacks import rollback_deployment
from platz.db.lists.catalogue import DEPLOYMENTS
from platz.http.endpoints import deployments
from platz.http.endpoints.reading import row_of
from platz.http.requests import RequestBody
from platz.http.responses import ApiResponse, found
from platz.http.route import AnyRoute, ApiRequest, Permission, Route
from platz.identities import DeploymentId, TaskId


class Rollback(RequestBody):
    """The revision to go back to: the id of a successful Install or Upgrade of the deployment."""

    revision_id: UUID


def rollback(request: ApiRequest[Rollback]) -> ApiResponse:
    """Bring back the chart, inputs and override of an earlier revision."""
    deployment_id, revision_id = DeploymentId(request.path_id), TaskId(request.body.revision_id)
    with request.database.transaction() as connection:
        rollback_deployment(
            connection, request.identity, deployment_id, revision_id, cipher=request.services.cipher
        )
        return found(row_of(request, connection, DEPLOYMENTS, deployment_id))


ROUTES: tuple[AnyRoute, ...] = (
    Route(
        method="POST",
        path="/deployments/{id}/rollback",
        operation_id="rollbackDeployment",
        tag=deployments.ENTITY.tag,
        summary="Go back to an earlier revision of a deployment",
        handler=rollback,
        permission=Permission.MAINTAINER,
        request=Rollback,
        response=deployments.Deployment,
        errors=(404, 409),
    ),
)
