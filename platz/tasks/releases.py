"""Install, Upgrade and Reinstall: the operations that make a Helm release of a revision's chart.

Invariants: each revision of a release carries the id of its task in a label from the beginning, so a later runner can
tell what happened. What Helm has done counts: a deployed revision is recorded even if the process died before it could
do so.

Source: docs/contract/workers.md, "Install", "Upgrade", "Reinstall".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import structlog

from platz.charts.archive import unpack
from platz.charts.documents.features import effective_features
from platz.charts.rendering.helm_values import HelmValues, compose
from platz.charts.values.own_values import own_values
from platz.db.enums import DeploymentStatus
from platz.db.tables import deployments, left_namespaces
from platz.db.tables.tasks import TaskRow
from platz.errors import PlatzError
from platz.helm.cluster_trouble import ClusterTrouble
from platz.helm.engine import HelmAction, HelmOutcome, HelmRun
from platz.helm.releases import ReleaseStatus, last_revision
from platz.helm.releases import Revision as ReleaseRevision
from platz.kube.client import KubeClient
from platz.kube.namespaces import ensure_namespace
from platz.kube.secret_objects import Secrets, apply_secret
from platz.observation.deployment_credentials import write_credentials
from platz.tasks.chart_items import DatabaseCollections
from platz.tasks.chart_values import values_inputs, values_override
from platz.tasks.cluster_faults import helm_failure
from platz.tasks.context import OperationContext, TaskServices
from platz.tasks.declared_types import require_agreeing_types, save_resource_types
from platz.tasks.hook_watch import HookWatch
from platz.tasks.operations import Reinstall, from_json
from platz.tasks.releasing.helm_runs import ReleaseRun, run_release
from platz.tasks.releasing.stopped import settle_stopped
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
HAD_FINISHED = "Helm had finished before Platz could write it down."


@dataclass(frozen=True, kw_only=True)
class PreparedChart:
    """A packaged chart on disk, and the values for it."""

    archive: Path
    composed: HelmValues


class HelmHadFinished(PlatzError):
    """An earlier run of this task has finished, so Helm must not run for it again."""


def install(context: OperationContext, task: TaskRow) -> str:
    """Create the namespace, install the chart, and return Helm's output; raise `HelmFailed`."""
    target, revision = _load(context, task)
    prepare_namespace(context, task, target)
    return _release(context, task, target, revision, HelmAction.INSTALL)


def upgrade(context: OperationContext, task: TaskRow) -> str:
    """Upgrade the release, or install it if it does not exist; return Helm's output."""
    target, revision = _load(context, task)
    prepare_namespace(context, task, target)
    return _release(context, task, target, revision, HelmAction.UPGRADE)


def reinstall(context: OperationContext, task: TaskRow) -> str:
    """Apply the present revision once more, with the present state of everything that its inputs refer to."""
    with context.database.reading() as connection:
        target = load_target(connection, task)
        revision = load_present_revision(connection, target.deployment)
    prepare_namespace(context, task, target)
    return _release(context, task, target, revision, HelmAction.UPGRADE)


def record_release(context: OperationContext, task: TaskRow) -> None:
    """Record that the task's chart is deployed: the revision, its resource types, and the status `Running`.

    The revision comes first, and stays although the types may be in conflict with others: the cluster has it.
    """
    own = _installs(task)
    if own:
        with context.changing(task) as connection:
            deployments.set_revision(connection, task.deployment_id, task.id)
    with context.changing(task) as connection:
        target = load_target(connection, task)
        revision = (
            load_revision(connection, task) if own else load_present_revision(connection, target.deployment)
        )
        save_resource_types(connection, target, revision.chart)
        left_namespaces.release(connection, target.deployment.id, but=target.place)
        left_behind = left_namespaces.remaining(connection, target.deployment.id)
        deployments.set_status(connection, target.deployment.id, DeploymentStatus.RUNNING, left_behind)


def stop(context: OperationContext, task: TaskRow) -> str:
    """Leave the release of a stopped task, whose Helm is gone, as the next task can use it; return what was applied.

    Raises the errors of the cluster.
    """
    with context.database.reading() as connection:
        target = load_target(connection, task)
    client = context.kube(target.cluster.id)
    return settle_stopped(
        client, release=target.namespace, is_of_task=lambda revision: task_of(revision) == str(task.id)
    )


def description_of(task: TaskRow) -> str:
    """Return the description of a Helm revision, which names the task that makes it."""
    return f"{DESCRIPTION}{task.id}"


def task_of(revision: ReleaseRevision) -> str | None:
    """Return the id of the task that made a Helm revision; None if Platz did not make it."""
    return revision.labels.get(TASK_LABEL)


