"""Earlier revisions of a deployment: comparing two, and bringing one back.

Source: docs/contract/http-api.md, "Comparing revisions", "Rolling back a deployment".
"""

from __future__ import annotations

from uuid import UUID

from platz.access.authentication import subject_gone
from platz.changes.rollbacks import rollback_deployment
from platz.db.lists.catalogue import DEPLOYMENTS
from platz.db.lists.reading import read_item_as
from platz.errors import Rejected
from platz.http.endpoints import deployments
from platz.http.endpoints.reading import row_of
from platz.http.openapi.preview_models import RevisionComparison
from platz.http.queries import Kind, Parameter
from platz.http.requests import RequestBody
from platz.http.responses import ApiResponse, answer_json, found
from platz.http.route import AnyRoute, ApiRequest, Permission, Route
from platz.identities import DeploymentId, TaskId


class Rollback(RequestBody):
    """The revision to go back to: the id of a successful Install or Upgrade of the deployment."""

    revision_id: UUID


def compare(request: ApiRequest) -> ApiResponse:
    """Compare two revisions of a deployment that the caller may see."""
    deployment_id, older, newer = DeploymentId(request.path_id), _given(request, "a"), _given(request, "b")
    with request.database.reading() as connection:
        seen = read_item_as(connection, DEPLOYMENTS, deployment_id, caller=request.identity)
    if seen is None:
        raise subject_gone(request.identity)
    return answer_json(request.services.previews.compare(deployment_id, older, newer))


def _given(request: ApiRequest, name: str) -> TaskId:
    value = request.query.get(name)
    if not isinstance(value, UUID):
        raise Rejected(f"Give the id of a revision as {name}", field=name)
    return TaskId(value)


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
        method="GET",
        path="/deployments/{id}/compare",
        operation_id="compareDeploymentRevisions",
        tag=deployments.ENTITY.tag,
        summary="Compare two revisions of a deployment",
        handler=compare,
        permission=Permission.SCOPED,
        parameters=(
            Parameter(name="a", kind=Kind.ID, meaning="The older revision."),
            Parameter(name="b", kind=Kind.ID, meaning="The newer revision."),
        ),
        response=RevisionComparison,
        errors=(400, 404, 409),
    ),
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
