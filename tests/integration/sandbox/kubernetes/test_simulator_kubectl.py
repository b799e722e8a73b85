"""The real kubectl executables against the simulator."""

from __future__ import annotations

import json
import os
import select
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from executables import Tool
from simulator_world import workload


def apply(kubectl: Tool, document: dict[str, Any], *options: str) -> str:
    return kubectl.run("apply", "-f", "-", *options, stdin=json.dumps(document))


def image_of(kubectl: Tool) -> str:
    return kubectl.run("get", "deployment/web", "-o", "jsonpath={.spec.template.spec.containers[0].image}")


def test_version_and_resources_are_told(kubectl: Tool) -> None:
    assert "Server Version: v1.36" in kubectl.run("version")
    assert "deployments" in kubectl.run("api-resources")
    assert "apps/v1" in kubectl.run("api-versions")


def test_get_prints_the_kinds_own_columns(kubectl: Tool) -> None:
    apply(kubectl, workload())
    kubectl.run("rollout", "status", "deployment/web", "--timeout=20s")

    header, row = kubectl.run("get", "deployments").splitlines()
    wide = kubectl.run("get", "pods", "-o", "wide").splitlines()

    assert header.split() == ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"]
    assert row.split()[:4] == ["web", "2/2", "2", "2"]
    assert wide[0].split()[:8] == ["NAME", "READY", "STATUS", "RESTARTS", "AGE", "IP", "NODE", "NOMINATED"]
    assert all(line.split()[1:3] == ["1/1", "Running"] for line in wide[1:])
    assert "deployment.apps/web" in kubectl.run("get", "all", "-o", "name")


def test_apply_creates_then_changes_then_leaves_alone(kubectl: Tool) -> None:
    assert "created" in apply(kubectl, workload())
    assert "configured" in apply(kubectl, workload(image="registry.example/web:2"))
    assert "unchanged" in apply(kubectl, workload(image="registry.example/web:2"))
    assert image_of(kubectl) == "registry.example/web:2"


