"""Previewing changes of deployments (docs/contract/http-api.md, "Previewing a change")."""

from __future__ import annotations

from typing import Any

import pytest

from platz.changes.deployments import DeploymentUpdate, NewDeployment
from platz.errors import Conflict, Denied, NotFound, Rejected
from platz.identities import DeploymentId, Identity
from platz.kube.api_resources import DEPLOYMENT
from platz.kube.transport import KubeRequest
from platz.preview import requested
from platz.preview.release_history import NOT_SERVED
from platz.preview.requested import Requested
from tests.integration.changes.world import features, select_input, values_ui
from tests.integration.preview.conftest import GREETING, WEB, Stage

LOOKUP = """
apiVersion: v1
kind: ConfigMap
metadata: {name: found}
data:
  namespace: "{{ (lookup "v1" "Namespace" "" .Release.Namespace).metadata.name }}"
"""
HOOK = """
apiVersion: batch/v1
kind: Job
metadata:
  name: migrate
  annotations: {helm.sh/hook: "pre-upgrade,pre-install"}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: "ok:1"}]}}}
"""
CLAIM = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: disk}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""


def updating(stage: Stage, shop: DeploymentId, *, by: Identity | None = None, **fields: Any) -> Requested:
    world = stage.platz.world
    return requested.update(by or world.admin, shop, DeploymentUpdate(**fields), world.cipher)


def creating(stage: Stage, name: str, *, by: Identity | None = None, **fields: Any) -> Requested:
    world = stage.platz.world
    given = {"kind_id": world.kind, "cluster_id": world.cluster} | fields
    return requested.creation(by or world.admin, NewDeployment(name=name, **given), world.cipher)


def preview(stage: Stage, wanted: Requested) -> Any:
    return stage.previews.preview(wanted)


def changes(answer: Any) -> dict[str, str]:
    assert answer["objects"] is not None, answer
    return {f"{each['kind']} {each['name']}": each["change"] for each in answer["objects"]}


def dangers(answer: Any) -> dict[str, str]:
    return {each["kind"]: each["sentence"] for each in answer["dangers"]}


@pytest.fixture
def shop(stage: Stage, name: str) -> DeploymentId:
    chart = stage.chart("5.0.0", {"web.yaml": WEB, "greeting.yaml": GREETING})
    return stage.installed(name, chart, config={"text": "hello"})


def test_an_update_tells_what_restarts_what_changes_and_its_lines(stage: Stage, shop: DeploymentId) -> None:
    answer = preview(stage, updating(stage, shop, values_override={"image": "ok:2"}))
    assert answer["effect"] == "upgrade"
    assert answer["sentence"] == (
        "The deployment is upgraded: 1 workload restarts, 1 object changes, nothing is deleted."
    )
    assert answer["restarts"] == ["Deployment web"]
    assert changes(answer) == {"Deployment web": "changed", "ConfigMap greeting": "unchanged"}
    marked = [line["text"].strip() for line in answer["objects"][0]["hunks"][0] if line["mark"] != " "]
    assert marked == ["- image: ok:1", "- image: ok:2"]
    assert answer["override"] == [{"path": "image", "before": None, "after": "ok:2"}]
    assert (answer["refusals"], answer["dangers"], answer["notes"], answer["cut"]) == ([], [], [], [])


def test_a_preview_changes_nothing_anywhere(stage: Stage, shop: DeploymentId, name: str) -> None:
    with_hook = stage.chart("5.5.0", {"web.yaml": WEB, "hook.yaml": HOOK})
    before = stage.snapshot(shop, f"webshop-{name}")
    answer = preview(stage, updating(stage, shop, helm_chart_id=with_hook, values_override={"replicas": 3}))
    assert "Job migrate" not in changes(answer)
    assert stage.snapshot(shop, f"webshop-{name}") == before
    client = stage.platz.client(stage.platz.world.cluster)
    web: Any = client.get(DEPLOYMENT, name="web", namespace=f"webshop-{name}")
    assert web["spec"]["replicas"] == 1