def is_finished(last: ReleaseRevision | None, task: TaskRow) -> bool:
    """Return whether the newest Helm revision is the deployed one of this task, so that Helm must not run again."""
    return last is not None and last.status is ReleaseStatus.DEPLOYED and task_of(last) == str(task.id)


def _installs(task: TaskRow) -> bool:
    return not isinstance(from_json(task.operation), Reinstall)


def _load(context: OperationContext, task: TaskRow) -> tuple[TaskTarget, Revision]:
    with context.database.reading() as connection:
        return load_target(connection, task), load_revision(connection, task)


def prepare_namespace(context: OperationContext, task: TaskRow, target: TaskTarget) -> None:
    """Make sure that the deployment's namespace exists and holds fresh credentials."""
    client = context.kube(target.cluster.id)
    with context.changing(task) as connection:
        left_namespaces.take_back(connection, target.deployment.id, target.place)
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
    client = context.kube(target.cluster.id)
    try:
        outcome = _run_helm(context, task, target, revision, action)
    except HelmHadFinished:
        record_release(context, task)
        return HAD_FINISHED
    if not outcome.ok:
        raise helm_failure(outcome, client)
    _check_record(client, target, outcome)
    record_release(context, task)
    return outcome.output


def _run_helm(
    context: OperationContext, task: TaskRow, target: TaskTarget, revision: Revision, action: HelmAction
) -> HelmOutcome:
    chart = prepare_chart(context, target, revision)
    client = context.kube(target.cluster.id)
    for name, texts in chart.composed.secrets.items():
        apply_secret(client, namespace=target.namespace, name=name, texts=texts)
    look = partial(_refuse_if_finished, client, task, target)
    run = ReleaseRun(
        client=client,
        run_helm=partial(context.run_helm, cluster_id=target.cluster.id, task=task, last_look=look),
        wanted=helm_run(context, task, target, chart, action=action),
        policy=effective_features(revision.chart.features).outside_changes or context.outside_changes,
        look=look,
    )
    with HookWatch(context, task, client, namespace=target.namespace) as hooks:
        outcome = run_release(run)
    return hooks.explained(outcome)


def _check_record(client: KubeClient, target: TaskTarget, outcome: HelmOutcome) -> None:
    """Raise `HelmFailed` if the release's last revision is still under way although Helm reported success.

    Helm ignores that it can't record the end of a run. The next run would then find another one in progress, or no
    release that was ever deployed.
    """
    last = last_revision(Secrets(client), namespace=target.namespace, release=target.namespace)
    if last is None or not last.is_under_way:
        return
    unrecorded = replace(outcome, ok=False, output="Helm could not record that it was done.")
    failure = helm_failure(unrecorded, client)
    failure.trouble = failure.trouble or ClusterTrouble.AWAY
    raise failure


def helm_run(
    context: OperationContext,
    task: TaskRow,
    target: TaskTarget,
    chart: PreparedChart,
    *,
    action: HelmAction,
    dry_run: bool = False,
) -> HelmRun:
    """Return the run of Helm that applies a chart for a task."""
    return HelmRun(
        action=action,
        release=target.namespace,
        namespace=target.namespace,
        chart_archive=chart.archive,
        values=chart.composed.values,
        values_override=values_override(target),
        description=description_of(task),
        labels={TASK_LABEL: str(task.id)},
        timeout_seconds=int(context.helm_timeout.total_seconds()),
        secrets=tuple(chart.composed.confidential),
        dry_run=dry_run,
    )


def _refuse_if_finished(client: KubeClient, task: TaskRow, target: TaskTarget) -> None:
    """Raise `HelmHadFinished` if the newest Helm revision is the deployed one of this task."""
    last = last_revision(Secrets(client), namespace=target.namespace, release=target.namespace)
    if is_finished(last, task):
        raise HelmHadFinished


def prepare_chart(services: TaskServices, target: TaskTarget, revision: Revision) -> PreparedChart:
    """Fetch a revision's chart, and compose its values from the present state of everything that they depend on."""
    archive = services.archives.fetch(revision.registry, revision.chart)
    own = own_values(unpack(archive.read_bytes()))
    with services.database.reading() as connection:
        require_agreeing_types(connection, target, revision.chart)
        collections = DatabaseCollections(connection, services.cipher)
        inputs = values_inputs(
            target,
            revision,
            own_url=services.credentials.own_url,
            collections=collections,
            cipher=services.cipher,
            own=own,
        )
        composed = compose(inputs)
    for warning in composed.warnings:
        log.warning("Values were composed with a warning", action="render", reason=warning)
    return PreparedChart(archive=archive, composed=composed)
