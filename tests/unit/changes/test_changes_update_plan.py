"""Which tasks follow from a change: the table of docs/contract/http-api.md, "Deployments" as properties."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platz.changes.update_plan import Effect, effect_of, is_passed_on, operations_for
from platz.db.enums import DeploymentStatus
from platz.db.tables.deployments import DeploymentRow
from platz.identities import ChartId, ClusterId, DeploymentId, KindId
from platz.tasks.operations import Recreate, Upgrade

small_ids = st.integers(1, 2).map(lambda number: UUID(int=number))
configs = st.sampled_from([{}, {"a": 1}, {"a": True}, {"a": 1.0}, {"a": {"b": [1]}}])
rows = st.builds(
    DeploymentRow,
    id=st.just(DeploymentId(UUID(int=9))),
    created_at=st.just(datetime(2026, 1, 1, tzinfo=UTC)),
    name=st.sampled_from(["blue", "green"]),
    kind_id=st.just(KindId(UUID(int=8))),
    cluster_id=small_ids.map(ClusterId),
    enabled=st.booleans(),
    status=st.sampled_from(DeploymentStatus),
    description_md=st.none() | st.sampled_from("ab"),
    revision_id=st.none(),
    reported_status=st.none(),
    helm_chart_id=small_ids.map(ChartId),
    config=configs,
    values_override=configs,
)
TABLE = {
    # (was enabled, is enabled, relocated, installs something else): what has to happen
    (True, True, False, False): Effect.NOTHING,
    (True, True, False, True): Effect.UPGRADE,
    (True, True, True, False): Effect.RELOCATE,
    (True, True, True, True): Effect.RELOCATE,
    **{(True, False, moved, other): Effect.UNINSTALL for moved in (True, False) for other in (True, False)},
    **{(False, True, moved, other): Effect.INSTALL for moved in (True, False) for other in (True, False)},
    **{(False, False, moved, other): Effect.NOTHING for moved in (True, False) for other in (True, False)},
}
OPERATIONS = {
    Effect.NOTHING: [],
    Effect.INSTALL: ["Install"],
    Effect.RELOCATE: ["Recreate", "Upgrade"],
    Effect.UPGRADE: ["Upgrade"],
    Effect.UNINSTALL: ["Uninstall"],
}


@given(rows, rows)
def test_every_change_has_the_effect_of_the_table(before: DeploymentRow, after: DeploymentRow) -> None:
    relocated = before.name != after.name or before.cluster_id != after.cluster_id
    # repr tells 1, 1.0 and True apart, as JSON does
    other = repr((before.helm_chart_id, before.config, before.values_override)) != repr(
        (after.helm_chart_id, after.config, after.values_override)
    )
    assert effect_of(before, after) is TABLE[before.enabled, after.enabled, relocated, other]


@given(rows, rows)
def test_every_effect_has_its_operations(before: DeploymentRow, after: DeploymentRow) -> None:
    effect = effect_of(before, after)
    operations = operations_for(effect, before, after, "WebShop")
    assert [type(operation).__name__ for operation in operations] == OPERATIONS[effect]


@given(rows)
def test_a_description_alone_causes_nothing(row: DeploymentRow) -> None:
    assert effect_of(row, replace(row, description_md="new")) is Effect.NOTHING


@given(rows, rows)
def test_an_upgrade_carries_the_new_row_and_what_changed(before: DeploymentRow, after: DeploymentRow) -> None:
    operations = operations_for(effect_of(before, after), before, after, "WebShop")
    for upgrade in (operation for operation in operations if isinstance(operation, Upgrade)):
        assert upgrade.helm_chart_id == after.helm_chart_id
        assert upgrade.prev_helm_chart_id == before.helm_chart_id
        assert upgrade.config_inputs == after.config
        assert upgrade.values_override == after.values_override
        assert (upgrade.config_delta == {}) == (repr(before.config) == repr(after.config))


@given(rows, rows)
def test_a_recreate_leaves_the_old_namespace_for_the_new_one(
    before: DeploymentRow, after: DeploymentRow
) -> None:
    operations = operations_for(effect_of(before, after), before, after, "WebShop")
    for recreate in (operation for operation in operations if isinstance(operation, Recreate)):
        assert (recreate.old_cluster_id, recreate.old_namespace) == (
            before.cluster_id,
            f"webshop-{before.name}",
        )
        assert (recreate.new_cluster_id, recreate.new_namespace) == (
            after.cluster_id,
            f"webshop-{after.name}",
        )


@pytest.mark.parametrize(
    ("effect", "with_feature", "without"),
    [
        (Effect.INSTALL, True, True),
        (Effect.RELOCATE, True, True),
        (Effect.UPGRADE, True, False),
        (Effect.UNINSTALL, False, False),
        (Effect.NOTHING, False, False),
    ],
)
def test_dependants_are_told_by_effect_and_feature(effect: Effect, with_feature: bool, without: bool) -> None:
    assert is_passed_on(effect, reinstall_dependencies=True) is with_feature
    assert is_passed_on(effect, reinstall_dependencies=False) is without