def test_what_is_deleted_is_a_danger(stage: Stage, shop: DeploymentId) -> None:
    without = stage.chart("5.2.0", {"web.yaml": WEB})
    answer = preview(stage, updating(stage, shop, helm_chart_id=without))
    assert dangers(answer) == {"deleted": "Deleted: ConfigMap greeting."}
    assert answer["objects"][0]["change"] == "deleted"


def test_a_volume_that_goes_is_a_danger_of_its_own(stage: Stage, name: str) -> None:
    chart = stage.chart("5.3.0", {"web.yaml": WEB, "claim.yaml": CLAIM})
    without = stage.chart("5.3.1", {"web.yaml": WEB})
    shop = stage.installed(name, chart)
    answer = preview(stage, updating(stage, shop, helm_chart_id=without))
    assert "disk" in dangers(answer)["volumes"]


def test_lookup_is_answered_by_the_cluster(stage: Stage, shop: DeploymentId, name: str) -> None:
    chart = stage.chart("5.4.0", {"found.yaml": LOOKUP})
    answer = preview(stage, updating(stage, shop, helm_chart_id=chart))
    assert f"namespace: webshop-{name}" in str(answer["objects"])


def test_what_the_server_refuses_is_told_as_a_sentence(stage: Stage, shop: DeploymentId) -> None:
    answer = preview(stage, updating(stage, shop, values_override={"replicas": -1}))
    [refusal] = answer["refusals"]
    assert refusal.startswith("Deployment web is refused:")
    assert answer["sentence"] == f"This would fail: {refusal}"
    assert "spec.replicas" in refusal


def test_an_immutable_field_is_a_danger_and_a_refusal(stage: Stage, shop: DeploymentId) -> None:
    other = WEB.replace("app: web", "app: other")
    chart = stage.chart("5.6.0", {"web.yaml": other, "greeting.yaml": GREETING})
    answer = preview(stage, updating(stage, shop, helm_chart_id=chart))
    assert "Deployment web can't be changed in place" in dangers(answer)["immutable"]
    assert "immutable" in answer["refusals"][0]


def test_a_field_of_somebody_else_is_told_with_its_owner(stage: Stage, shop: DeploymentId, name: str) -> None:
    client = stage.platz.client(stage.platz.world.cluster)
    path = DEPLOYMENT.path(namespace=f"webshop-{name}", name="web")
    client._transport.answer(
        KubeRequest(
            method="PATCH",
            path=path,
            parameters={"fieldManager": "kubectl-edit"},
            body={"spec": {"replicas": 4}},
            content_type="application/merge-patch+json",
        )
    )
    answer = preview(stage, updating(stage, shop, values_override={"replicas": 2}))
    assert dangers(answer)["conflict"] == (
        "Deployment web: spec.replicas was set by kubectl-edit, which the upgrade takes over."
    )


def test_a_chart_that_can_not_be_rendered_is_a_refusal(stage: Stage, shop: DeploymentId) -> None:
    chart = stage.chart("5.7.0", {"bad.yaml": '{{ fail "no colour is given" }}'})
    answer = preview(stage, updating(stage, shop, helm_chart_id=chart))
    assert "no colour is given" in answer["refusals"][0]
    assert answer["objects"] is None


def test_a_creation_tells_what_is_new(stage: Stage, name: str) -> None:
    chart = stage.chart("5.0.0", {"web.yaml": WEB, "greeting.yaml": GREETING})
    answer = preview(stage, creating(stage, name, helm_chart_id=chart, config={"text": "x"}))
    assert answer["effect"] == "install"
    assert changes(answer) == {"Deployment web": "created", "ConfigMap greeting": "created"}
    assert "2 objects were not tried on the cluster: its namespace does not exist yet." in answer["notes"]
    assert answer["inputs"] == [{"path": "text", "before": None, "after": "x"}]


def test_a_rename_tells_of_the_namespace_and_of_lost_volumes(stage: Stage, name: str) -> None:
    chart = stage.chart("5.3.0", {"claim.yaml": CLAIM})
    shop = stage.installed(name, chart)
    answer = preview(stage, updating(stage, shop, name=f"{name}x"))
    assert answer["effect"] == "relocate"
    assert f"namespace webshop-{name} of cluster blue is deleted" in dangers(answer)["namespace"]
    assert f"made anew in webshop-{name}x" in dangers(answer)["namespace"]
    assert answer["sentence"] == (
        "The deployment is made anew in another place: 1 object is made there, and 1 object is deleted here."
    )
    assert "disk" in dangers(answer)["volumes"]


