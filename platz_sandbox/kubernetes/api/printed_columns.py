"""The columns that `kubectl get` prints for each kind.

Invariant: a column never fails on an object that lacks the field; it prints kubectl's text for a missing value.
Source: the printer columns of Kubernetes' API server, and `additionalPrinterColumns` of custom resources.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from platz_sandbox.kubernetes.api import cells
from platz_sandbox.kubernetes.objects.raw_documents import (
    KubeObject,
    dig,
    is_list,
    number,
    objects,
    texts,
)
from platz_sandbox.kubernetes.objects.served_kinds import Kind


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column; with ``priority`` 1 it is shown by `-o wide` only."""

    name: str
    cell: Callable[[KubeObject], Any]
    type: str = "string"
    format: str = ""
    priority: int = 0

    def definition(self) -> KubeObject:
        """Return the column as a Table declares it."""
        return {"name": self.name, "type": self.type, "format": self.format, "description": self.name,
                "priority": self.priority}  # fmt: skip


def _field(*path: str, default: Any = cells.NONE) -> Callable[[KubeObject], Any]:
    def cell(document: KubeObject) -> Any:
        value = dig(document, *path)
        return default if value is None else value

    return cell


def _count(*path: str) -> Callable[[KubeObject], Any]:
    return lambda document: number(document, *path)


def _length(*path: str) -> Callable[[KubeObject], Any]:
    return lambda document: len(dig(document, *path) or ())


def _age_of(*path: str) -> Callable[[KubeObject], Any]:
    return lambda document: cells.age(dig(document, *path))


_NAME = Column(name="Name", cell=_field("metadata", "name"), format="name")
_AGE = Column(name="Age", cell=_age_of("metadata", "creationTimestamp"))


def _template(part: str) -> Callable[[KubeObject], Any]:
    def cell(document: KubeObject) -> Any:
        return (
            ",".join(str(c.get(part)) for c in objects(document, "spec", "template", "spec", "containers"))
            or cells.NONE
        )

    return cell


def _selector(*path: str) -> Callable[[KubeObject], Any]:
    return lambda document: (
        ",".join(f"{k}={v}" for k, v in sorted(texts(document, *path).items())) or cells.NONE
    )


_TEMPLATE = (
    Column(name="Containers", cell=_template("name"), priority=1),
    Column(name="Images", cell=_template("image"), priority=1),
    Column(name="Selector", cell=_selector("spec", "selector", "matchLabels"), priority=1),
)


def _counted(name: str, *path: str, priority: int = 0) -> Column:
    return Column(name=name, cell=_count(*path), type="integer", priority=priority)


def _shown(name: str, *path: str, default: Any = cells.NONE, priority: int = 0) -> Column:
    return Column(name=name, cell=_field(*path, default=default), priority=priority)


