"""The types that a chart declares must agree with those that are there.

Source: docs/contract/workers.md, "Recording resource types".
"""

from __future__ import annotations

from typing import Any

from platz.helm.engine import HelmOutcome, HelmRun
from platz.identities import ChartId
from tests.integration.changes.world import World, resource_spec
from tests.integration.tasks.conftest import Installation


def chart_with_a_global_type(world: World) -> ChartId:
    entry = {"apiVersion": "platz.io/v1beta1", "kind": "ResourceType", "key": "campaign"}
    declared = [entry | {"spec": resource_spec(**{"global": True})}]
    with world.making() as make:
        return make.chart(world.registry, "global", resource_types=declared)


def test_a_conflict_is_found_before_helm_runs(platz: Installation, name: str) -> None:
    world = platz.world
    deployment = world.create(name)
    platz.run(world.cluster)
    before = world.row(deployment)
    with world.making() as make:
        make.resource_type(world.kind, "campaign", world.env)
    platz.helm.runs.clear()
    world.update(deployment, helm_chart_id=chart_with_a_global_type(world))
    platz.run(world.cluster)
    after = world.row(deployment)
    assert before is not None
    assert after is not None
    assert platz.ends(deployment)[-1] == ("Upgrade", "Failed")
    assert "can't become global" in platz.reason(deployment)
    assert platz.helm.runs == []
    assert after.revision_id == before.revision_id


def test_a_conflict_that_comes_up_while_helm_runs_keeps_the_revision_that_runs(
    platz: Installation, name: str, monkeypatch: Any
) -> None:
    world = platz.world
    deployment = world.create(name, helm_chart_id=chart_with_a_global_type(world))
    run = platz.helm.run

    def meanwhile(order: HelmRun, **more: Any) -> HelmOutcome:
        with world.making() as make:
            make.resource_type(world.kind, "campaign", world.env)
        return run(order, **more)

    monkeypatch.setattr(platz.helm, "run", meanwhile)
    platz.run(world.cluster)
    row, [install] = world.row(deployment), world.tasks(deployment, pending=False)
    assert row is not None
    assert platz.ends(deployment) == [("Install", "Failed")]
    assert (row.status.value, row.revision_id) == ("Error", install.id)