@pytest.mark.parametrize("how", ["disable", "delete"])
def test_disabling_and_deleting_tell_what_dies(stage: Stage, shop: DeploymentId, name: str, how: str) -> None:
    deletion = requested.deletion(stage.platz.world.admin, shop)
    answer = preview(stage, deletion if how == "delete" else updating(stage, shop, enabled=False))
    assert answer["effect"] == "uninstall"
    assert f"namespace webshop-{name}" in dangers(answer)["namespace"]
    assert changes(answer) == {"Deployment web": "deleted", "ConfigMap greeting": "deleted"}


def test_a_rollback_is_previewed_as_it_would_be_made(stage: Stage, shop: DeploymentId) -> None:
    stage.updated(shop, values_override={"image": "ok:2"})
    world = stage.platz.world
    back = requested.rollback(world.admin, shop, stage.revisions(shop)[0], world.cipher)
    answer = preview(stage, back)
    assert answer["restarts"] == ["Deployment web"]
    assert answer["override"] == [{"path": "image", "before": "ok:2", "after": None}]


def test_what_depends_on_it_is_told(stage: Stage, name: str) -> None:
    passing_on = stage.chart("5.9.0", {"web.yaml": WEB}, features=features(reinstall_dependencies=True))
    shop = stage.installed(name, passing_on, config={"text": "hello"})
    chart = stage.chart("5.8.0", {}, values_ui=values_ui(select_input("shop", "deployments")))
    stage.installed(f"{name}u", chart, config={"shop": str(shop)})
    answer = preview(stage, updating(stage, shop, config={"text": "bye"}))
    assert dangers(answer)["dependants"] == f"What depends on it is reinstalled: webshop-{name}u."


def test_a_change_of_nothing_says_so(stage: Stage, shop: DeploymentId) -> None:
    answer = preview(stage, updating(stage, shop, description_md="*new*"))
    assert (answer["effect"], answer["sentence"]) == ("nothing", "This changes nothing in the cluster.")
    assert answer["objects"] == []


def test_a_required_input_without_a_value_would_fail_whether_or_not_the_cluster_answers(
    stage: Stage, shop: DeploymentId
) -> None:
    form = values_ui({"id": "size", "type": "number", "label": "Size", "required": True})
    form["outputs"]["values"] = [{"path": ["replicas"], "value": {"FieldValue": {"input": "size"}}}]
    chart = stage.chart("5.7.0", {"web.yaml": WEB}, values_ui=form)
    lacking = 'The input "size" is required but has no value. Fill it in.'
    for is_there in (True, False):
        if not is_there:
            stage.platz.kill(stage.platz.world.cluster)
        answer = preview(stage, updating(stage, shop, helm_chart_id=chart))
        assert (answer["refusals"], answer["sentence"]) == ([lacking], f"This would fail: {lacking}")


def test_a_registry_that_is_away_refuses_nothing(stage: Stage, shop: DeploymentId) -> None:
    with stage.platz.world.making() as making:
        never_pushed = making.chart(stage.platz.world.registry, "5.8.0")
    stage.charts.is_away = True
    answer = preview(stage, updating(stage, shop, helm_chart_id=never_pushed))
    assert answer["refusals"] == []
    assert answer["sentence"] == "The deployment is upgraded; what becomes of its objects is not known."


def test_without_the_cluster_the_rest_is_shown(stage: Stage, shop: DeploymentId) -> None:
    stage.platz.kill(stage.platz.world.cluster)
    answer = preview(stage, updating(stage, shop, config={"text": "bye"}))
    assert answer["objects"] is None
    assert answer["objects_problem"]
    assert answer["inputs"] == [{"path": "text", "before": "hello", "after": "bye"}]
    stage.platz.serve()
    assert preview(stage, updating(stage, shop, config={"text": "bye"}))["objects_problem"] == NOT_SERVED


