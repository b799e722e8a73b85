"""Conversion between the versions of a built-in kind: one is stored, the others are shown and taken.

Invariant: `to_stored(to_version(document, kind))` changes nothing that both versions can say.
Source: Kubernetes API reference, HorizontalPodAutoscaler of autoscaling/v1 and autoscaling/v2.
"""

from __future__ import annotations

from platz_sandbox.kubernetes.objects.raw_documents import KubeObject, dig, objects, part
from platz_sandbox.kubernetes.objects.served_kinds import Kind, built_in

_AUTOSCALER = ("HorizontalPodAutoscaler", "autoscaling/v1")
_SHARE = "targetCPUUtilizationPercentage"
_DEFAULT_SHARE = 80


def stored_kind(kind: Kind) -> Kind:
    """Return the version in which a kind's objects are stored."""
    return kind if kind.custom_schema is not None else built_in(kind.resource)


def to_stored(kind: Kind, document: KubeObject) -> KubeObject:
    """Return a document of any served version in the version that is stored."""
    if (kind.kind, kind.api_version) != _AUTOSCALER:
        return document
    spec = dict(part(document, "spec"))
    share = spec.pop(_SHARE, None)
    target = {"type": "Utilization", "averageUtilization": _DEFAULT_SHARE if share is None else share}
    spec.setdefault("metrics", [{"type": "Resource", "resource": {"name": "cpu", "target": target}}])
    return {**document, "apiVersion": stored_kind(kind).api_version, "spec": spec}


def to_version(kind: Kind, document: KubeObject) -> KubeObject:
    """Return a stored document in the version of ``kind``."""
    if (kind.kind, kind.api_version) != _AUTOSCALER or document.get("apiVersion") == kind.api_version:
        return document
    spec = {key: value for key, value in part(document, "spec").items() if key not in {"metrics", "behavior"}}
    for metric in objects(document, "spec", "metrics"):
        share = dig(metric, "resource", "target", "averageUtilization")
        if dig(metric, "resource", "name") == "cpu" and share is not None:
            spec[_SHARE] = share
    return {**document, "apiVersion": kind.api_version, "spec": spec}