def test_apply_removes_what_was_applied_before(kubectl: Tool) -> None:
    apply(kubectl, workload(env=[{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]))
    apply(kubectl, workload(env=[{"name": "B", "value": "2"}]))

    names = kubectl.run(
        "get", "deployment/web", "-o", "jsonpath={.spec.template.spec.containers[0].env[*].name}"
    )

    assert names == "B"


def test_server_side_apply_reports_conflicts(kubectl: Tool) -> None:
    apply(kubectl, workload(), "--server-side", "--field-manager=one")
    other = json.dumps(workload(image="registry.example/web:2"))
    options = ("--server-side", "--field-manager=two")

    refused = kubectl.try_run("apply", "-f", "-", *options, stdin=other)
    kubectl.run("apply", "-f", "-", *options, "--force-conflicts", stdin=other)

    assert 'conflict with "one": .spec.template.spec.containers[name="main"].image' in refused.stderr
    assert image_of(kubectl) == "registry.example/web:2"


def test_scaling_and_rollouts(kubectl: Tool) -> None:
    apply(kubectl, workload())
    kubectl.run("scale", "deployment/web", "--replicas=3")
    kubectl.run("set", "image", "deployment/web", "main=registry.example/web:2")
    assert "successfully rolled out" in kubectl.run("rollout", "status", "deployment/web", "--timeout=20s")
    kubectl.run("rollout", "undo", "deployment/web")
    kubectl.run("rollout", "status", "deployment/web", "--timeout=20s")
    kubectl.run("rollout", "restart", "deployment/web")
    kubectl.run("rollout", "status", "deployment/web", "--timeout=20s")

    assert image_of(kubectl) == "registry.example/web:1"
    assert len(kubectl.run("get", "pods", "-o", "name").split()) >= 3
    assert kubectl.run("rollout", "history", "deployment/web").count("<none>") >= 2


def test_a_rollout_that_never_becomes_ready_times_out(kubectl: Tool) -> None:
    apply(kubectl, workload(image="registry.example/never-ready:1"))

    waited = kubectl.try_run("rollout", "status", "deployment/web", "--timeout=1s")

    assert waited.returncode != 0
    assert "0 of 2 updated replicas are available" in waited.stdout


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet"])
def test_other_rollouts_are_followed_too(kubectl: Tool, kind: str) -> None:
    document = workload(kind=kind)
    if kind == "DaemonSet":
        del document["spec"]["replicas"]
    apply(kubectl, document)

    kubectl.run("rollout", "status", f"{kind.lower()}/web", "--timeout=20s")


def test_logs_are_read_and_followed_to_the_end(kubectl: Tool) -> None:
    spec = {"restartPolicy": "Never", "containers": [{"name": "main", "image": "registry.example/job:1"}]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "once"}, "spec": spec}
    apply(kubectl, pod)
    kubectl.run("wait", "pod/once", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=20s")

    lines = kubectl.run("logs", "once").splitlines()

    assert lines[0] == "Starting registry.example/job:1"
    assert lines[-1] == "Done"
    assert kubectl.run("logs", "once", "--tail=1") == "Done\n"
    assert kubectl.run("logs", "-f", "once").splitlines() == lines
    assert kubectl.run("logs", "once", "--timestamps", "--tail=1").split()[1] == "Done"


def test_describe_tells_of_events_and_endpoints(kubectl: Tool) -> None:
    apply(kubectl, workload())
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
               "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]}}  # fmt: skip
    apply(kubectl, service)
    kubectl.run("rollout", "status", "deployment/web", "--timeout=20s")

    assert "ScalingReplicaSet" in kubectl.run("describe", "deployment", "web")
    assert "Successfully assigned" in kubectl.run("describe", "pods")
    assert "Endpoints:" in kubectl.run("describe", "service", "web")
    assert "Status:       Active" in kubectl.run("describe", "namespace", kubectl.options[2].split("=")[1])
    assert "Ready" in kubectl.run("describe", "node", "node-1")


def test_get_watch_prints_changes(kubectl: Tool) -> None:
    apply(kubectl, workload(replicas=0))
    watch = kubectl.start("get", "deployments", "-w", "-o", "name")
    try:
        assert read_line(watch.stdout) == "deployment.apps/web\n"
        kubectl.run("annotate", "deployment/web", "touched=yes")
        assert read_line(watch.stdout) == "deployment.apps/web\n"
    finally:
        watch.kill()
        watch.communicate()


def read_line(stream: Any, *, seconds: float = 20) -> str:
    """Read a line that a child prints, byte by byte so that nothing waits in a buffer; fail after the seconds."""
    deadline, line = time.monotonic() + seconds, b""
    while not line.endswith(b"\n"):
        ready, _, _ = select.select([stream], [], [], max(deadline - time.monotonic(), 0))
        assert ready, f"no line within {seconds} s"
        line += os.read(stream.fileno(), 1)
    return line.decode()


def test_patches_labels_and_edits(kubectl: Tool) -> None:
    apply(kubectl, workload(replicas=0))
    kubectl.run("label", "deployment/web", "tier=front")
    kubectl.run("annotate", "deployment/web", "note=hello")
    kubectl.run("patch", "deployment/web", "-p", '{"spec": {"replicas": 1}}')
    kubectl.run(
        "patch", "deployment/web", "--type=json", "-p", '[{"op": "remove", "path": "/metadata/labels/tier"}]'
    )
    kubectl.run(
        "patch", "deployment/web", "--type=merge", "-p", '{"metadata": {"annotations": {"note": null}}}'
    )

    metadata = json.loads(kubectl.run("get", "deployment/web", "-o", "json"))["metadata"]

    assert metadata["labels"] == {"app": "web"}
    assert "note" not in metadata["annotations"]


def test_explain_and_diff_and_dry_run(kubectl: Tool) -> None:
    apply(kubectl, workload())
    kubectl.run("rollout", "status", "deployment/web", "--timeout=20s")

    assert "<integer>" in kubectl.run("explain", "deployment.spec.replicas")
    changed = kubectl.try_run("diff", "-f", "-", stdin=json.dumps(workload(image="registry.example/web:9")))
    added = [line for line in changed.stdout.splitlines() if line.startswith("+ ")]
    assert any(line.endswith("image: registry.example/web:9") for line in added)
    assert "server dry run" in apply(kubectl, workload(replicas=5), "--dry-run=server")
    assert kubectl.run("get", "deployment/web", "-o", "jsonpath={.spec.replicas}") == "2"


def test_a_misspelt_field_is_refused(kubectl: Tool) -> None:
    document = workload()
    document["spec"]["replica"] = 3

    refused = kubectl.try_run("apply", "-f", "-", stdin=json.dumps(document))

    assert 'unknown field "spec.replica"' in refused.stderr


def test_secrets_and_config_maps_are_created_by_hand(kubectl: Tool) -> None:
    kubectl.run("create", "secret", "generic", "login", "--from-literal=user=ann")
    kubectl.run("create", "configmap", "settings", "--from-literal=color=red")

    assert kubectl.run("get", "secret/login", "-o", "jsonpath={.data.user}") == "YW5u"
    assert kubectl.run("get", "configmap/settings", "-o", "jsonpath={.data.color}") == "red"


def test_a_token_of_a_service_account_is_made(kubectl: Tool) -> None:
    assert len(kubectl.run("create", "token", "default").strip()) > 20


CREATED = (
    "deployment web --image=nginx:1 --replicas=0 --port=80",
    "service nodeport web --tcp=80:8080 --tcp=81:http",
    "ingress web --rule=shop.example/x*=web:80,tls=certificate --class=front --default-backend=web:http",
    "job sum --image=busybox",
    "cronjob nightly --image=busybox --schedule=@daily --restart=Never",
    "role reader --verb=get,list --resource=pods --resource-name=web",
    "rolebinding readers --role=reader --serviceaccount=shop:web --user=ada --group=shop",
    "quota few --hard=pods=2,cpu=500m --scopes=NotBestEffort",
    "poddisruptionbudget half --selector=app=web --min-available=50%",
    "poddisruptionbudget one --selector=app=web --max-unavailable=1",
)


@pytest.mark.parametrize("words", CREATED)
def test_what_is_created_by_hand_is_what_was_asked_for(kubectl: Tool, words: str) -> None:
    create = ("create", *words.split(), "--output=json")

    wanted = json.loads(kubectl.run(*create, "--dry-run=client"))
    made = json.loads(kubectl.run(*create))

    assert list(missing(wanted, made)) == []


def missing(wanted: Any, made: Any, place: str = "") -> Iterator[str]:
    """The places where ``made`` lacks what was wanted; statuses and what is empty are no wish."""
    if isinstance(wanted, dict):
        for key, value in cast("dict[str, Any]", wanted).items():
            if key != "status" and value not in (None, {}, ""):
                yield from missing(value, made.get(key), f"{place}.{key}")
    elif isinstance(wanted, list):
        parts = cast("list[Any]", wanted)
        if not isinstance(made, list) or len(parts) != len(cast("list[Any]", made)):
            yield place
            return
        for number, part in enumerate(parts):
            yield from missing(part, made[number], f"{place}[{number}]")
    elif wanted != made:
        yield place


def test_a_kind_that_nobody_serves_is_said(kubectl: Tool) -> None:
    widget = json.dumps({"apiVersion": "factory.example/v1", "kind": "Widget", "metadata": {"name": "x"}})

    refused = kubectl.try_run("apply", "-f", "-", stdin=widget)

    assert 'no matches for kind "Widget" in version "factory.example/v1"' in refused.stderr


def test_a_caller_may_ask_what_it_may_do(kubectl: Tool) -> None:
    assert kubectl.run("auth", "can-i", "delete", "deployments").strip() == "yes"
    assert "sandbox" in kubectl.run("auth", "whoami")


def test_what_needs_a_container_is_refused_in_words(kubectl: Tool) -> None:
    kubectl.run("run", "web", "--image=nginx:1")
    kubectl.run("wait", "pod/web", "--for=condition=Ready", "--timeout=20s")

    for command in (("attach", "web"), ("port-forward", "pod/web", "8080:80")):
        assert "run no containers" in kubectl.try_run(*command).stderr


def test_delete_waits_until_it_is_gone(kubectl: Tool) -> None:
    apply(kubectl, workload())
    kubectl.run("rollout", "status", "deployment/web", "--timeout=20s")

    kubectl.run("delete", "deployment/web", "--cascade=foreground", "--timeout=20s")

    assert kubectl.run("get", "deployments,replicasets", "-o", "name") == ""


def test_a_namespace_is_created_and_deleted(kubectl: Tool, namespace: str) -> None:
    kubectl.run("create", "namespace", f"{namespace}-more")
    kubectl.run("delete", "namespace", f"{namespace}-more", "--timeout=20s")

    assert kubectl.try_run("get", "namespace", f"{namespace}-more").returncode != 0


def test_a_wrong_token_is_refused(kubectl: Tool, tmp_path: Path) -> None:
    refused = kubectl.try_run("get", "pods", "--token=wrong")

    assert "Unauthorized" in refused.stderr or "logged in" in refused.stderr