def test_secrets_are_never_shown(stage: Stage, name: str) -> None:
    form = values_ui({"id": "password", "type": "text", "label": "Password", "sensitive": True})
    form["outputs"] = {
        "values": [{"path": ["password"], "value": {"FieldValue": {"input": "password"}}}],
        "secrets": {},
    }
    template = """
apiVersion: v1
kind: ConfigMap
metadata: {name: c}
data: {url: "x:{{ .Values.password }}@y"}
---
apiVersion: v1
kind: Secret
metadata: {name: s}
stringData: {password: {{ .Values.password | quote }}}
"""
    chart = stage.chart("6.0.0", {"c.yaml": template}, values_ui=form)
    shop = stage.installed(name, chart, config={"password": "correct-horse"})
    answer = preview(stage, updating(stage, shop, config={"password": "battery-staple"}))
    assert changes(answer) == {"ConfigMap c": "changed", "Secret s": "changed"}
    for word in ("correct-horse", "battery-staple", "Y29ycmVjdC1ob3JzZQ", "YmF0dGVyeS1zdGFwbGU"):
        assert word not in str(answer)


def test_what_the_change_would_refuse_the_preview_refuses(
    stage: Stage, shop: DeploymentId, name: str
) -> None:
    world = stage.platz.world
    with pytest.raises(Denied):
        preview(stage, updating(stage, shop, by=world.viewer, config={}))
    with pytest.raises(Rejected):
        preview(stage, updating(stage, shop, name="Not A Name"))
    with pytest.raises(Conflict):
        preview(stage, creating(stage, name, helm_chart_id=world.chart))
    with pytest.raises(NotFound):
        preview(stage, requested.deletion(world.admin, DeploymentId(world.chart)))


def made_as_shown(stage: Stage, wanted: Requested, preview_id: str) -> None:
    check = stage.previews.as_shown(wanted, preview_id)
    with stage.platz.world.database.transaction() as connection:
        wanted.make(connection, check)


def test_a_change_is_made_as_it_was_shown(stage: Stage, shop: DeploymentId) -> None:
    wanted = updating(stage, shop, config={"text": "bye"})
    made_as_shown(stage, wanted, preview(stage, wanted)["preview_id"])
    assert stage.platz.world.names(shop) == ["Upgrade"]


def test_a_creation_is_made_as_it_was_shown(stage: Stage, name: str) -> None:
    chart = stage.chart("5.0.0", {"web.yaml": WEB})
    wanted = creating(stage, name, helm_chart_id=chart)
    made_as_shown(stage, wanted, preview(stage, wanted)["preview_id"])


def test_another_change_meanwhile_is_told(stage: Stage, shop: DeploymentId) -> None:
    wanted = updating(stage, shop, config={"text": "bye"})
    shown = preview(stage, wanted)["preview_id"]
    stage.updated(shop, values_override={"replicas": 2})
    with pytest.raises(
        Conflict, match=r"the deployment was changed; .*the release in the cluster is another one"
    ):
        made_as_shown(stage, wanted, shown)
    assert stage.platz.world.names(shop) == []


def test_a_change_between_check_and_lock_is_told(stage: Stage, shop: DeploymentId) -> None:
    world = stage.platz.world
    wanted = updating(stage, shop, config={"text": "bye"})
    check = stage.previews.as_shown(wanted, preview(stage, wanted)["preview_id"])
    world.update(shop, values_override={"replicas": 2})
    with (
        world.database.transaction() as connection,
        pytest.raises(Conflict, match="the deployment was changed"),
    ):
        wanted.make(connection, check)


def test_another_request_than_the_previewed_one_is_refused(stage: Stage, shop: DeploymentId) -> None:
    shown = preview(stage, updating(stage, shop, config={"text": "bye"}))["preview_id"]
    with pytest.raises(Conflict, match="not the one that was previewed"):
        made_as_shown(stage, updating(stage, shop, config={"text": "other"}), shown)


@pytest.mark.parametrize("preview_id", ["", "x", "1.a.b.c.d.e", "2" + ".AAAAAAAAAAAAAAAA" * 5])
def test_what_is_no_id_of_a_preview_is_rejected(stage: Stage, shop: DeploymentId, preview_id: str) -> None:
    with pytest.raises(Rejected, match="not the id of a preview"):
        stage.previews.as_shown(updating(stage, shop, config={}), preview_id)
