"""Why a hook of a chart does not get on: what its Job's events and its Pods say.

Invariant: nothing is changed, and the words are those of Kubernetes, shortened; a right that is missing to read them is
no error.

Source: Kubernetes, "Pod Lifecycle" and the Job controller's event `FailedCreate`; Helm, "Chart Hooks".
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import cast

from platz.json import JsonObject, JsonValue
from platz.kube.api_resources import EVENT, JOB, POD, ResourceKind
from platz.kube.client import KubeClient
from platz.kube.errors import KubeDenied, KubeNotFound

_HOOK = "helm.sh/hook"
_QUOTA = re.compile(
    r"exceeded quota: (?P<quota>[^,]+), requested: (?P<requested>.+), used: (?P<used>.+), limited: (?P<limited>.+)"
)
_MAX_CHARACTERS = 300
_HARMLESS = frozenset({"ContainerCreating", "PodInitializing"})


def present_hooks(client: KubeClient, *, namespace: str) -> frozenset[str]:
    """Return the uids of the hooks that exist; before a run these are what earlier ones left."""
    return frozenset(_uid(hook) for kind in (JOB, POD) for hook in _hooks(client, kind, namespace))


def hook_trouble(
    client: KubeClient, *, namespace: str, leftovers: Collection[str] = frozenset()
) -> str | None:
    """Return why a hook in the namespace does not get on, in a sentence; None if nothing is known to be wrong.

    ``leftovers`` are the uids of hooks that do not count. Raises the errors of the cluster.
    """
    for job in _hooks(client, JOB, namespace):
        if _uid(job) not in leftovers and (reason := _job_trouble(client, namespace, job)):
            return f"Hook {_name(job)}: {reason}"
    for pod in _hooks(client, POD, namespace):
        if _uid(pod) not in leftovers and (reason := pod_trouble(pod)):
            return f"Hook {_name(pod)}: {reason}"
    return None


def pod_trouble(pod: JsonObject) -> str | None:
    """Return what keeps a Pod from running, or ended it badly; None if nothing does."""
    status = _part(pod, "status")
    for container in (*_parts(status, "initContainerStatuses"), *_parts(status, "containerStatuses")):
        if reason := _container_trouble(container):
            return f"Pod {_name(pod)}: {reason}"
    for condition in _parts(status, "conditions"):
        if (condition.get("type"), condition.get("status")) == ("PodScheduled", "False"):
            return f"Pod {_name(pod)} can't be scheduled: {_short(condition.get('message'))}"
    if status.get("phase") == "Failed":
        return f"Pod {_name(pod)} failed: {_short(status.get('message') or status.get('reason'))}"
    return None


def refused_creation(message: str, namespace: str) -> str:
    """Return why a controller could not create a Pod, for a quota with its name and what it allows."""
    quota = _QUOTA.search(message)
    if quota is None:
        return _short(message)
    return (
        f"quota {quota['quota']} in namespace {namespace} allows {quota['limited']}, and {quota['used']} are used:"
        f" {quota['requested']} more are too many."
    )


def _job_trouble(client: KubeClient, namespace: str, job: JsonObject) -> str | None:
    if _is_complete(job):
        return None
    pods = _listed(client, POD, namespace, label_selector=f"job-name={_name(job)}")
    if reason := next(filter(None, map(pod_trouble, pods)), None):
        return reason
    if pods:
        return None
    events = _listed(client, EVENT, namespace, field_selector=f"involvedObject.uid={_uid(job)}")
    refused = [each for each in events if each.get("reason") == "FailedCreate"]
    return refused_creation(str(refused[-1].get("message")), namespace) if refused else None


def _container_trouble(container: JsonObject) -> str | None:
    state, name = _part(container, "state"), container.get("name")
    waiting, ended = _part(state, "waiting"), _part(state, "terminated")
    reason = waiting.get("reason")
    if isinstance(reason, str) and reason not in _HARMLESS:
        return (
            f"container {name} ({container.get('image')}): {reason}. {_short(waiting.get('message'))}".strip()
        )
    code = ended.get("exitCode")
    if isinstance(code, int) and code != 0:
        return f"container {name} ended with exit code {code} ({ended.get('reason')})."
    return None


def _hooks(client: KubeClient, kind: ResourceKind, namespace: str) -> Iterator[JsonObject]:
    for found in _listed(client, kind, namespace):
        if _HOOK in _part(_part(found, "metadata"), "annotations"):
            yield found


def _listed(
    client: KubeClient,
    kind: ResourceKind,
    namespace: str,
    *,
    label_selector: str | None = None,
    field_selector: str | None = None,
) -> Sequence[JsonObject]:
    try:
        return client.list_all(
            kind, namespace=namespace, label_selector=label_selector, field_selector=field_selector
        ).items
    except (KubeDenied, KubeNotFound):
        return ()


def _is_complete(job: JsonObject) -> bool:
    conditions = _parts(_part(job, "status"), "conditions")
    return any(each.get("type") == "Complete" and each.get("status") == "True" for each in conditions)


def _name(document: JsonObject) -> str:
    return str(_part(document, "metadata").get("name"))


def _uid(document: JsonObject) -> str:
    return str(_part(document, "metadata").get("uid"))


def _short(value: JsonValue) -> str:
    flat = " ".join(value.split()) if isinstance(value, str) else ""
    return flat if len(flat) <= _MAX_CHARACTERS else flat[:_MAX_CHARACTERS] + "…"


def _part(document: JsonObject, key: str) -> JsonObject:
    value = document.get(key)
    return value if isinstance(value, dict) else {}


def _parts(document: JsonObject, key: str) -> Sequence[JsonObject]:
    value = document.get(key)
    listed = cast("list[JsonValue]", value) if isinstance(value, list) else []
    return [each for each in listed if isinstance(each, dict)]
