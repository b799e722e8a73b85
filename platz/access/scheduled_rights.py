"""The rights of whoever scheduled a task, at the time when it starts.

Invariant: a task that was requested for later starts only if its creator might request it now.

Source: docs/contract/auth.md, "Scheduled tasks".
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from platz.access import permissions
from platz.charts.documents.actions import find_action
from platz.charts.reading.problems import InvalidDocument
from platz.db.enums import DeploymentRole
from platz.db.tables import charts, deployments
from platz.errors import Denied, NotFound
from platz.identities import ChartId, DeploymentId, Identity


class SchedulerMayNot(Denied):
    """Whoever scheduled this task may not do this any more, so it was not carried out. Ask somebody who may."""


@dataclass(frozen=True, kw_only=True)
class ChartAction:
    """An action, by the chart that declares it."""

    chart_id: ChartId
    action_id: str


def require_present_right(
    connection: Connection,
    creator: Identity | None,
    deployment_id: DeploymentId,
    action: ChartAction | None,
) -> None:
    """Raise `SchedulerMayNot` unless the creator may invoke the action now; without one, unless a maintainer."""
    deployment = deployments.get(connection, deployment_id)
    if creator is None or deployment is None:
        raise SchedulerMayNot
    try:
        permissions.require_deployment_role(
            connection,
            deployment.cluster_id,
            deployment.kind_id,
            _needed_role(connection, action),
            creator,
            deployment_id=deployment_id,
        )
    except (Denied, NotFound) as error:
        raise SchedulerMayNot from error


def _needed_role(connection: Connection, action: ChartAction | None) -> DeploymentRole:
    """Return the role that the action names; an action that is gone fails by itself."""
    if action is None:
        return DeploymentRole.MAINTAINER
    chart = charts.get(connection, action.chart_id)
    try:
        found = find_action(None if chart is None else chart.actions_schema, action.action_id)
    except (NotFound, InvalidDocument):
        return DeploymentRole.MAINTAINER
    return DeploymentRole(found.allowed_role.value)
