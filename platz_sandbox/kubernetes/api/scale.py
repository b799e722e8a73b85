"""The `scale` subresource: a workload's number of replicas, in the form of autoscaling/v1.

Invariant: writing a Scale changes nothing of the workload but `spec.replicas`.
Source: Kubernetes API reference, autoscaling/v1 Scale.
"""

from __future__ import annotations

from collections.abc import Callable

from platz_sandbox.kubernetes.objects.raw_documents import KubeObject, dig, number, objects, part
from platz_sandbox.kubernetes.objects.served_kinds import Kind
from platz_sandbox.kubernetes.objects.status_errors import Cause, bad_request, invalid

_IDENTITY = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")


def scale_of(document: KubeObject) -> KubeObject:
    """Return a workload's Scale."""
    metadata = document["metadata"]
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {key: metadata[key] for key in _IDENTITY if key in metadata},
        "spec": {"replicas": number(document, "spec", "replicas")},
        "status": {"replicas": number(document, "status", "replicas"), "selector": _selector(document)},
    }


def _selector(document: KubeObject) -> str:
    labels = part(document, "spec", "selector", "matchLabels")
    rules = [
        f"{rule['key']} {rule['operator'].lower()} ({','.join(rule.get('values') or ())})"
        for rule in objects(document, "spec", "selector", "matchExpressions")
    ]
    return ",".join([*(f"{key}={value}" for key, value in labels.items()), *rules])


def applied_scale(config: KubeObject, kind: Kind) -> KubeObject:
    """Turn an applied Scale into the configuration of its workload that it stands for."""
    called = (config.get("apiVersion"), config.get("kind"))
    if called != ("autoscaling/v1", "Scale"):
        raise bad_request(
            f"an apply patch of a scale is a Scale of autoscaling/v1, not {called[1]} of {called[0]}"
        )
    metadata = {key: value for key, value in part(config, "metadata").items() if key in {"name", "namespace"}}
    spec = {"replicas": replicas} if (replicas := dig(config, "spec", "replicas")) is not None else {}
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, "spec": spec}


def scaling(change: Callable[[KubeObject], KubeObject]) -> Callable[[KubeObject], KubeObject]:
    """Turn a change of a Scale into the change of its workload, which raises 400 or 422 for an invalid number."""

    def scaled(workload: KubeObject) -> KubeObject:
        wanted = change(scale_of(workload))
        replicas = dig(wanted, "spec", "replicas") or 0
        name = workload["metadata"]["name"]
        if not isinstance(replicas, int):
            raise bad_request("json: cannot unmarshal into field ScaleSpec.spec.replicas of type int32")
        if replicas < 0:
            cause = Cause(reason="FieldValueInvalid", field="spec.replicas",
                          message=f"Invalid value: {replicas}: must be greater than or equal to 0")  # fmt: skip
            raise invalid(kind="Scale", group="autoscaling", name=name, causes=[cause])
        metadata = dict(workload["metadata"])
        version = dig(wanted, "metadata", "resourceVersion")
        if version:
            metadata["resourceVersion"] = version
        return {**workload, "metadata": metadata, "spec": {**workload["spec"], "replicas": replicas}}

    return scaled
