"""Why a hook does not get on is read from its Job's events and its Pods.

Source: docs/contract/workers.md, "Helm execution".
"""

from __future__ import annotations

from typing import Any

import pytest
from scripted_server import ScriptedServer, listing, status

from platz.kube.client import KubeClient
from platz.kube.hook_state import hook_trouble, pod_trouble, present_hooks, refused_creation

HOOK = {"annotations": {"helm.sh/hook": "pre-upgrade"}}
JOB = {"metadata": {"name": "migrate", "uid": "1", **HOOK}}
QUOTA = (
    'Error creating: pods "migrate-x" is forbidden: exceeded quota: q, requested: pods=1, used: pods=3,'
    " limited: pods=3"
)


def pod(**given: Any) -> Any:
    return {"metadata": {"name": "migrate-x", "uid": "2"}, "status": given}


def container(**state: Any) -> dict[str, Any]:
    return {"name": "main", "image": "example/none:1", "state": state}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            {
                "containerStatuses": [
                    container(waiting={"reason": "ImagePullBackOff", "message": "no such tag"})
                ]
            },
            "container main (example/none:1): ImagePullBackOff. no such tag",
        ),
        (
            {"initContainerStatuses": [container(waiting={"reason": "CrashLoopBackOff"})]},
            "container main (example/none:1): CrashLoopBackOff.",
        ),
        (
            {"containerStatuses": [container(terminated={"exitCode": 3, "reason": "Error"})]},
            "container main ended with exit code 3 (Error).",
        ),
        (
            {
                "conditions": [
                    {"type": "PodScheduled", "status": "False", "message": "0/2 nodes are available"}
                ]
            },
            "can't be scheduled: 0/2 nodes are available",
        ),
        ({"phase": "Failed", "reason": "Evicted"}, "failed: Evicted"),
    ],
    ids=["image", "crash", "exit code", "no node", "evicted"],
)
def test_what_keeps_a_pod_from_running_is_told(given: dict[str, Any], words: str) -> None:
    reason = pod_trouble(pod(**given))
    assert reason is not None
    assert reason.startswith("Pod migrate-x")
    assert words in reason


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"phase": "Running", "containerStatuses": [container(running={})]},
        {"containerStatuses": [container(waiting={"reason": "ContainerCreating"})]},
        {"containerStatuses": [container(terminated={"exitCode": 0})]},
        {"containerStatuses": "broken", "conditions": [5]},
    ],
)
def test_a_pod_that_gets_on_is_no_trouble(given: dict[str, Any]) -> None:
    assert pod_trouble(pod(**given)) is None


def test_a_quota_is_told_with_its_name_and_what_it_allows() -> None:
    assert refused_creation(QUOTA, "shop") == (
        "quota q in namespace shop allows pods=3, and pods=3 are used: pods=1 more are too many."
    )


def test_another_refusal_is_told_in_the_words_of_the_cluster() -> None:
    assert refused_creation("Error creating: admission webhook denied", "shop") == (
        "Error creating: admission webhook denied"
    )


def test_the_event_of_a_job_without_pods_is_read(server: ScriptedServer, client: KubeClient) -> None:
    event = {"reason": "FailedCreate", "message": QUOTA}
    server.script.extend([listing(JOB), listing(), listing(event)])
    trouble = hook_trouble(client, namespace="shop")
    assert trouble is not None
    assert trouble.startswith("Hook migrate: quota q in namespace shop allows pods=3")
    assert "fieldSelector=involvedObject.uid%3D1" in server.requests[-1]


def test_the_pods_of_a_job_are_read(server: ScriptedServer, client: KubeClient) -> None:
    crashed = pod(containerStatuses=[container(waiting={"reason": "CrashLoopBackOff"})])
    server.script.extend([listing(JOB), listing(crashed)])
    assert "Hook migrate: Pod migrate-x" in str(hook_trouble(client, namespace="shop"))


def test_a_hook_that_is_a_pod_is_read(server: ScriptedServer, client: KubeClient) -> None:
    hook: Any = pod(phase="Failed", reason="Evicted")
    hook["metadata"] |= HOOK
    server.script.extend([listing(), listing(hook)])
    assert "Hook migrate-x: Pod migrate-x failed: Evicted" in str(hook_trouble(client, namespace="shop"))


def test_what_an_earlier_run_left_does_not_count(server: ScriptedServer, client: KubeClient) -> None:
    server.script.extend([listing(JOB), listing()])
    leftovers = present_hooks(client, namespace="shop")
    assert leftovers == {"1"}
    server.script.extend([listing(JOB), listing()])
    assert hook_trouble(client, namespace="shop", leftovers=leftovers) is None


def test_objects_that_are_no_hooks_do_not_count(server: ScriptedServer, client: KubeClient) -> None:
    server.script.extend([listing({"metadata": {"name": "other"}}), listing(pod(phase="Failed"))])
    assert hook_trouble(client, namespace="shop") is None


def test_a_right_that_is_missing_is_no_error(server: ScriptedServer, client: KubeClient) -> None:
    server.script.append(status(403))
    assert hook_trouble(client, namespace="shop") is None
