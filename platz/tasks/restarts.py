"""RestartK8sResource: the restart of one workload's pods.

Source: docs/contract/workers.md, "RestartK8sResource".
"""

from __future__ import annotations

from platz.db.tables import k8s_resources
from platz.db.tables.k8s_resources import WorkloadId
from platz.db.tables.tasks import TaskRow
from platz.errors import NotFound
from platz.kube.workload_restart import restart_workload
from platz.tasks.context import OperationContext
from platz.tasks.operations import RestartK8sResource, from_json
from platz.tasks.task_target import load_target


def restart(context: OperationContext, task: TaskRow) -> str:
    """Make the workload replace its pods, without waiting for the rollout; raise `NotFound` if it does not exist."""
    operation = from_json(task.operation)
    assert isinstance(operation, RestartK8sResource)  # noqa: S101 - the dispatch table says so
    with context.database.reading() as connection:
        target = load_target(connection, task)
        workload = k8s_resources.get(connection, WorkloadId(operation.resource_id))
    if workload is None or workload.deployment_id != task.deployment_id:
        raise NotFound(f"The workload {operation.resource_name} does not exist any more.")
    client = context.kube(target.cluster.id)
    restart_workload(client, kind=workload.kind, namespace=target.namespace, name=workload.name)
    return ""
