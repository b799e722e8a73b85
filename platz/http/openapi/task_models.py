"""The JSON of `deployment_tasks.operation` (data-model.md 6.1, 6.2), for the OpenAPI document.

Invariant: in requests the operation is read by platz/tasks/operations.py, which knows the one JSON
form; these models only describe it. The schema names are those of generated clients, spelling included.
"""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import RootModel, WithJsonSchema

from platz.http.openapi.models import AnyJson, Document


class DeploymentInstallTask(Document):
    """Install the chart."""

    helm_chart_id: UUID
    config_inputs: AnyJson
    values_override: AnyJson


class JsonDiffPair(RootModel[tuple[AnyJson, AnyJson]]):
    """The old and the new value."""


class JsonDiff(RootModel[dict[str, JsonDiffPair]]):
    """What differs between two documents, by dotted path."""


class DeploymentUpgradeTask(Document):
    """Upgrade to another chart, config or override."""

    helm_chart_id: UUID
    prev_helm_chart_id: UUID | None
    config_inputs: AnyJson
    config_delta: JsonDiff | None
    values_override: AnyJson


class DeploymentReinstallTask(Document):
    """Run what is installed again."""

    reason: str


class DeploymentRecreaseTask(Document):
    """Move to another namespace or cluster."""

    old_cluster_id: UUID
    old_namespace: str
    new_cluster_id: UUID
    new_namespace: str


class DeploymentUninstallTask(Document):
    """Remove what is installed."""


class DeploymentInvokeActionTask(Document):
    """Call an action of the deployment."""

    helm_chart_id: UUID
    action_id: str
    body: AnyJson


class DeploymentRestartK8sResourceTask(Document):
    """Restart the pods of one workload."""

    resource_id: UUID
    resource_name: str


OPERATIONS: dict[str, type[Document]] = {
    "Install": DeploymentInstallTask,
    "Upgrade": DeploymentUpgradeTask,
    "Reinstall": DeploymentReinstallTask,
    "Recreate": DeploymentRecreaseTask,
    "Uninstall": DeploymentUninstallTask,
    "InvokeAction": DeploymentInvokeActionTask,
    "RestartK8sResource": DeploymentRestartK8sResourceTask,
}

STANDS_FOR = "x-schema"
"""In a generated schema: the one keyword of a place where the schema of this name belongs."""

DeploymentTaskOperation = Annotated[Any, WithJsonSchema({STANDS_FOR: "DeploymentTaskOperation"})]
"""An object with exactly one key, the operation's name. Any: `task_operation.from_json` reads it."""
