"""Comparing two revisions of a deployment (docs/contract/http-api.md, "Comparing revisions")."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from simulated_clusters import SimulatedClusters
from sqlalchemy import Connection, null, update

from platz.db import schema
from platz.errors import Conflict, Rejected
from platz.identities import DeploymentId, TaskId
from platz.preview.release_history import NOT_SERVED
from platz.preview.slots import TooManyPreviews
from tests.integration.changes.world import values_ui
from tests.integration.preview.conftest import GREETING, WEB, Stage

PASSWORD = "correct-horse-battery"


def compare(stage: Stage, shop: DeploymentId, older: int = 0, newer: int = 1) -> Any:
    found = stage.revisions(shop)
    return stage.previews.compare(stage.platz.world.maintainer, shop, found[older], found[newer])


def paths(differences: Any) -> dict[str, tuple[Any, Any]]:
    return {each["path"]: (each["before"], each["after"]) for each in differences}


def changes(answer: Any) -> dict[str, str]:
    return {f"{each['kind']} {each['name']}": each["change"] for each in answer["objects"]}


@pytest.fixture
def shop(stage: Stage, name: str) -> DeploymentId:
    """A deployment with two revisions, which differ in everything."""
    first = stage.chart("5.0.0", {"web.yaml": WEB, "greeting.yaml": GREETING})
    second = stage.chart("5.1.0", {"web.yaml": WEB})
    shop = stage.installed(name, first, config={"text": "hello"}, values_override={"image": "ok:1"})
    stage.updated(shop, helm_chart_id=second, config={"text": "bye"}, values_override={"image": "ok:2"})
    return shop


def test_inputs_override_values_and_charts_are_compared(stage: Stage, shop: DeploymentId) -> None:
    answer = compare(stage, shop)
    assert (answer["a"]["version"], answer["b"]["version"]) == ("5.0.0", "5.1.0")
    assert (answer["a"]["operation"], answer["b"]["operation"]) == ("Install", "Upgrade")
    assert paths(answer["inputs"]) == {"text": ("hello", "bye")}
    assert paths(answer["override"]) == {"image": ("ok:1", "ok:2")}
    assert paths(answer["values"]) == {"config.text": ("hello", "bye"), "image": ("ok:1", "ok:2")}
    assert answer["cut"] == []


def test_the_manifests_that_helm_keeps_are_compared(stage: Stage, shop: DeploymentId) -> None:
    answer = compare(stage, shop)
    assert changes(answer) == {"ConfigMap greeting": "deleted", "Deployment web": "changed"}
    [web] = [each for each in answer["objects"] if each["kind"] == "Deployment"]
    assert web["restarts"]
    marked = {line["mark"]: line["text"].strip() for line in web["hunks"][0] if line["mark"] != " "}
    assert marked == {"-": "- image: ok:1", "+": "- image: ok:2"}


def test_the_other_way_round_is_the_way_back(stage: Stage, shop: DeploymentId) -> None:
    assert changes(compare(stage, shop, 1, 0))["ConfigMap greeting"] == "created"


def test_a_revision_is_like_itself(stage: Stage, shop: DeploymentId) -> None:
    answer = compare(stage, shop, 1, 1)
    assert [answer[each] for each in ("inputs", "override", "values", "objects")] == [[], [], [], []]


def test_sensitive_inputs_are_told_as_changed_only(stage: Stage, name: str) -> None:
    form = values_ui({"id": "password", "type": "text", "label": "Password", "sensitive": True})
    form["outputs"] = {
        "values": [{"path": ["password"], "value": {"FieldValue": {"input": "password"}}}],
        "secrets": {},
    }
    template = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {url: 'x:{{ .Values.password }}@y'}\n"
    )
    chart = stage.chart("6.0.0", {"c.yaml": template}, values_ui=form)
    shop = stage.installed(name, chart, config={"password": PASSWORD})
    stage.updated(shop, config={"password": f"new-{PASSWORD}"})
    answer = compare(stage, shop)
    assert PASSWORD not in str(answer)
    assert paths(answer["inputs"]) == {"password": ("[secret]", "[secret, changed]")}
    assert paths(answer["values"]) == {"password": ("[secret]", "[secret, changed]")}
    assert "[changed]" in str(answer["objects"])


def test_inputs_that_are_stored_encrypted_are_hidden_though_no_chart_marks_them(
    stage: Stage, name: str
) -> None:
    marked = values_ui({"id": "password", "type": "text", "label": "Password", "sensitive": True})
    template = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {url: 'x:{{ .Values.url }}@y'}\n"
    chart = stage.chart("6.2.0", {"c.yaml": template}, values_ui=marked)
    shop = stage.installed(name, chart, config={"password": PASSWORD})
    stage.updated(shop, config={"password": f"new-{PASSWORD}"}, values_override={"url": PASSWORD})
    unmarked = update(schema.helm_charts).where(schema.helm_charts.c.id == chart).values(values_ui=null())
    stage.platz.world.do(Connection.execute, unmarked)
    answer = compare(stage, shop)
    assert PASSWORD not in str(answer)
    assert paths(answer["inputs"]) == {"password": ("[secret]", "[secret, changed]")}


def test_what_secrets_hold_is_told_as_changed_only(stage: Stage, name: str) -> None:
    template = """
