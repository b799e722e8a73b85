"""The update plan: which tasks a change of a deployment causes, as pure functions of the row before and after.

Invariant: the effect depends only on the fields that differ, not on which fields the request gave.

Source: docs/contract/http-api.md, "Deployments"; docs/contract/workers.md, "Triggers of tasks".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import Enum, auto

from platz.charts.documents.derived_names import namespace_name
from platz.charts.reading.json_diff import json_diff
from platz.db.tables.deployments import DeploymentRow, NewDeploymentRow
from platz.json import json_equal
from platz.tasks.operations import Install, Operation, Recreate, Uninstall, Upgrade


class Effect(Enum):
    """The effect of a change on what is installed."""

    NOTHING = auto()
    INSTALL = auto()
    RELOCATE = auto()
    UPGRADE = auto()
    UNINSTALL = auto()


def effect_of(before: DeploymentRow, after: DeploymentRow) -> Effect:
    """Return the effect of a change; if there are several, only the strongest."""
    match before.enabled, after.enabled:
        case True, False:
            return Effect.UNINSTALL
        case False, True:
            return Effect.INSTALL
        case True, True if relocates(before, after):
            return Effect.RELOCATE
        case True, True if _installs_something_else(before, after):
            return Effect.UPGRADE
        case _:
            return Effect.NOTHING


def relocates(before: DeploymentRow, after: DeploymentRow) -> bool:
    """Return whether the deployment gets another namespace or cluster."""
    return (before.name, before.cluster_id) != (after.name, after.cluster_id)


def _installs_something_else(before: DeploymentRow, after: DeploymentRow) -> bool:
    return (
        before.helm_chart_id != after.helm_chart_id
        or not json_equal(before.config, after.config)
        or not json_equal(before.values_override, after.values_override)
    )


def is_passed_on(effect: Effect, *, reinstall_dependencies: bool) -> bool:
    """Return whether dependants are reinstalled; ``reinstall_dependencies`` is a feature of the new chart."""
    return effect in {Effect.INSTALL, Effect.RELOCATE} or (
        effect is Effect.UPGRADE and reinstall_dependencies
    )


def operations_for(
    effect: Effect,
    before: DeploymentRow,
    after: DeploymentRow,
    kind_name: str,
    *,
    reason: str | None = None,
) -> tuple[Operation, ...]:
    """Return the operations to queue, in order; ``reason`` is why there is an Upgrade, if that needs to be told."""
    operations = _OPERATIONS[effect](before, after, kind_name)
    return tuple(replace(each, reason=reason) if isinstance(each, Upgrade) else each for each in operations)


def install(row: DeploymentRow | NewDeploymentRow) -> Install:
    """Return the Install of the row's chart, config and override."""
    return Install(
        helm_chart_id=row.helm_chart_id, config_inputs=row.config, values_override=row.values_override
    )


def _upgrade(before: DeploymentRow, after: DeploymentRow) -> Upgrade:
    return Upgrade(
        helm_chart_id=after.helm_chart_id,
        prev_helm_chart_id=before.helm_chart_id,
        config_inputs=after.config,
        config_delta=json_diff(before.config, after.config),
        values_override=after.values_override,
    )


def _recreate(before: DeploymentRow, after: DeploymentRow, kind_name: str) -> Recreate:
    return Recreate(
        old_cluster_id=before.cluster_id,
        old_namespace=namespace_name(kind_name, before.name),
        new_cluster_id=after.cluster_id,
        new_namespace=namespace_name(kind_name, after.name),
    )


_OPERATIONS: dict[Effect, Callable[[DeploymentRow, DeploymentRow, str], tuple[Operation, ...]]] = {
    Effect.NOTHING: lambda _before, _after, _kind: (),
    Effect.INSTALL: lambda _before, after, _kind: (install(after),),
    Effect.RELOCATE: lambda before, after, kind: (_recreate(before, after, kind), _upgrade(before, after)),
    Effect.UPGRADE: lambda before, after, _kind: (_upgrade(before, after),),
    Effect.UNINSTALL: lambda _before, _after, _kind: (Uninstall(),),
}
