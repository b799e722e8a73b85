"""The table of operations: how each runs, the status it shows, its recovery after a crash, and who may request it.

This is the only such table: execution, recovery, the rules for requested tasks and the OpenAPI document derive from it.
A new operation needs its parameters in `operations.py`, an entry here, and its steps.

Source: docs/contract/workers.md, "Operations".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from platz.db.enums import DeploymentStatus
from platz.db.tables.tasks import TaskRow
from platz.tasks import actions, releases, removals, restarts
from platz.tasks.context import OperationContext
from platz.tasks.operations import (
    Install,
    InvokeAction,
    Operation,
    Recreate,
    Reinstall,
    RestartK8sResource,
    Uninstall,
    Upgrade,
)


class Needs(Enum):
    """Who may request an operation, if anyone."""

    CHANGE = "nobody may request it: it follows from a change"
    MAINTAINER = "a maintainer of the kind in the environment"
    ACTION_ROLE = "the role that the chart's action names"


@dataclass(frozen=True, kw_only=True)
class OperationKind:
    """The properties of an operation other than its parameters.

    ``steps`` does the work and returns the task's output. ``status`` is the deployment's status meanwhile (None: it
    does not change); with ``failure_shows``, a failed task sets it to `Error`; with ``failure_is_told``, the status
    stays, and the reason says that Platz goes on trying. ``is_release``: after a crash, the Helm
    release shows the outcome. ``may_be_repeated``: running the operation twice does no harm. ``schema_name`` is its
    name in the OpenAPI document, on which generated clients depend.
    """

    parameters: type[Operation]
    steps: Callable[[OperationContext, TaskRow], str]
    summary: str
    schema_name: str
    status: DeploymentStatus | None = None
    failure_shows: bool = False
    failure_is_told: bool = False
    is_release: bool = False
    may_be_repeated: bool = True
    needs: Needs = Needs.CHANGE

    @property
    def name(self) -> str:
        """The operation's name in JSON."""
        return self.parameters.__name__


_KINDS = (
    OperationKind(
        parameters=Install,
        steps=releases.install,
        summary="Install the chart.",
        schema_name="DeploymentInstallTask",
        status=DeploymentStatus.INSTALLING,
        failure_shows=True,
        is_release=True,
    ),
    OperationKind(
        parameters=Upgrade,
        steps=releases.upgrade,
        summary="Upgrade to another chart, config or override.",
        schema_name="DeploymentUpgradeTask",
        status=DeploymentStatus.UPGRADING,
        failure_shows=True,
        is_release=True,
    ),
    OperationKind(
        parameters=Reinstall,
        steps=releases.reinstall,
        summary="Run what is installed again.",
        schema_name="DeploymentReinstallTask",
        status=DeploymentStatus.UPGRADING,
        failure_shows=True,
        is_release=True,
    ),
    OperationKind(
        parameters=Recreate,
        steps=removals.recreate,
        summary="Move to another namespace or cluster.",
        schema_name="DeploymentRecreaseTask",  # generated clients have this spelling
        status=DeploymentStatus.RENAMING,
        failure_shows=True,
    ),
    OperationKind(
        parameters=Uninstall,
        steps=removals.uninstall,
        summary="Remove what is installed.",
        schema_name="DeploymentUninstallTask",
        status=DeploymentStatus.UNINSTALLING,
        failure_is_told=True,
    ),
    OperationKind(
        parameters=InvokeAction,
        steps=actions.invoke_action,
        summary="Call an action of the deployment.",
        schema_name="DeploymentInvokeActionTask",
        may_be_repeated=False,
        needs=Needs.ACTION_ROLE,
    ),
    OperationKind(
        parameters=RestartK8sResource,
        steps=restarts.restart,
        summary="Restart the pods of one workload.",
        schema_name="DeploymentRestartK8sResourceTask",
        needs=Needs.MAINTAINER,
    ),
)

OPERATION_KINDS: Mapping[str, OperationKind] = {kind.name: kind for kind in _KINDS}
"""Every operation by its name in JSON."""
