"""Changes of the same things at the same time, with real threads: nothing is lost, nothing contradicts itself."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import text
from waiting import eventually

from platz.changes.deployments import DeploymentUpdate, delete_deployment, update_deployment
from platz.changes.envs import EnvUpdate, delete_env, update_env
from platz.changes.kinds import rename_kind
from platz.changes.secrets import SecretUpdate, update_secret
from platz.db import schema
from platz.db.tables import deployment_resource_types, kinds, tasks
from platz.db.tables.secrets import SecretId
from platz.errors import Conflict, Denied, PlatzError
from platz.identities import DeploymentId
from platz.tasks.operations import Install, Recreate, Uninstall, Upgrade
from tests.integration.changes.world import World, features, select_input, values_ui


@pytest.fixture(params=range(4))
def attempt(request: pytest.FixtureRequest) -> int:
    """Repeat a test whose threads may meet in different ways."""
    return request.param


def at_once(actions: Sequence[Callable[[], Any]]) -> list[Any]:
    """Start every action at the same moment in a thread of its own; give results, and errors of Platz as values."""
    barrier = Barrier(len(actions))

    def run(action: Callable[[], Any]) -> Any:
        barrier.wait(10)
        try:
            return action()
        except PlatzError as error:
            return error

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(run, actions))


def test_updates_of_different_fields_are_all_kept(world: World) -> None:
    shop = world.installed()
    changes: list[dict[str, Any]] = [
        {"config": {"size": "big"}}, {"values_override": {"replicas": 3}}, {"description_md": "text"},
        {"helm_chart_id": world.next_chart}, {"name": "green"},
    ]  # fmt: skip
    at_once([lambda change=change: world.update(shop, **change) for change in changes])
    row = world.row(shop)
    assert row is not None
    for change in changes:
        for field, value in change.items():
            assert getattr(row, field) == value


def test_the_last_task_installs_what_the_row_says(world: World) -> None:
    shop = world.installed()
    at_once([lambda size=size: world.update(shop, config={"size": size}) for size in range(8)])
    row = world.row(shop)
    upgrades = world.operations(shop)
    assert row is not None
    assert len(upgrades) == 8
    assert all(isinstance(upgrade, Upgrade) for upgrade in upgrades)
    assert isinstance(upgrades[-1], Upgrade)
    assert upgrades[-1].config_inputs == row.config


def test_each_upgrade_starts_from_what_the_one_before_left(world: World) -> None:
    shop = world.installed(config={"size": -1})
    at_once([lambda size=size: world.update(shop, config={"size": size}) for size in range(8)])
    present: Any = -1
    for upgrade in world.operations(shop):
        assert isinstance(upgrade, Upgrade)
        assert upgrade.config_delta is not None
        [[old, new]] = upgrade.config_delta.values()  # pyright: ignore[reportGeneralTypeIssues]
        assert old == present
        present = new


def test_switching_on_and_off_queues_installs_and_uninstalls_in_turn(world: World) -> None:
    shop = world.installed()
    at_once([lambda on=on: world.update(shop, enabled=on) for on in [True, False] * 6])
    row = world.row(shop)
    assert row is not None
    kinds_of_tasks = [type(operation) for operation in world.operations(shop)]
    assert all(later is not earlier for earlier, later in pairwise(kinds_of_tasks))
    if kinds_of_tasks:
        assert kinds_of_tasks[0] is Uninstall
        assert kinds_of_tasks[-1] is (Install if row.enabled else Uninstall)


def test_renames_leave_from_where_the_one_before_went(world: World) -> None:
    shop = world.installed("start")
    at_once([lambda name=name: world.update(shop, name=f"name-{name}") for name in range(6)])
    present = "webshop-start"
    for recreate in world.operations(shop)[::2]:
        assert isinstance(recreate, Recreate)
        assert recreate.old_namespace == present
        present = recreate.new_namespace
    assert all(isinstance(upgrade, Upgrade) for upgrade in world.operations(shop)[1::2])


def test_a_rename_follows_a_move_that_was_made_while_it_waited(world: World) -> None:
    shop = world.installed("start")
    with ThreadPoolExecutor(1) as pool:
        with world.database.transaction() as moving:
            update = DeploymentUpdate(cluster_id=world.second_cluster)
            update_deployment(moving, world.admin, shop, update, cipher=world.cipher)
            renamed = pool.submit(world.update, shop, name="end")
            eventually(lambda: somebody_waits(world))
        renamed.result(timeout=10)
    row = world.stored(schema.deployments, shop)
    assert (row.name, row.cluster_id) == ("end", world.second_cluster)
    [moved, _, left, _] = world.operations(shop)
    assert isinstance(moved, Recreate)
    assert isinstance(left, Recreate)
    assert (left.old_cluster_id, left.old_namespace) == (moved.new_cluster_id, moved.new_namespace)


def somebody_waits(world: World) -> bool:
    query = text("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
    return bool(world.do(lambda connection: connection.scalar(query)))


def test_one_of_many_gets_a_name(world: World) -> None:
    results = at_once([lambda: world.create("blue") for _ in range(6)])
    assert sum(isinstance(result, Conflict) for result in results) == 5


def test_one_of_two_kinds_gets_a_namespace(world: World) -> None:
    with world.making() as make:
        kind = make.kind("WEBSHOP")
        chart = make.chart(make.registry("upper", kind), "1.0.0")
    results = at_once(
        [lambda: world.create("blue"), lambda: world.create("blue", kind_id=kind, helm_chart_id=chart)] * 3
    )
    assert sum(isinstance(result, Conflict) for result in results) == 5


def test_a_deletion_is_the_last_word(world: World) -> None:
    shop = world.installed()
    actions: list[Callable[[], Any]] = [lambda n=n: world.update(shop, config={"n": n}) for n in range(4)]
    actions += [lambda: world.do(delete_deployment, world.admin, shop) for _ in range(4)]
    results = at_once(actions)
    assert not [
        result for result in results if isinstance(result, PlatzError) and not isinstance(result, Conflict)
    ]
    assert world.names(shop)[-1] == "Uninstall"
    assert world.names(shop).count("Uninstall") == 1


def test_deployments_that_use_each_other_can_be_changed_at_the_same_time(world: World) -> None:
    with world.making() as make:
        ui = values_ui(select_input("friend", "deployments"))
        chart = make.chart(world.registry, "3.0.0", values_ui=ui, features=features())
    friends = [world.installed(name, helm_chart_id=chart) for name in ("one", "two", "three")]
    for friend, other in zip(friends, [*friends[1:], friends[0]], strict=True):
        world.update(friend, config={"friend": str(other)})
        world.settle(friend)

    def change(friend: DeploymentId, number: int) -> Any:
        override = {"number": number}
        return world.update(friend, values_override=override)

    actions = [lambda friend=friend, n=n: change(friend, n) for friend in friends for n in range(4)]
    random.Random(7).shuffle(actions)
    assert not [result for result in at_once(actions) if isinstance(result, PlatzError)]
    for friend in friends:
        assert sorted(set(world.names(friend))) == ["Reinstall", "Upgrade"]
        assert world.names(friend).count("Upgrade") == 4


@pytest.mark.usefixtures("attempt")
def test_a_reinstall_never_follows_the_uninstall_of_a_change_made_at_the_same_time(world: World) -> None:
    with world.making() as make:
        secret = SecretId(make.secret(world.env))
        chart = make.chart(world.registry, "4.0.0", values_ui=values_ui(select_input("secret", "secrets")))
    shop = world.installed(helm_chart_id=chart, config={"secret": str(secret)})
    update = SecretUpdate(contents="new")
    actions: list[Callable[[], Any]] = [
        lambda: world.update(shop, enabled=False),
        lambda: world.do(update_secret, world.admin, secret, update, cipher=world.cipher),
        lambda: world.do(update_env, world.admin, world.env, EnvUpdate(tolerations=[])),
    ]
    assert not [result for result in at_once(actions) if isinstance(result, PlatzError)]
    assert world.names(shop)[-1] == "Uninstall"


@pytest.mark.usefixtures("attempt")
def test_an_environment_is_deleted_or_gets_a_deployment_never_both(world: World) -> None:
    with world.making() as make:
        env = make.env("Short-lived")
        cluster = make.cluster("short-lived", env)
    created, deleted = at_once(
        [lambda: world.create(cluster_id=cluster), lambda: world.do(delete_env, world.admin, env)]
    )
    assert isinstance(created, Denied) != isinstance(deleted, Conflict)


@pytest.mark.usefixtures("attempt")
def test_a_kind_that_gets_a_deployment_keeps_its_namespaces(world: World) -> None:
    with world.making() as make:
        kind = make.kind("Kind")
        chart = make.chart(make.registry("kind", kind), "1.0.0")
    created, renamed = at_once(
        [
            lambda: world.create("a", kind_id=kind, helm_chart_id=chart),
            lambda: world.do(rename_kind, world.admin, kind, "Renamed"),
        ]
    )
    row = world.do(kinds.get, kind)
    assert row is not None
    assert not isinstance(created, PlatzError)
    assert row.name == ("Kind" if isinstance(renamed, Conflict) else "Renamed")


def test_every_task_of_a_deployment_is_later_than_the_one_before(world: World) -> None:
    shop = world.installed()
    at_once([lambda n=n: world.update(shop, config={"n": n}) for n in range(10)])
    moments = [task.created_at for task in world.tasks(shop, pending=False)]
    assert moments == sorted(set(moments))
    assert len(moments) == 11


def test_a_clock_that_was_set_back_does_not_disorder_the_queue(world: World) -> None:
    shop = world.installed()
    with world.making() as make:
        make.connection.exec_driver_sql("update deployment_tasks set created_at = now() + interval '1 hour'")
    world.update(shop, name="green")
    first, recreate, upgrade = world.tasks(shop, pending=False)
    assert first.created_at < recreate.created_at < upgrade.created_at
    assert upgrade.created_at - recreate.created_at == tasks.NEXT_PLACE


def test_a_kind_is_created_once(world: World) -> None:
    results = at_once([lambda: world.do(kinds.get_or_create, "Fresh") for _ in range(8)])
    assert len({kind.id for kind in results}) == 1


def test_a_resource_type_is_global_or_of_environments_never_both(world: World) -> None:
    def upsert(env: Any) -> Any:
        upsert_type = deployment_resource_types.upsert
        return world.do(upsert_type, env_id=env, kind_id=world.kind, key="campaign", spec={"n": 1})

    results = at_once([lambda env=env: upsert(env) for env in [world.env, None] * 4])
    assert sum(isinstance(result, Conflict) for result in results) == 4