apiVersion: v1
kind: Secret
metadata: {name: s}
stringData: {word: "{{ .Values.word }}", same: "stays-as-it-is"}
"""
    chart = stage.chart("6.1.0", {"s.yaml": template})
    shop = stage.installed(name, chart, values_override={"word": "first-word"})
    stage.updated(shop, values_override={"word": "second-word"})
    answer = compare(stage, shop)
    [secret] = answer["objects"]
    texts = [line["text"].strip() for hunk in secret["hunks"] for line in hunk]
    assert "word: '[secret, changed]'" in texts
    assert "same: '[secret]'" in texts
    assert "word" in str(answer["values"])
    for word in ("stays-as-it-is", "second-word"):
        assert word not in str(secret)


def test_without_the_cluster_everything_else_is_compared(stage: Stage, shop: DeploymentId) -> None:
    stage.platz.kill(stage.platz.world.cluster)
    answer = compare(stage, shop)
    assert answer["objects"] is None
    assert "blue" in answer["objects_problem"] or "east" in answer["objects_problem"]
    assert paths(answer["inputs"]) == {"text": ("hello", "bye")}
    assert answer["values"] is not None


def test_a_cluster_that_this_process_does_not_serve_is_not_asked(stage: Stage, shop: DeploymentId) -> None:
    stage.platz.serve()
    answer = compare(stage, shop)
    assert (answer["objects"], answer["objects_problem"]) == (None, NOT_SERVED)


def test_manifests_that_helm_has_forgotten_are_told_as_missing(
    stage: Stage, shop: DeploymentId, simulated: SimulatedClusters
) -> None:
    assert simulated
    world = stage.platz.world
    stage.updated(shop, cluster_id=world.second_cluster)
    answer = compare(stage, shop, 0, 1)
    assert answer["objects"] is None
    assert "no longer holds" in answer["objects_problem"]


def test_without_the_chart_everything_else_is_compared(stage: Stage, shop: DeploymentId) -> None:
    del stage.charts.tags["5.0.0"]
    answer = compare(stage, shop)
    assert (answer["values"], answer["values_problem"]) == (None, "The registry does not have this chart.")
    assert changes(answer)["ConfigMap greeting"] == "deleted"


def test_comparing_changes_nothing(stage: Stage, shop: DeploymentId, name: str) -> None:
    namespace = f"webshop-{name}"
    before = stage.snapshot(shop, namespace)
    compare(stage, shop)
    assert stage.snapshot(shop, namespace) == before


def test_what_is_no_revision_of_the_deployment_is_refused(stage: Stage, shop: DeploymentId) -> None:
    known = stage.revisions(shop)[0]
    with pytest.raises(Rejected, match="no such revision"):
        stage.previews.compare(stage.platz.world.maintainer, shop, known, TaskId(uuid4()))


def test_a_revision_that_did_not_succeed_is_refused(stage: Stage, shop: DeploymentId) -> None:
    stage.platz.world.update(shop, config={"text": "later"})
    first, *_, waiting = stage.revisions(shop)
    with pytest.raises(Conflict, match="never succeeded"):
        stage.previews.compare(stage.platz.world.maintainer, shop, first, waiting)


def test_no_more_than_the_limit_run_at_once(stage: Stage, shop: DeploymentId) -> None:
    with stage.previews.slots.taken(), stage.previews.slots.taken():
        compare(stage, shop)
        with stage.previews.slots.taken(), stage.previews.slots.taken(), pytest.raises(TooManyPreviews):
            compare(stage, shop)
    compare(stage, shop)
