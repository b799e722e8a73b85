"""Changes of a deployment shown before they are made, and two revisions side by side.

Source: docs/contract/http-api.md, "Previewing a change", "Comparing revisions".
"""

from __future__ import annotations

from uuid import UUID

from platz.access.authentication import subject_gone
from platz.db.lists.catalogue import DEPLOYMENTS
from platz.db.lists.reading import read_item_as
from platz.errors import Rejected
from platz.http.endpoints import deployments
from platz.http.endpoints.deployments import NewDeployment, UpdateDeployment
from platz.http.openapi.preview_models import ChangePreview, RevisionComparison
from platz.http.queries import Kind, Parameter
from platz.http.responses import ApiResponse, answer_json
from platz.http.route import AnyRoute, ApiRequest, Permission, Route
from platz.identities import DeploymentId, TaskId
from platz.preview.requested import Requested, deletion, rollback


class PreviewChange(UpdateDeployment):
    """An update as it would be sent; or `revision_id` of a rollback; or `delete`. One of the three."""

    revision_id: UUID | None = None
    delete: bool = False


def of_creation(request: ApiRequest[NewDeployment]) -> ApiResponse:
    """Preview the creation of a deployment."""
    return answer_json(request.services.previews.preview(deployments.requested_creation(request)))


def of_change(request: ApiRequest[PreviewChange]) -> ApiResponse:
    """Preview a change of a deployment."""
    return answer_json(request.services.previews.preview(_requested(request)))


def compare(request: ApiRequest) -> ApiResponse:
    """Compare two revisions of a deployment that the caller may see."""
    deployment_id, older, newer = DeploymentId(request.path_id), _given(request, "a"), _given(request, "b")
    with request.database.reading() as connection:
        seen = read_item_as(connection, DEPLOYMENTS, deployment_id, caller=request.identity)
    if seen is None:
        raise subject_gone(request.identity)
    return answer_json(request.services.previews.compare(request.identity, deployment_id, older, newer))


def _requested(request: ApiRequest[PreviewChange]) -> Requested:
    body, deployment_id = request.body, DeploymentId(request.path_id)
    update = deployments.update_of(body)
    is_update = any(value is not None for value in vars(update).values())
    if is_update + (body.revision_id is not None) + body.delete > 1:
        raise Rejected("Preview an update, a rollback or a deletion, but one at a time", field="revision_id")
    if body.delete:
        return deletion(request.identity, deployment_id)
    if body.revision_id is not None:
        return rollback(request.identity, deployment_id, TaskId(body.revision_id), request.services.cipher)
    return deployments.requested_update(request, update)


def _given(request: ApiRequest, name: str) -> TaskId:
    value = request.query.get(name)
    if not isinstance(value, UUID):
        raise Rejected(f"Give the id of a revision as {name}", field=name)
    return TaskId(value)


ROUTES: tuple[AnyRoute, ...] = (
    Route(
        method="POST",
        path="/deployments/preview",
        operation_id="previewNewDeployment",
        tag=deployments.ENTITY.tag,
        summary="Preview the creation of a deployment",
        handler=of_creation,
        permission=Permission.OWNER,
        request=NewDeployment,
        response=ChangePreview,
        errors=(404, 409),
    ),
    Route(
        method="POST",
        path="/deployments/{id}/preview",
        operation_id="previewDeploymentChange",
        tag=deployments.ENTITY.tag,
        summary="Preview a change of a deployment",
        handler=of_change,
        permission=Permission.PER_OPERATION,
        request=PreviewChange,
        response=ChangePreview,
        errors=(404, 409),
    ),
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
)