_COLUMNS: Mapping[str, tuple[Column, ...]] = {
    "pods": (
        _NAME, Column(name="Ready", cell=cells.ready_of), Column(name="Status", cell=cells.pod_status),
        Column(name="Restarts", cell=cells.restarts), _AGE, _shown("IP", "status", "podIP", priority=1),
        _shown("Node", "spec", "nodeName", priority=1),
        _shown("Nominated Node", "status", "nominatedNodeName", priority=1),
        Column(name="Readiness Gates", cell=lambda _pod: cells.NONE, priority=1),
    ),
    "services": (
        _NAME, _shown("Type", "spec", "type"), _shown("Cluster-IP", "spec", "clusterIP"),
        Column(name="External-IP", cell=cells.external_ip), Column(name="Port(s)", cell=cells.ports), _AGE,
        Column(name="Selector", cell=_selector("spec", "selector"), priority=1),
    ),
    "namespaces": (_NAME, _shown("Status", "status", "phase"), _AGE),
    "nodes": (
        _NAME, Column(name="Status", cell=cells.node_status), Column(name="Roles", cell=lambda _node: cells.NONE), _AGE,
        _shown("Version", "status", "nodeInfo", "kubeletVersion"),
    ),
    "configmaps": (_NAME, Column(name="Data", cell=_length("data"), type="string"), _AGE),
    "secrets": (_NAME, _shown("Type", "type"), Column(name="Data", cell=_length("data"), type="integer"), _AGE),
    "serviceaccounts": (_NAME, Column(name="Secrets", cell=_length("secrets"), type="integer"), _AGE),
    "events": (
        Column(name="Last Seen", cell=cells.last_seen), _shown("Type", "type"), _shown("Reason", "reason"),
        Column(name="Object", cell=cells.involved), _shown("Message", "message"),
        Column(name="Name", cell=_field("metadata", "name"), format="name", priority=1),
    ),
    "persistentvolumeclaims": (
        _NAME, _shown("Status", "status", "phase"), _shown("Volume", "spec", "volumeName", default=""),
        _shown("Capacity", "status", "capacity", "storage", default=""),
        Column(name="Access Modes", cell=lambda claim: ",".join(dig(claim, "spec", "accessModes") or ())),
        _shown("StorageClass", "spec", "storageClassName", default=""), _AGE,
    ),
    "deployments.apps": (
        _NAME, Column(name="Ready", cell=cells.ready_replicas), _counted("Up-to-date", "status", "updatedReplicas"),
        _counted("Available", "status", "availableReplicas"), _AGE, *_TEMPLATE,
    ),
    "replicasets.apps": (
        _NAME, _counted("Desired", "spec", "replicas"), _counted("Current", "status", "replicas"),
        _counted("Ready", "status", "readyReplicas"), _AGE, *_TEMPLATE,
    ),
    "statefulsets.apps": (_NAME, Column(name="Ready", cell=cells.ready_replicas), _AGE, *_TEMPLATE[:2]),
    "daemonsets.apps": (
        _NAME, _counted("Desired", "status", "desiredNumberScheduled"),
        _counted("Current", "status", "currentNumberScheduled"), _counted("Ready", "status", "numberReady"),
        _counted("Up-to-date", "status", "updatedNumberScheduled"), _counted("Available", "status", "numberAvailable"),
        Column(name="Node Selector", cell=_selector("spec", "template", "spec", "nodeSelector")), _AGE, *_TEMPLATE,
    ),
    "jobs.batch": (
        _NAME, Column(name="Status", cell=cells.job_status),
        Column(name="Completions", cell=cells.completions),
        Column(name="Duration", cell=cells.job_duration), _AGE, *_TEMPLATE,
    ),
    "cronjobs.batch": (
        _NAME, _shown("Schedule", "spec", "schedule"), _shown("Timezone", "spec", "timeZone"),
        Column(name="Suspend", cell=lambda job: str(bool(dig(job, "spec", "suspend"))), type="boolean"),
        Column(name="Active", cell=_length("status", "active"), type="integer"),
        Column(name="Last Schedule",
               cell=cells.last_schedule),
        _AGE,
    ),
    "ingresses.networking.k8s.io": (
        _NAME, _shown("Class", "spec", "ingressClassName"), Column(name="Hosts", cell=cells.hosts),
        Column(name="Address", cell=cells.addresses),
        Column(name="Ports", cell=lambda ingress: "80, 443" if objects(ingress, "spec", "tls") else "80"), _AGE,
    ),
    "ingressclasses.networking.k8s.io": (
        _NAME, _shown("Controller", "spec", "controller"), _shown("Parameters", "spec", "parameters", "name"), _AGE,
    ),
    "poddisruptionbudgets.policy": (
        _NAME, _shown("Min Available", "spec", "minAvailable", default="N/A"),
        _shown("Max Unavailable", "spec", "maxUnavailable", default="N/A"),
        _counted("Allowed Disruptions", "status", "disruptionsAllowed"), _AGE,
    ),
    "horizontalpodautoscalers.autoscaling": (
        _NAME,
        Column(name="Reference", cell=lambda scaler: f"{dig(scaler, 'spec', 'scaleTargetRef', 'kind')}/"
                                                     f"{dig(scaler, 'spec', 'scaleTargetRef', 'name')}"),
        Column(name="Targets", cell=lambda _scaler: "<unknown>"), _shown("MinPods", "spec", "minReplicas"),
        _shown("MaxPods", "spec", "maxReplicas"), _counted("Replicas", "status", "currentReplicas"), _AGE,
    ),
    "customresourcedefinitions.apiextensions.k8s.io": (
        _NAME, Column(name="Created At", cell=_field("metadata", "creationTimestamp"), type="date"),
    ),
    "storageclasses.storage.k8s.io": (
        _NAME, _shown("Provisioner", "provisioner"), _shown("ReclaimPolicy", "reclaimPolicy"),
        _shown("VolumeBindingMode", "volumeBindingMode"), _AGE,
    ),
    "priorityclasses.scheduling.k8s.io": (_NAME, _shown("Value", "value"), _AGE),
    "leases.coordination.k8s.io": (_NAME, _shown("Holder", "spec", "holderIdentity"), _AGE),
}  # fmt: skip

_PLAIN = (_NAME, Column(name="Created At", cell=_field("metadata", "creationTimestamp"), type="date"))
_STEP = re.compile(r"\.([A-Za-z0-9_-]+)|\[(\d+)\]")


def _json_path(path: str) -> Callable[[KubeObject], Any]:
    """Return the function that reads a simple path (`.spec.size`, `.status.list[0]`) of a printer column."""
    steps = [found[1] or int(found[2]) for found in _STEP.finditer(path)]

    def cell(document: KubeObject) -> Any:
        value: Any = document
        for step in steps:
            if isinstance(step, int):
                value = value[step] if is_list(value) and step < len(value) else None
            else:
                value = dig(value, step)
        return value

    return cell


def _custom_column(column: KubeObject) -> Column:
    read = _json_path(column.get("jsonPath", ""))
    dated = column.get("type") == "date"
    return Column(
        name=column.get("name", ""),
        cell=(lambda document: cells.age(read(document))) if dated else read,
        type=column.get("type", "string"),
        format=column.get("format", ""),
        priority=number(column, "priority"),
    )


def columns_of(kind: Kind) -> tuple[Column, ...]:
    """Return a kind's columns."""
    if kind.custom_schema is not None:
        return (_NAME, *(map(_custom_column, kind.columns) if kind.columns else (_AGE,)))
    return _COLUMNS.get(kind.resource, _PLAIN)
