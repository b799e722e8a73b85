"""Queries that the runner, the tracker and the poller stand on."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Row, select, text

from platz.db import schema
from platz.db.enums import DeploymentStatus
from platz.db.tables import clusters, deployments, k8s_resources
from platz.db.tables import deployment_resource_types as types
from platz.db.tables.k8s_resources import SeenWorkload, WorkloadId
from platz.errors import Conflict, Rejected
from platz.identities import ClusterId, DeploymentId
from tests.integration.changes.world import World


def seen(world: World, owner: DeploymentId, **changes: Any) -> SeenWorkload:
    workload = SeenWorkload(
        id=WorkloadId(uuid4()),
        cluster_id=world.cluster,
        deployment_id=owner,
        kind="Deployment",
        api_version="apps/v1",
        name="web",
        status_color=["Success", "Danger"],
        metadata={"name": "web", "labels": {"a": 'quote " and \\ and ü and \\u0000'}},
    )
    return replace(workload, **changes)


def all_of(world: World) -> Sequence[Row[Any]]:
    resources = schema.k8s_resources
    query = select(resources).where(resources.c.cluster_id == world.cluster).order_by(resources.c.id)
    with world.database.reading() as connection:
        return connection.execute(query).all()


def test_a_batch_is_written_as_it_was_seen(world: World) -> None:
    shop = world.create()
    batch = [seen(world, shop), seen(world, shop, kind="Job", status_color=[], metadata={})]
    assert world.do(k8s_resources.upsert, batch) == 2
    rows = {row.id: row for row in all_of(world)}
    for workload in batch:
        row = rows[workload.id]
        for column, value in vars(workload).items():
            assert getattr(row, column) == value


def test_a_character_that_can_t_be_stored_is_replaced_and_stops_no_batch(world: World) -> None:
    shop = world.create()
    world.do(k8s_resources.upsert, [seen(world, shop, name="a\0", metadata={"annotations": {"\0": "b\\\0"}})])
    assert [(row.name, row.metadata) for row in all_of(world)] == [
        ("a\ufffd", {"annotations": {"\ufffd": "b\\\ufffd"}})
    ]
    assert world.do(clusters.set_health, world.cluster, is_ok=False, reason="a\0")


def test_only_changes_are_written_and_counted(world: World) -> None:
    shop = world.create()
    one, two = seen(world, shop), seen(world, shop)
    world.do(k8s_resources.upsert, [one, two])
    before = {row.id: row.last_updated_at for row in all_of(world)}
    assert world.do(k8s_resources.upsert, [one, two]) == 0
    assert world.do(k8s_resources.upsert, [replace(one, status_color=["Success"]), two]) == 1
    after = {row.id: row.last_updated_at for row in all_of(world)}
    assert after[one.id] > before[one.id]
    assert after[two.id] == before[two.id]


def test_of_one_workload_the_last_sight_counts(world: World) -> None:
    one = seen(world, world.create())
    assert world.do(k8s_resources.upsert, [one, replace(one, name="later")]) == 1
    [row] = all_of(world)
    assert row.name == "later"


def test_workloads_of_what_is_gone_are_left_out(world: World) -> None:
    shop = world.create()
    batch = [
        seen(world, DeploymentId(uuid4())),
        seen(world, shop, cluster_id=ClusterId(uuid4())),
        seen(world, shop, name="kept"),
    ]
    assert world.do(k8s_resources.upsert, batch) == 1
    [row] = all_of(world)
    assert row.name == "kept"
    assert world.do(k8s_resources.upsert, []) == 0


def test_workloads_are_removed_by_id_and_after_a_list_by_absence(world: World) -> None:
    shop = world.create()
    gone, kept, absent = (seen(world, shop) for _ in range(3))
    job = seen(world, shop, kind="Job")
    far = seen(world, shop, cluster_id=world.second_cluster)
    world.do(k8s_resources.upsert, [gone, kept, absent, job, far])
    assert world.do(k8s_resources.remove, [gone.id, WorkloadId(uuid4())]) == 1
    assert world.do(k8s_resources.remove, []) == 0
    assert world.do(k8s_resources.keep_only, world.cluster, "Deployment", [kept.id]) == 1
    assert {row.id for row in all_of(world)} == {kept.id, job.id}
    assert world.do(k8s_resources.get, far.id) is not None
    assert world.do(k8s_resources.keep_only, world.cluster, "Job", []) == 1


def test_batches_with_the_same_rows_in_another_order_do_not_block_each_other(world: World) -> None:
    owners = [world.create(f"d{number}") for number in range(4)]
    batch = [seen(world, owner) for owner in owners for _ in range(5)]

    def write(number: int) -> int:
        changed = [replace(workload, name=f"n{number}") for workload in batch]
        return world.do(k8s_resources.upsert, changed if number % 2 else changed[::-1])

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(12)))
    assert len(all_of(world)) == 20


def test_a_watch_does_not_wait_for_a_change_of_the_deployment(world: World) -> None:
    shop = world.create()
    with world.database.transaction() as changing:
        deployments.lock(changing, [shop])
        assert world.do(k8s_resources.upsert, [seen(world, shop)]) == 1


def test_a_status_is_set_with_its_reason_and_cleared_by_the_next(world: World) -> None:
    shop = world.create()
    assert world.do(deployments.set_status, shop, DeploymentStatus.ERROR, "no room")
    assert (world.row(shop).status, world.row(shop).reason) == (DeploymentStatus.ERROR, "no room")  # pyright: ignore[reportOptionalMemberAccess]
    assert world.do(deployments.set_status, shop, DeploymentStatus.RUNNING)
    assert world.row(shop).reason is None  # pyright: ignore[reportOptionalMemberAccess]
    assert not world.do(deployments.set_status, DeploymentId(uuid4()), DeploymentStatus.RUNNING)


def test_a_conditional_status_is_set_only_from_where_it_is_expected(world: World) -> None:
    shop = world.create()
    expected = [DeploymentStatus.UNINSTALLING]
    assert not world.do(deployments.set_status_if, shop, expected, DeploymentStatus.UNINSTALLED)
    world.do(deployments.set_status, shop, DeploymentStatus.UNINSTALLING)
    assert world.do(deployments.set_status_if, shop, expected, DeploymentStatus.UNINSTALLED)


def test_a_sample_is_stored_and_cleared_once(world: World) -> None:
    shop = world.create()
    assert not world.do(deployments.set_reported_status, shop, None)
    assert world.do(deployments.set_reported_status, shop, {"timestamp": "t", "error": None})
    assert world.row(shop).reported_status == {"timestamp": "t", "error": None}  # pyright: ignore[reportOptionalMemberAccess]
    assert world.do(deployments.set_reported_status, shop, None)
    assert world.row(shop).reported_status is None  # pyright: ignore[reportOptionalMemberAccess]


def test_a_sample_that_comes_after_the_deployment_was_disabled_is_dropped(world: World) -> None:
    shop = world.installed()
    world.update(shop, enabled=False)
    assert not world.do(deployments.set_reported_status, shop, {"timestamp": "t"})


def test_deployments_of_a_cluster_by_status(world: World) -> None:
    one, two = world.create("one"), world.create("two")
    world.create("three", cluster_id=world.second_cluster)
    world.do(deployments.set_status, two, DeploymentStatus.UNINSTALLING)
    assert [row.id for row in world.do(deployments.of_cluster, world.cluster)] == [one, two]
    waiting = world.do(deployments.of_cluster, world.cluster, [DeploymentStatus.UNINSTALLING])
    assert [row.id for row in waiting] == [two]


def test_an_equal_spec_is_not_written_again(world: World) -> None:
    given = {"kind_id": world.kind, "env_id": world.env, "key": "campaign"}
    world.do(types.upsert, **given, spec={"n": 1})
    world.do(types.upsert, **given, spec={"n": 2})
    with world.database.reading() as connection:
        before = connection.execute(text("select xmin, id, spec from deployment_resource_types")).one()
    assert before.spec == {"n": 2}
    world.do(types.upsert, **given, spec={"n": 2})
    with world.database.reading() as connection:
        assert (
            connection.execute(text("select xmin, id, spec from deployment_resource_types")).one() == before
        )


def test_environments_have_types_of_their_own(world: World) -> None:
    for env in (world.env, world.other_env):
        world.do(types.upsert, kind_id=world.kind, env_id=env, key="campaign", spec={})
    with world.database.reading() as connection:
        assert connection.scalar(text("select count(*) from deployment_resource_types")) == 2
    with pytest.raises(Conflict, match="global"):
        world.do(types.upsert, kind_id=world.kind, env_id=None, key="campaign", spec={})


def test_a_global_type_excludes_those_of_environments(world: World) -> None:
    world.do(types.upsert, kind_id=world.kind, env_id=None, key="campaign", spec={})
    with pytest.raises(Conflict, match="global already"):
        world.do(types.upsert, kind_id=world.kind, env_id=world.env, key="campaign", spec={})


def test_a_type_needs_a_key(world: World) -> None:
    with pytest.raises(Rejected):
        world.do(types.upsert, kind_id=world.kind, env_id=None, key="", spec={})
