"""Creating a deployment (docs/contract/http-api.md, "Deployments", POST)."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from platz.db.enums import DeploymentStatus
from platz.errors import Conflict, Denied, NotFound, Rejected
from platz.identities import ChartId, ClusterId, Deployment, KindId
from platz.tasks.operations import Install
from tests.integration.changes.world import World, features


def test_a_new_deployment_is_unknown_enabled_and_waits_for_its_install(world: World) -> None:
    deployment_id = world.create("blue", config={"size": "small"}, by=world.owner)

    row = world.row(deployment_id)
    assert row is not None
    assert (row.status, row.enabled, row.config, row.values_override) == (
        DeploymentStatus.UNKNOWN, True, {"size": "small"}, {},
    )  # fmt: skip
    assert world.operations(deployment_id) == [
        Install(helm_chart_id=world.chart, config_inputs={"size": "small"}, values_override={})
    ]


def test_the_install_names_who_asked_and_is_due_at_once(world: World) -> None:
    [task] = world.tasks(world.create(by=world.owner))
    assert world.creator(task.id) == world.owner
    assert task.execute_at == task.created_at
    assert task.cluster_id == world.cluster


@pytest.mark.parametrize("role", ["admin", "env_admin", "owner"])
def test_owners_and_admins_may_create(world: World, role: str) -> None:
    assert world.create(by=getattr(world, role))


@pytest.mark.parametrize("role", ["maintainer", "viewer", "bot"])
def test_others_may_not_create(world: World, role: str) -> None:
    with pytest.raises(Denied):
        world.create(by=getattr(world, role))


@pytest.mark.parametrize("override", [[1], "x", 5, True, [], "", 0, False], ids=repr)
def test_an_override_that_is_no_object_is_refused(world: World, override: Any) -> None:
    with pytest.raises(Rejected, match="must be an object") as refused:
        world.create(values_override=override)
    assert refused.value.field == "values_override"
    deployment = world.create("blue")
    with pytest.raises(Rejected, match="must be an object"):
        world.update(deployment, values_override=override)


def test_a_chart_that_helm_refuses_can_not_be_chosen(world: World) -> None:
    library = "Chart.yaml: Helm can't install this chart: it is a library."
    with world.making() as make:
        chart = make.chart(world.registry, "library", error=library)
    with pytest.raises(Rejected, match="it is a library") as refused:
        world.create(helm_chart_id=chart)
    assert refused.value.field == "helm_chart_id"
    deployment = world.create("blue")
    with pytest.raises(Rejected, match="it is a library"):
        world.update(deployment, helm_chart_id=chart)


def test_a_chart_whose_form_is_broken_can_be_chosen(world: World) -> None:
    with world.making() as make:
        chart = make.chart(world.registry, "broken", error="values_ui.json: it is broken")
    assert world.create(helm_chart_id=chart)


def test_a_deployment_may_not_create_another(world: World) -> None:
    with pytest.raises(Denied):
        world.create("other", by=Deployment(id=world.create()))


def test_nothing_can_be_created_in_a_cluster_without_environment(world: World) -> None:
    with pytest.raises(Denied):
        world.create(cluster_id=world.stray_cluster)


@pytest.mark.parametrize(
    "field",
    [{"cluster_id": ClusterId(uuid4())}, {"helm_chart_id": ChartId(uuid4())}],
    ids=["cluster", "chart"],
)
def test_an_unknown_cluster_or_chart_is_not_found(world: World, field: dict[str, Any]) -> None:
    with pytest.raises(NotFound):
        world.create(**field)


def test_an_unknown_kind_is_rejected(world: World) -> None:
    with pytest.raises(Rejected) as refusal:
        world.create(kind_id=KindId(uuid4()))
    assert refusal.value.field == "kind_id"


def test_the_chart_must_be_of_the_kind(world: World) -> None:
    with world.making() as make:
        other = make.kind("Other")
    with pytest.raises(Rejected) as refusal:
        world.create(kind_id=other)
    assert refusal.value.field == "helm_chart_id"


def test_a_name_that_is_no_dns_label_is_rejected(world: World) -> None:
    with pytest.raises(Rejected) as refusal:
        world.create("$(reboot)")
    assert refusal.value.field == "name"


def test_a_chart_of_many_needs_a_name(world: World) -> None:
    with pytest.raises(Rejected, match="Missing name field"):
        world.create("")


def test_a_one_per_cluster_chart_takes_no_name_and_only_one(world: World) -> None:
    with world.making() as make:
        chart = make.chart(world.registry, "single", features=features(cardinality="OnePerCluster"))
    with pytest.raises(Conflict, match="one per cluster"):
        world.create("blue", helm_chart_id=chart)
    world.create("", helm_chart_id=chart)
    with pytest.raises(Conflict, match="webshop"):
        world.create("", helm_chart_id=chart)
    world.create("", helm_chart_id=chart, cluster_id=world.second_cluster)


def test_a_name_is_taken_once_in_a_cluster(world: World) -> None:
    world.create("blue")
    with pytest.raises(Conflict, match="webshop-blue"):
        world.create("blue")
    world.create("blue", cluster_id=world.second_cluster)


def test_two_kinds_can_not_share_a_namespace(world: World) -> None:
    with world.making() as make:
        kind = make.kind("WEBSHOP")
        chart = make.chart(make.registry("upper", kind), "1.0.0")
    world.create("blue")
    with pytest.raises(Conflict, match="webshop-blue"):
        world.create("blue", kind_id=kind, helm_chart_id=chart)


def test_a_kind_that_makes_no_namespace_is_refused(world: World) -> None:
    with world.making() as make:
        kind = make.kind("Charts/MyApp")
        chart = make.chart(make.registry("charts/my-app", kind), "1.0.0")
    with pytest.raises(Conflict, match="rename the kind"):
        world.create("blue", kind_id=kind, helm_chart_id=chart)


def test_a_refused_creation_leaves_nothing_behind(world: World) -> None:
    with pytest.raises(Rejected):
        world.create("Bad Name")
    assert world.create("good-name")
    with world.database.reading() as connection:
        assert connection.exec_driver_sql("select count(*) from deployment_tasks").scalar() == 1
