"""Uninstall and Recreate: the operations after which a deployment is no longer where it was.

Invariant: what a deployment has is recorded as left before anything of it is removed, so that a removal that fails or
is interrupted goes on (`platz.tasks.clearing`). The resource tracker sets the final status at the end.

Source: docs/contract/workers.md, "Recreate", "Uninstall".
"""

from __future__ import annotations

from platz.db.enums import REMOVAL_STATUSES
from platz.db.tables import deployments, left_namespaces
from platz.db.tables.left_namespaces import Place
from platz.db.tables.tasks import TaskRow
from platz.errors import NotFound
from platz.helm.report import bounded
from platz.identities import ClusterId
from platz.observation.known_namespaces import known_names
from platz.tasks.clearing import leave_places, remove_namespace
from platz.tasks.context import OperationContext
from platz.tasks.new_place import make_place
from platz.tasks.operations import Recreate, from_json
from platz.tasks.task_target import load_target


def uninstall(context: OperationContext, task: TaskRow) -> str:
    """Remove every namespace that the deployment has in the task's cluster, whatever the deployment's present name.

    Returns what stays outside the namespaces, as text. If the cluster refuses or does not respond, the task fails,
    and the namespaces stay recorded as left.
    """
    places = _leave_cluster(context, task)
    undone = [remove_namespace(context, task, task.deployment_id, place) for place in places]
    told = bounded("\n".join(filter(None, undone)))
    with context.changing(task) as connection:
        deployments.set_revision(connection, task.deployment_id, None)
        for place in places:
            left_namespaces.take_back(connection, task.deployment_id, place)
        if told:
            deployments.set_reason_if(connection, task.deployment_id, REMOVAL_STATUSES, told)
    return told


def recreate(context: OperationContext, task: TaskRow) -> str:
    """Make the deployment's new namespace, then leave the old one; the Upgrade behind this task installs the chart.

    If the new place can't be had, the task fails, and the old one stays as it is. If the old one can't be removed, the
    task succeeds, and the place is cleared later. Returns what had to be left undone.
    """
    operation = from_json(task.operation)
    assert isinstance(operation, Recreate)  # noqa: S101 - the dispatch table says so
    with context.database.reading() as connection:
        target = load_target(connection, task)
    make_place(context, task, target)
    old = Place(cluster_id=ClusterId(operation.old_cluster_id), namespace=operation.old_namespace)
    if old != target.place:
        with context.changing(task) as connection:
            left_namespaces.record(connection, task.deployment_id, old, released=True)
    return leave_places(context, task, target.place)


def _leave_cluster(context: OperationContext, task: TaskRow) -> list[Place]:
    """Record as left, and released, what the deployment may have in the task's cluster and all that it left before."""
    with context.changing(task) as connection:
        row = deployments.get(connection, task.deployment_id)
        if row is None:
            raise NotFound("The deployment does not exist any more.")
        names = known_names(connection, row.id, kind_id=row.kind_id, name=row.name)
        places = [Place(cluster_id=task.cluster_id, namespace=name) for name in sorted(names)]
        for place in places:
            left_namespaces.record(connection, row.id, place, released=True)
        left_namespaces.release(connection, row.id)
    return places
