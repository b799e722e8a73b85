"""The key `allowed` of deployments: for each change true, or why not and who can give the right to it.

Source: docs/contract/http-api.md, "What the caller may change".
"""

from __future__ import annotations

from typing import Literal

from sqlalchemy import Connection

from platz.access.allowed import Verdict, allowed_action, allowed_changes
from platz.charts.documents.actions import parse_actions
from platz.charts.reading.problems import InvalidDocument
from platz.db.enums import DeploymentRole
from platz.db.tables import charts, deployments
from platz.errors import Rejected
from platz.http.openapi.models import Document
from platz.http.queries import Kind, Parameter
from platz.http.route import ApiRequest
from platz.identities import ClusterId, DeploymentId, Identity, KindId
from platz.json import JsonObject, JsonValue

WITH_ALLOWED = Parameter(
    name="with", kind=Kind.TEXT, meaning="`allowed`: tell for each change whether the caller may make it."
)


class ChangeRefusal(Document):
    """Why the caller may not make a change, and who can give the right to it."""

    reason: str
    granted_by: str


ChangeVerdict = Literal[True] | ChangeRefusal


class AllowedOnRow(Document):
    """For each change of a deployment true, or why not."""

    change: ChangeVerdict
    restart: ChangeVerdict
    roll_back: ChangeVerdict
    enable: ChangeVerdict
    delete: ChangeVerdict


class AllowedChanges(AllowedOnRow):
    """For each change of a deployment, and for each action of its chart by its id, true, or why not."""

    actions: dict[str, ChangeVerdict]


def wants_allowed(request: ApiRequest) -> bool:
    """Return whether the caller asks for it; raise `Rejected` for anything else that is asked for."""
    wanted = request.query.get("with")
    if wanted not in {None, "allowed"}:
        raise Rejected("Query deserialize error: with: `allowed` is expected", field="with")
    return wanted is not None


def told_with_deployment(request: ApiRequest, connection: Connection) -> JsonObject:
    """Return `allowed` for a deployment that the caller sees, if it is asked for."""
    deployment = (
        deployments.get(connection, DeploymentId(request.path_id)) if wants_allowed(request) else None
    )
    if deployment is None:
        return {}
    place = deployment.cluster_id, deployment.kind_id
    told = allowed_on(connection, request.identity, *place, deployment_id=deployment.id)
    chart = charts.get(connection, deployment.helm_chart_id)
    roles = _action_roles(None if chart is None else chart.actions_schema)
    told["actions"] = {
        action: _told(
            allowed_action(connection, request.identity, *place, role=role, deployment_id=deployment.id)
        )
        for action, role in roles.items()
    }
    return {"allowed": told}


def allowed_on(
    connection: Connection,
    identity: Identity,
    cluster_id: ClusterId,
    kind_id: KindId,
    *,
    deployment_id: DeploymentId,
) -> JsonObject:
    """Return the verdicts for a deployment of this kind in this cluster."""
    verdicts = allowed_changes(connection, identity, cluster_id, kind_id, deployment_id=deployment_id)
    return {name: _told(verdict) for name, verdict in verdicts.items()}


def _told(verdict: Verdict) -> JsonValue:
    return True if verdict is None else {"reason": verdict.reason, "granted_by": verdict.granted_by}


def _action_roles(stored: JsonValue) -> dict[str, DeploymentRole]:
    try:
        actions = () if stored is None else parse_actions(stored).actions
    except InvalidDocument:
        return {}  # nobody can run actions that can't be read
    return {action.id: DeploymentRole(action.allowed_role.value) for action in actions}
