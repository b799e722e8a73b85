"""Install, Upgrade and Reinstall: the chart of a revision becomes a release.

Invariants: a release's revision carries the id of the task that made it, from its beginning in a label, which is
how a later owner knows what happened. No Helm runs twice at once for a release, because the cluster's lease is
ours and the queue runs one task of a deployment at a time; so what looks under way before a run is left over, and
is cleared away. What Helm did counts: a revision that Kubernetes has is recorded even when the process died
before it could do so.

Source: docs/contract/workers.md, "Install", "Upgrade", "Reinstall".
"""

from __future__ import annotations

import structlog

from platz.charts.rendering.helm_values import HelmValues, compose
from platz.db.enums import DeploymentStatus
from platz.db.tables import deployments
from platz.db.tables.tasks import TaskRow
from platz.errors import PlatzError, Rejected
from platz.helm.engine import HelmAction, HelmRun
from platz.helm.releases import Revision as ReleaseRevision
from platz.helm.releases import last_revision, settle
from platz.json import JsonObject
from platz.kube.client import KubeClient
from platz.kube.namespaces import ensure_namespace
from platz.kube.pods import remove_pods
from platz.kube.secret_objects import Secrets, apply_secret
from platz.observation.deployment_credentials import write_credentials
from platz.tasks.chart_items import DatabaseCollections
from platz.tasks.chart_values import values_inputs
from platz.tasks.context import OperationContext
from platz.tasks.declared_types import save_resource_types
from platz.tasks.operations import Reinstall, from_json
from platz.tasks.task_target import (
    Revision,
    TaskTarget,
    load_present_revision,
    load_revision,
    load_target,
)

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

DESCRIPTION = "Platz task "
TASK_LABEL = "platz-task"
INTERRUPTED = "Platz was interrupted while Helm worked on this revision."


class HelmFailed(PlatzError):
    """Helm failed."""


def install(context: OperationContext, task: TaskRow) -> str:
    """Make the namespace and install the chart; returns Helm's output."""
    target, revision = _load(context, task)
    prepare_namespace(context, target)
    return _release(context, task, target, revision, HelmAction.INSTALL)


def upgrade(context: OperationContext, task: TaskRow) -> str:
    """Upgrade the release, or install it when it is not there."""
    target, revision = _load(context, task)
    prepare_namespace(context, target)
    return _release(context, task, target, revision, HelmAction.UPGRADE)


def reinstall(context: OperationContext, task: TaskRow) -> str:
    """Apply the present revision once more, with what its inputs point to as it is now."""
    with context.database.reading() as connection:
        target = load_target(connection, task)
        revision = load_present_revision(connection, target.deployment)
    prepare_namespace(context, target)
    return _release(context, task, target, revision, HelmAction.UPGRADE)


def record_release(context: OperationContext, task: TaskRow) -> None:
    """Write down that the task's chart runs: revision, resource types, status `Running`."""
    with context.database.transaction() as connection:
        target = load_target(connection, task)
        own = _installs(task)
        revision = (
            load_revision(connection, task) if own else load_present_revision(connection, target.deployment)
        )
        if own:
            deployments.set_revision(connection, target.deployment.id, task.id)
        save_resource_types(connection, target, revision.chart)
        deployments.set_status(connection, target.deployment.id, DeploymentStatus.RUNNING)


def description_of(task: TaskRow) -> str:
    """What the release's revision says of the task that made it."""
    return f"{DESCRIPTION}{task.id}"


def task_of(revision: ReleaseRevision) -> str | None:
    """The id of the task that made a revision; None when Platz did not."""
    return revision.labels.get(TASK_LABEL)


def _installs(task: TaskRow) -> bool:
    return not isinstance(from_json(task.operation), Reinstall)


def _load(context: OperationContext, task: TaskRow) -> tuple[TaskTarget, Revision]:
    with context.database.reading() as connection:
        return load_target(connection, task), load_revision(connection, task)


def prepare_namespace(context: OperationContext, target: TaskTarget) -> None:
    """Make sure that the deployment's namespace is there and holds fresh credentials."""
    client = context.kube(target.cluster.id)
    ensure_namespace(client, name=target.namespace, deployment_id=target.deployment.id)
    write_credentials(
        client,
        namespace=target.namespace,
        deployment_id=target.deployment.id,
        credentials=context.credentials,
    )


def _release(
    context: OperationContext, task: TaskRow, target: TaskTarget, revision: Revision, action: HelmAction
) -> str:
    composed = _compose(context, target, revision)
    client = context.kube(target.cluster.id)
    for name, texts in composed.secrets.items():
        apply_secret(client, namespace=target.namespace, name=name, texts=texts)
    run = HelmRun(
        action=_clear_the_way(client, target, action),
        release=target.namespace,
        namespace=target.namespace,
        chart_archive=context.archives.fetch(revision.registry, revision.chart),
        values=composed.values,
        values_override=_override(target),
        description=description_of(task),
        labels={TASK_LABEL: str(task.id)},
        timeout_seconds=int(context.helm_timeout.total_seconds()),
        secrets=tuple(composed.confidential),
    )
    outcome = context.run_helm(run, cluster_id=target.cluster.id)
    if not outcome.ok:
        raise HelmFailed(outcome.output or "Helm failed without saying why.")
    record_release(context, task)
    return outcome.output


def _clear_the_way(client: KubeClient, target: TaskTarget, action: HelmAction) -> HelmAction:
    """Remove what an interrupted run left behind and the next one would stumble over.

    Returns what Helm must do then: an Install of what is there, because the deployment was moved and disabled while
    other tasks waited, is an upgrade.
    """
    store, release = Secrets(client), target.namespace
    last = last_revision(store, namespace=target.namespace, release=release)
    if last is None:
        return action
    remove_pods(client, namespace=target.namespace, names=last.leftover_pods)
    settle(store, namespace=target.namespace, release=release, action=action, reason=INTERRUPTED)
    left = last_revision(store, namespace=target.namespace, release=release)
    return action if left is None else HelmAction.UPGRADE


def _compose(context: OperationContext, target: TaskTarget, revision: Revision) -> HelmValues:
    with context.database.reading() as connection:
        collections = DatabaseCollections(connection, context.cipher)
        inputs = values_inputs(
            target,
            revision,
            own_url=context.credentials.own_url,
            collections=collections,
            cipher=context.cipher,
        )
        composed = compose(inputs)
    for warning in composed.warnings:
        log.warning("Values were composed with a warning", action="render", reason=warning)
    return composed


def _override(target: TaskTarget) -> JsonObject:
    override = target.deployment.values_override
    if override is not None and not isinstance(override, dict):
        raise Rejected("The deployment's values override must be an object.", field="values_override")
    return override or {}
