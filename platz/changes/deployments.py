"""Create, update and delete a deployment: what a user's request changes in the row, and which tasks it queues.

Invariant: each function makes one change in the caller's transaction (`Database.transaction()`): permission, locks,
validation, row and tasks together, or nothing. Locks are taken in the same order everywhere: environment, clusters,
kind, deployments by id.

Source: docs/contract/http-api.md, "Deployments".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from platz.access import permissions
from platz.changes import name_rules, update_plan
from platz.changes.chart_features import features_of
from platz.changes.dependants import deployment_item, refuse_if_used
from platz.changes.queueing import queue_operations
from platz.changes.reinstalls import lock_with_dependants, reinstall
from platz.changes.relocation import leave_place, tell_what_is_waited_for
from platz.changes.selected_items import refuse_foreign_selection
from platz.changes.shown_addresses import check_markdown
from platz.changes.update_plan import Effect
from platz.charts.documents.derived_names import namespace_name
from platz.charts.installability import is_refused
from platz.db.dependants import dependants_of
from platz.db.encryption import Cipher
from platz.db.enums import DeploymentStatus
from platz.db.field_encryption import decrypt_fields, reject_encrypted_markers
from platz.db.leases import is_served
from platz.db.tables import charts, clusters, deployments, kinds, task_waits, tasks
from platz.db.tables.charts import ChartRow
from platz.db.tables.deployments import DeploymentRow, NewDeploymentRow
from platz.db.tables.kinds import KindRow
from platz.errors import Conflict, NotFound, Rejected, Retryable
from platz.identities import ChartId, ClusterId, Deployment, DeploymentId, Identity, KindId, TaskId
from platz.json import JsonValue, json_equal
from platz.tasks import sensitive_inputs
from platz.tasks.operations import Operation, Uninstall
from platz.tasks.sensitive_inputs import InputEncryption

BEING_DELETED = "The deployment is being deleted."
MAX_MOVES_MEANWHILE = 5
"""How often an update starts over because the deployment was moved to another cluster while the update waited."""


@dataclass(frozen=True, kw_only=True)
class NewDeployment:
    """The requested deployment; None for config or override means the empty object."""

    name: str = ""
    kind_id: KindId
    cluster_id: ClusterId
    helm_chart_id: ChartId
    config: JsonValue = None
    values_override: JsonValue = None


@dataclass(frozen=True, kw_only=True)
class DeploymentUpdate:
    """The requested changes; None means "not given" (also for values_override, see docs/contract/http-api.md,
    "Deployments")."""

    name: str | None = None
    cluster_id: ClusterId | None = None
    helm_chart_id: ChartId | None = None
    config: JsonValue = None
    values_override: JsonValue = None
    enabled: bool | None = None
    description_md: str | None = None

    @property
    def is_only_described(self) -> bool:
        """Whether at most the description changes, so that neither the deployment nor its dependants are affected."""
        return all(value is None for column, value in vars(self).items() if column != "description_md")


def create_deployment(
    connection: Connection, identity: Identity, new: NewDeployment, *, cipher: Cipher
) -> DeploymentId:
    """Insert the deployment and queue its Install; sensitive inputs are encrypted in both.

    Raises NotFound (cluster, chart), Denied, Rejected (name, kind), Conflict (name taken, one per cluster).
    """
    clusters.lock(connection, new.cluster_id)
    permissions.require_deployment_owner(connection, new.cluster_id, new.kind_id, identity)
    _reject_override(new.values_override)
    kind = _shared_kind(connection, new.kind_id)
    chart = _chart_of_kind(connection, new.helm_chart_id, kind)
    name_rules.check_cardinality(features_of(chart).cardinality, new.name)
    name_rules.check_name(kind.name, new.name)
    _require_free_namespace(connection, kind, new.cluster_id, new.name)
    _reject_encrypted(new)
    refuse_foreign_selection(connection, chart, new.cluster_id, new.config, cipher=cipher)
    encrypted = InputEncryption.of_charts(cipher, chart.values_ui)
    row = NewDeploymentRow(
        name=new.name,
        kind_id=new.kind_id,
        cluster_id=new.cluster_id,
        helm_chart_id=new.helm_chart_id,
        config=encrypted.inputs({} if new.config is None else new.config),
        values_override={} if new.values_override is None else new.values_override,
    )
    deployment_id = deployments.insert_new(connection, row)
    queue_operations(connection, identity, deployment_id, new.cluster_id, [update_plan.install(row)])
    return deployment_id


def update_deployment(
    connection: Connection,
    identity: Identity,
    deployment_id: DeploymentId,
    update: DeploymentUpdate,
    *,
    cipher: Cipher,
    reason: str | None = None,
    check: Callable[[DeploymentRow], None] = lambda _row: None,
) -> bool:
    """Save the differences and queue the tasks that they cause (`update_plan.py`); ``reason`` is told by an Upgrade.

    An update that changes nothing has no effect at all, and is the only one for which this returns False. Sensitive
    inputs are encrypted in the row and in the tasks. ``check`` sees the locked row before the change and may refuse.
    Raises NotFound, Denied, Rejected, Conflict, Retryable (the deployment keeps being moved).
    """
    kind, held = _hold(connection, deployment_id, update)
    stored = held.pop(deployment_id)
    _require_maintainer(connection, identity, stored, stored.cluster_id)
    before = _in_plain(stored, cipher)
    check(before)
    after = _updated(before, _with_unread_inputs(connection, identity, before, update))
    _require_update(connection, identity, before, after)
    if after is before:
        return False
    _require_storable(update, before, after)
    chart = _validated(connection, kind, before, after)
    if _selects_anew(before, after):
        refuse_foreign_selection(connection, chart, after.cluster_id, after.config, cipher=cipher)
    effect = update_plan.effect_of(before, after)
    if effect is Effect.UNINSTALL:
        _refuse_if_used_by_enabled(connection, deployment_id)
    encrypted = InputEncryption.of_charts(cipher, chart.values_ui, _form_before(connection, before, chart))
    deployments.save(connection, replace(after, config=encrypted.inputs(after.config)))
    planned = update_plan.operations_for(effect, before, after, kind.name, reason=reason)
    queued = _queue_what_follows(connection, identity, before, after, kind, map(encrypted.operation, planned))
    if update_plan.is_passed_on(effect, reinstall_dependencies=features_of(chart).reinstall_dependencies):
        cause = f"The {before.name or kind.name} deployment has been updated"
        reinstall(connection, held.values(), cause, identity, after=queued[-1])
    return True


def delete_deployment(connection: Connection, identity: Identity, deployment_id: DeploymentId) -> None:
    """Mark the deployment as being deleted, cancel what waits, and queue its Uninstall; a second call changes nothing.

    The deployment's runner notices the Uninstall and stops what is running (`platz.actors.deployment_runner`).

    Raises NotFound, Denied, Conflict (other deployments use it).
    """
    row = deployments.lock(connection, [deployment_id]).get(deployment_id)
    if row is None:
        raise NotFound
    permissions.require_deployment_owner(connection, row.cluster_id, row.kind_id, identity)
    if row.status is DeploymentStatus.DELETING:
        return
    users = dependants_of(connection, deployment_item(deployment_id))
    refuse_if_used("This deployment can't be deleted because other deployments depend on it", users)
    deployments.set_status(connection, deployment_id, DeploymentStatus.DELETING)
    canceled = tasks.cancel_all(connection, deployment_id, identity, BEING_DELETED)
    task_waits.end_what_waits(connection, canceled, BEING_DELETED)
    queue_operations(connection, identity, deployment_id, row.cluster_id, [Uninstall()])
    tell_what_is_waited_for(connection, row)


def _hold(
    connection: Connection, deployment_id: DeploymentId, update: DeploymentUpdate
) -> tuple[KindRow, dict[DeploymentId, DeploymentRow]]:
    """Lock everything that the update may touch: the new cluster, the kind, the deployment and its dependants.

    Returns the kind, and the deployment with its dependants. If the update only renames the deployment, the lock of its
    present cluster comes first; if somebody moves the deployment meanwhile, all locks are released and taken again.
    """
    if update.name is None or update.cluster_id is not None:
        kind, held, _ = _lock_where_seen(connection, deployment_id, update)
        return kind, held
    for _ in range(MAX_MOVES_MEANWHILE):
        attempt = connection.begin_nested()
        kind, held, is_where_seen = _lock_where_seen(connection, deployment_id, update)
        if is_where_seen:
            attempt.commit()
            return kind, held
        attempt.rollback()
    raise Retryable("Somebody else keeps moving this deployment at the same time; try again")


def _lock_where_seen(
    connection: Connection, deployment_id: DeploymentId, update: DeploymentUpdate
) -> tuple[KindRow, dict[DeploymentId, DeploymentRow], bool]:
    """Take the locks; the last value returned says whether the locked cluster is the right one."""
    seen = deployments.get(connection, deployment_id)
    if seen is None:
        raise NotFound
    may_relocate = update.name is not None or update.cluster_id is not None
    destination = update.cluster_id or seen.cluster_id
    if may_relocate:
        clusters.lock(connection, destination)
    kind = _shared_kind(connection, seen.kind_id)
    if update.is_only_described:  # finding dependants would read every deployment's inputs
        held = deployments.lock(connection, [deployment_id])
    else:
        held = lock_with_dependants(connection, deployment_id)
    if deployment_id not in held:
        raise NotFound
    present = update.cluster_id or held[deployment_id].cluster_id
    return kind, held, not may_relocate or present == destination


def _in_plain(row: DeploymentRow, cipher: Cipher) -> DeploymentRow:
    return replace(row, config=decrypt_fields(row.config, cipher))


def _reject_encrypted(given: NewDeployment | DeploymentUpdate) -> None:
    reject_encrypted_markers(given.config, "config")
    reject_encrypted_markers(given.values_override, "values_override")


def _form_before(connection: Connection, before: DeploymentRow, chart: ChartRow) -> JsonValue:
    """Return the form of the chart that the deployment had before the update, which may be ``chart``."""
    old = chart if before.helm_chart_id == chart.id else charts.get(connection, before.helm_chart_id)
    return None if old is None else old.values_ui


def _with_unread_inputs(
    connection: Connection, identity: Identity, before: DeploymentRow, update: DeploymentUpdate
) -> DeploymentUpdate:
    """Return the update with the sensitive inputs that a deployment leaves out, because it is not given its own.

    Source: docs/contract/auth.md, "What deployments may do".
    """
    if not isinstance(identity, Deployment) or not isinstance(update.config, dict):
        return update
    chart = charts.get(connection, before.helm_chart_id)
    sensitive = sensitive_inputs.of_chart(None if chart is None else chart.values_ui)
    present = before.config if isinstance(before.config, dict) else {}
    kept = {key: value for key, value in present.items() if key in sensitive}
    return replace(update, config={**kept, **update.config})


def _updated(row: DeploymentRow, update: DeploymentUpdate) -> DeploymentRow:
    """Return the row with the update applied; the same object if nothing differs."""
    differing = {
        column: value
        for column, value in vars(update).items()
        if value is not None and not json_equal(getattr(row, column), value)
    }
    return replace(row, **differing) if differing else row


def _require_maintainer(
    connection: Connection, identity: Identity, row: DeploymentRow, cluster_id: ClusterId
) -> None:
    permissions.require_deployment_maintainer(
        connection, cluster_id, row.kind_id, identity, deployment_id=row.id
    )


def _require_update(
    connection: Connection, identity: Identity, before: DeploymentRow, after: DeploymentRow
) -> None:
    """Raise Denied unless the identity may edit in the new cluster, and may enable or disable in both if needed."""
    _require_maintainer(connection, identity, before, after.cluster_id)
    for cluster_id in dict.fromkeys((before.cluster_id, after.cluster_id)):
        if before.enabled != after.enabled:
            permissions.require_enabling(
                connection, cluster_id, before.kind_id, identity, deployment_id=before.id
            )


def _require_storable(update: DeploymentUpdate, before: DeploymentRow, after: DeploymentRow) -> None:
    """Raise Conflict if the deployment is being deleted, Rejected for inputs or a text that no row may have."""
    if before.status is DeploymentStatus.DELETING:
        raise Conflict("This deployment is being deleted")
    _reject_encrypted(update)
    _reject_override(update.values_override)
    if after.description_md is not None and after.description_md != before.description_md:
        check_markdown(after.description_md, "description_md")


def _refuse_if_used_by_enabled(connection: Connection, deployment_id: DeploymentId) -> None:
    users = [user for user in dependants_of(connection, deployment_item(deployment_id)) if user.enabled]
    refuse_if_used("This deployment can't be disabled because other deployments depend on it", users)


def _validated(
    connection: Connection, kind: KindRow, before: DeploymentRow, after: DeploymentRow
) -> ChartRow:
    """Apply the rules to the fields that change, not to all given ones, and return the new chart."""
    renamed, moved = before.name != after.name, before.cluster_id != after.cluster_id
    if before.helm_chart_id != after.helm_chart_id:
        chart = _chart_of_kind(connection, after.helm_chart_id, kind)
    else:
        chart = _chart(connection, after.helm_chart_id)
    if renamed or before.helm_chart_id != after.helm_chart_id:
        name_rules.check_cardinality(features_of(chart).cardinality, after.name)
    if renamed:
        name_rules.check_name(kind.name, after.name)
    if renamed or moved:
        _require_free_namespace(connection, kind, after.cluster_id, after.name, but=after.id)
    return chart


def _selects_anew(before: DeploymentRow, after: DeploymentRow) -> bool:
    """Tell whether other items may be selected than before, or the same ones from another place."""
    is_elsewhere = (before.cluster_id, before.helm_chart_id) != (after.cluster_id, after.helm_chart_id)
    return is_elsewhere or not json_equal(before.config, after.config)


def _queue_what_follows(
    connection: Connection,
    identity: Identity,
    before: DeploymentRow,
    after: DeploymentRow,
    kind: KindRow,
    operations: Iterable[Operation],
) -> list[TaskId]:
    """Queue the deployment's own tasks, whose sensitive inputs are encrypted, and return their ids.

    An Uninstall runs in the cluster where the deployment was before, unless nobody serves that one.
    """
    relocated = update_plan.relocates(before, after)
    if relocated:
        leave_place(connection, before, after, kind.name)
    effect = update_plan.effect_of(before, after)
    stays = effect is Effect.UNINSTALL and is_served(connection, before.cluster_id)
    cluster_id = before.cluster_id if stays else after.cluster_id
    queued = queue_operations(connection, identity, after.id, cluster_id, operations)
    if effect is Effect.RELOCATE:
        recreate, upgrade = queued
        task_waits.add(connection, [upgrade], recreate)
    if relocated or effect is Effect.UNINSTALL:
        tell_what_is_waited_for(connection, after)
    return queued


def _shared_kind(connection: Connection, kind_id: KindId) -> KindRow:
    kind = kinds.lock_shared(connection, kind_id)
    if kind is None:
        raise Rejected("There is no such deployment kind", field="kind_id")
    return kind


def _chart(connection: Connection, chart_id: ChartId) -> ChartRow:
    chart = charts.get(connection, chart_id)
    if chart is None:
        raise NotFound
    return chart


def _chart_of_kind(connection: Connection, chart_id: ChartId, kind: KindRow) -> ChartRow:
    chart = _chart(connection, chart_id)
    if charts.kind_of(connection, chart_id) != kind.id:
        raise Rejected(f"This chart is not one of kind {kind.name}", field="helm_chart_id")
    if is_refused(chart.error):
        raise Rejected(chart.error, field="helm_chart_id")
    return chart


def _reject_override(override: JsonValue) -> None:
    """Raise Rejected for an override that Helm can't merge; null and an absent one change nothing."""
    if override is not None and not isinstance(override, dict):
        raise Rejected("The values override must be an object", field="values_override")


def _require_free_namespace(
    connection: Connection,
    kind: KindRow,
    cluster_id: ClusterId,
    name: str,
    *,
    but: DeploymentId | None = None,
) -> None:
    """Raise Conflict if the namespace is taken; the caller holds the cluster's lock, so a free one stays free."""
    namespace = namespace_name(kind.name, name)
    if deployments.in_namespace(connection, cluster_id, namespace, but=but) is not None:
        raise Conflict(f"Another deployment of this cluster already has the namespace {namespace}")
