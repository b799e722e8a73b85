"""Changes of environments, clusters and kinds.

Source: docs/contract/http-api.md, "Environments", "Deployment kinds", "Kubernetes clusters".
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from claims import new_claim
from sqlalchemy import text

from platz.changes.clusters import ClusterUpdate, Given, delete_cluster, update_cluster
from platz.changes.deployments import delete_deployment
from platz.changes.envs import EnvUpdate, NewEnv, create_env, delete_env, update_env
from platz.changes.kinds import rename_kind
from platz.db import schema, task_queue
from platz.db.enums import TaskStatus
from platz.db.tables import clusters, envs, task_waits, tasks
from platz.errors import Conflict, Denied, NotFound, Rejected
from platz.identities import ClusterId, EnvId, KindId
from platz.tasks.operations import Reinstall
from tests.integration.changes.world import World


def test_who_creates_an_environment_is_its_admin(world: World) -> None:
    env_id = world.do(create_env, world.admin, NewEnv(name="Fresh"))
    with world.database.reading() as connection:
        query = text("select user_id, role from env_user_permissions where env_id = :env")
        assert [tuple(row) for row in connection.execute(query, {"env": env_id})] == [
            (world.admin.id, "Admin")
        ]


def test_names_of_environments_are_unique_in_any_case_and_not_empty(world: World) -> None:
    with pytest.raises(Conflict):
        world.do(create_env, world.admin, NewEnv(name="PRODUCTION"))
    for name in ("", "  "):
        with pytest.raises(Rejected):
            world.do(create_env, world.admin, NewEnv(name=name))
        with pytest.raises(Rejected):
            world.do(update_env, world.admin, world.env, EnvUpdate(name=name))


@pytest.mark.parametrize("role", ["env_admin", "owner", "bot"])
def test_environments_are_changed_by_site_admins(world: World, role: str) -> None:
    identity = getattr(world, role)
    with pytest.raises(Denied):
        world.do(create_env, identity, NewEnv(name="Fresh"))
    with pytest.raises(Denied):
        world.do(update_env, identity, world.env, EnvUpdate(name="Other"))
    with pytest.raises(Denied):
        world.do(delete_env, identity, world.env)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"node_selector": {"pool": "shop"}}, "Env node selector updated"),
        ({"tolerations": []}, "Env tolerations updated"),
        ({"node_selector": {}, "tolerations": {}}, "Env node selector, tolerations updated"),
    ],
)
def test_a_given_placement_reinstalls_every_enabled_deployment(
    world: World, given: dict[str, Any], reason: str
) -> None:
    enabled = [world.installed("one"), world.installed("two", cluster_id=world.second_cluster)]
    disabled, doomed, foreign = (
        world.installed("off"),
        world.installed("doomed"),
        world.installed("far", cluster_id=world.foreign_cluster),
    )
    world.update(disabled, enabled=False)
    world.settle(disabled)
    world.do(delete_deployment, world.admin, doomed)

    world.do(update_env, world.admin, world.env, EnvUpdate(**given))

    row = world.stored(schema.envs, world.env)
    assert {column: getattr(row, column) for column in given} == given
    for deployment_id in enabled:
        assert world.operations(deployment_id) == [Reinstall(reason=reason)]
    assert world.operations(disabled) == []
    assert world.names(doomed) == ["Uninstall"]
    assert world.operations(foreign) == []


def test_a_deployment_that_was_never_installed_keeps_its_reason_and_gets_no_reinstall(world: World) -> None:
    failed = world.create("failed")
    claim = new_claim(world.database)
    with world.database.transaction() as connection:
        (task,) = task_queue.claim(connection, cluster_id=world.cluster, claim=claim, most=1)
        task_queue.mark_ended(connection, task.id, claim, TaskStatus.FAILED, "The image is missing.")
    waiting = world.create("waiting")
    world.do(update_env, world.admin, world.env, EnvUpdate(tolerations=[]))
    assert world.operations(failed) == []
    assert world.names(waiting) == ["Install"]


@pytest.mark.parametrize("end", [TaskStatus.DONE, TaskStatus.FAILED])
def test_a_first_install_that_is_under_way_is_followed_by_a_reinstall_if_it_succeeds(
    world: World, end: TaskStatus
) -> None:
    installing = world.create("installing")
    claim = new_claim(world.database)
    with world.database.transaction() as connection:
        (install,) = task_queue.claim(connection, cluster_id=world.cluster, claim=claim, most=1)
    world.do(update_env, world.admin, world.env, EnvUpdate(tolerations=[]))
    assert world.names(installing) == ["Reinstall"]
    with world.database.transaction() as connection:
        task_queue.mark_ended(connection, install.id, claim, end, "The image is missing.")
        if end is TaskStatus.FAILED:
            task_waits.end_what_waits(connection, [install.id], "The image is missing.")
        claimed = task_queue.claim(connection, cluster_id=world.cluster, claim=claim, most=1)
    assert len(claimed) == (1 if end is TaskStatus.DONE else 0)


def test_another_name_alone_reinstalls_nothing(world: World) -> None:
    shop = world.installed()
    world.do(update_env, world.admin, world.env, EnvUpdate(name="Live", auto_add_new_users=True))
    row = world.stored(schema.envs, world.env)
    assert (row.name, row.auto_add_new_users) == ("Live", True)
    assert world.operations(shop) == []


def test_an_environment_with_deployments_stays(world: World) -> None:
    world.create("blue")
    message = (
        "This environment can't be deleted because it has active deployments: "
        rf"blue \(Kind ID: {world.kind}\)"
    )
    with pytest.raises(Conflict, match=message):
        world.do(delete_env, world.admin, world.env)


def test_a_deleted_environment_leaves_its_clusters_without_one(world: World) -> None:
    with world.making() as make:
        make.secret(world.env)
        make.resource_type(world.kind, "campaign", world.env)
    world.do(delete_env, world.admin, world.env)
    assert world.do(envs.get, world.env) is None
    cluster = world.do(clusters.get, world.cluster)
    assert cluster is not None
    assert cluster.env_id is None


def test_an_unknown_environment_is_not_found(world: World) -> None:
    for change in (delete_env, lambda c, i, e: update_env(c, i, e, EnvUpdate(name="x"))):
        with pytest.raises(NotFound):
            world.do(change, world.admin, EnvId(uuid4()))


def test_given_null_and_empty_text_clear_a_clusters_field_and_absent_keeps_it(world: World) -> None:
    full = ClusterUpdate(
        ignore=True, ingress_domain=Given("x.io"), ingress_class=Given("nginx"), grafana_url=Given("http://g")
    )
    world.do(update_cluster, world.admin, world.cluster, full)
    cleared = ClusterUpdate(env_id=Given(None), ingress_domain=Given(""), grafana_url=Given(None))
    world.do(update_cluster, world.admin, world.cluster, cleared)
    row = world.stored(schema.k8s_clusters, world.cluster)
    assert (row.env_id, row.ingress_domain, row.grafana_url) == (None, None, None)
    assert (row.ignore, row.ingress_class) == (True, "nginx")


def test_an_ingress_domain_belongs_to_one_cluster_and_an_environment_must_exist(world: World) -> None:
    domain = ClusterUpdate(ingress_domain=Given("x.io"))
    world.do(update_cluster, world.admin, world.cluster, domain)
    with pytest.raises(Conflict):
        world.do(update_cluster, world.admin, world.second_cluster, domain)
    with pytest.raises(Rejected):
        world.do(update_cluster, world.admin, world.cluster, ClusterUpdate(env_id=Given(EnvId(uuid4()))))


def test_a_cluster_with_deployments_stays(world: World) -> None:
    world.create("blue")
    with pytest.raises(Conflict, match="This cluster has deployments"):
        world.do(delete_cluster, world.admin, world.cluster)


def test_the_history_of_a_deployment_that_moved_away_outlives_its_old_cluster(world: World) -> None:
    shop = world.installed()
    world.update(shop, cluster_id=world.second_cluster)
    before = [task.id for task in world.tasks(shop, pending=False)]
    revision = world.row(shop).revision_id  # pyright: ignore[reportOptionalMemberAccess]
    assert revision is not None
    world.do(delete_cluster, world.admin, world.cluster)
    assert [task.id for task in world.tasks(shop, pending=False)] == before
    assert world.row(shop).revision_id == revision  # pyright: ignore[reportOptionalMemberAccess]
    assert world.do(tasks.get, revision) is not None
    assert world.do(clusters.get, world.cluster) is None


def test_clusters_and_kinds_are_changed_by_site_admins_and_must_exist(world: World) -> None:
    with pytest.raises(Denied):
        world.do(update_cluster, world.env_admin, world.cluster, ClusterUpdate(ignore=True))
    with pytest.raises(Denied):
        world.do(delete_cluster, world.env_admin, world.cluster)
    with pytest.raises(Denied):
        world.do(rename_kind, world.env_admin, world.kind, "Other")
    unknown = ClusterId(uuid4())
    with pytest.raises(NotFound):
        world.do(update_cluster, world.admin, unknown, ClusterUpdate(ignore=True))
    with pytest.raises(NotFound):
        world.do(delete_cluster, world.admin, unknown)
    with pytest.raises(NotFound):
        world.do(rename_kind, world.admin, KindId(uuid4()), "Other")


def test_a_kind_in_use_changes_only_its_case(world: World) -> None:
    world.do(rename_kind, world.admin, world.kind, "Shop")
    world.create("blue")
    world.do(rename_kind, world.admin, world.kind, "SHOP")
    assert world.stored(schema.deployment_kinds, world.kind).name == "SHOP"
    with pytest.raises(Conflict, match="namespaces"):
        world.do(rename_kind, world.admin, world.kind, "Store")


def test_a_kinds_name_is_taken_once_and_not_empty(world: World) -> None:
    with world.making() as make:
        make.kind("Other")
    with pytest.raises(Conflict):
        world.do(rename_kind, world.admin, world.kind, "Other")
    with pytest.raises(Rejected):
        world.do(rename_kind, world.admin, world.kind, " ")
