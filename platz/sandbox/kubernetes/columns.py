"""The columns that `kubectl get` prints for each kind.

Invariant: a column never fails on an object that lacks the field; it prints what kubectl prints for nothing.
Source: the printer columns of Kubernetes' API server, and `additionalPrinterColumns` of custom resources.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from platz.sandbox.kubernetes.document import KubeObject, dig, is_list, number, objects, seconds_since, texts
from platz.sandbox.kubernetes.kinds import Kind

NONE = "<none>"


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column; ``priority`` 1 is shown by `-o wide` only."""

    name: str
    cell: Callable[[KubeObject], Any]
    type: str = "string"
    format: str = ""
    priority: int = 0

    def definition(self) -> KubeObject:
        """Return the column as a Table declares it."""
        return {"name": self.name, "type": self.type, "format": self.format, "description": self.name,
                "priority": self.priority}  # fmt: skip


def age(text: str | None) -> str:
    """Write how long ago a time was, as kubectl does: `12s`, `5m3s`, `3h`, `2d`."""
    if not text:
        return "<unknown>"
    return duration(max(int(seconds_since(text)), 0))


def duration(seconds: int) -> str:
    """Write a number of seconds with at most two units, fewer the longer it is."""
    for limit, big, small, exact_until in (
        (120, 1, 0, 0),
        (10800, 60, 1, 600),
        (172800, 3600, 60, 28800),
        (63072000, 86400, 3600, 691200),
    ):
        if seconds < limit:
            units = {1: "s", 60: "m", 3600: "h", 86400: "d"}
            whole, rest = divmod(seconds, big)
            part = f"{rest // small}{units[small]}" if seconds < exact_until and rest // small else ""
            return f"{whole}{units[big]}{part}"
    return f"{seconds // 31536000}y"


def _field(*path: str, default: Any = NONE) -> Callable[[KubeObject], Any]:
    def cell(document: KubeObject) -> Any:
        value = dig(document, *path)
        return default if value is None else value

    return cell


def _count(*path: str) -> Callable[[KubeObject], Any]:
    return lambda document: number(document, *path)


def _length(*path: str) -> Callable[[KubeObject], Any]:
    return lambda document: len(dig(document, *path) or ())


def _age_of(*path: str) -> Callable[[KubeObject], Any]:
    return lambda document: age(dig(document, *path))


_NAME = Column(name="Name", cell=_field("metadata", "name"), format="name")
_AGE = Column(name="Age", cell=_age_of("metadata", "creationTimestamp"))


def _template(part: str) -> Callable[[KubeObject], Any]:
    def cell(document: KubeObject) -> Any:
        return (
            ",".join(str(c.get(part)) for c in objects(document, "spec", "template", "spec", "containers"))
            or NONE
        )

    return cell


def _selector(*path: str) -> Callable[[KubeObject], Any]:
    return lambda document: ",".join(f"{k}={v}" for k, v in sorted(texts(document, *path).items())) or NONE


_TEMPLATE = (
    Column(name="Containers", cell=_template("name"), priority=1),
    Column(name="Images", cell=_template("image"), priority=1),
    Column(name="Selector", cell=_selector("spec", "selector", "matchLabels"), priority=1),
)


def _ready_of(pod: KubeObject) -> str:
    ready = sum(bool(status.get("ready")) for status in objects(pod, "status", "containerStatuses"))
    return f"{ready}/{len(objects(pod, 'spec', 'containers'))}"


def _pod_status(pod: KubeObject) -> str:
    if dig(pod, "metadata", "deletionTimestamp"):
        return "Terminating"
    for status in objects(pod, "status", "containerStatuses"):
        for state in ("waiting", "terminated"):
            reason = dig(status, "state", state, "reason")
            if reason:
                return str(reason)
    return str(dig(pod, "status", "reason") or dig(pod, "status", "phase") or "Unknown")


def _restarts(pod: KubeObject) -> str:
    return str(sum(number(status, "restartCount") for status in objects(pod, "status", "containerStatuses")))


def _ready_replicas(document: KubeObject) -> str:
    return f"{number(document, 'status', 'readyReplicas')}/{number(document, 'spec', 'replicas', default=1)}"


def _ports(service: KubeObject) -> str:
    def one(port: KubeObject) -> str:
        node = f":{port['nodePort']}" if port.get("nodePort") else ""
        return f"{port.get('port')}{node}/{port.get('protocol', 'TCP')}"

    return ",".join(one(port) for port in objects(service, "spec", "ports")) or NONE


def _external_ip(service: KubeObject) -> str:
    if dig(service, "spec", "type") == "ExternalName":
        return str(dig(service, "spec", "externalName"))
    addresses = [
        str(item.get("ip") or item.get("hostname"))
        for item in objects(service, "status", "loadBalancer", "ingress")
    ]
    if addresses:
        return ",".join(addresses)
    return "<pending>" if dig(service, "spec", "type") == "LoadBalancer" else NONE


def _job_status(job: KubeObject) -> str:
    for name, shown in (("Complete", "Complete"), ("Failed", "Failed"), ("Suspended", "Suspended")):
        if any(
            c.get("type") == name and c.get("status") == "True" for c in objects(job, "status", "conditions")
        ):
            return shown
    return "Terminating" if dig(job, "metadata", "deletionTimestamp") else "Running"


def _job_duration(job: KubeObject) -> str:
    started, ended = dig(job, "status", "startTime"), dig(job, "status", "completionTime")
    if not started:
        return ""
    took = seconds_since(started) - (seconds_since(ended) if ended else 0)
    return duration(max(int(took), 0))


def _hosts(ingress: KubeObject) -> str:
    return ",".join(str(rule.get("host", "*")) for rule in objects(ingress, "spec", "rules")) or "*"


def _addresses(ingress: KubeObject) -> str:
    return ",".join(
        str(i.get("ip") or i.get("hostname")) for i in objects(ingress, "status", "loadBalancer", "ingress")
    )


def _node_status(node: KubeObject) -> str:
    ready = any(
        c.get("type") == "Ready" and c.get("status") == "True" for c in objects(node, "status", "conditions")
    )
    state = "Ready" if ready else "NotReady"
    return f"{state},SchedulingDisabled" if dig(node, "spec", "unschedulable") else state


def _last_seen(event: KubeObject) -> str:
    return age(event.get("lastTimestamp") or event.get("eventTime") or event.get("firstTimestamp"))


def _involved(event: KubeObject) -> str:
    involved = event.get("involvedObject") or {}
    return f"{str(involved.get('kind', '')).lower()}/{involved.get('name', '')}"


def _counted(name: str, *path: str, priority: int = 0) -> Column:
    return Column(name=name, cell=_count(*path), type="integer", priority=priority)


def _shown(name: str, *path: str, default: Any = NONE, priority: int = 0) -> Column:
    return Column(name=name, cell=_field(*path, default=default), priority=priority)


_COLUMNS: Mapping[str, tuple[Column, ...]] = {
    "pods": (
        _NAME, Column(name="Ready", cell=_ready_of), Column(name="Status", cell=_pod_status),
        Column(name="Restarts", cell=_restarts), _AGE, _shown("IP", "status", "podIP", priority=1),
        _shown("Node", "spec", "nodeName", priority=1), _shown("Nominated Node", "status", "nominatedNodeName", priority=1),
        Column(name="Readiness Gates", cell=lambda _pod: NONE, priority=1),
    ),
    "services": (
        _NAME, _shown("Type", "spec", "type"), _shown("Cluster-IP", "spec", "clusterIP"),
        Column(name="External-IP", cell=_external_ip), Column(name="Port(s)", cell=_ports), _AGE,
        Column(name="Selector", cell=_selector("spec", "selector"), priority=1),
    ),
    "namespaces": (_NAME, _shown("Status", "status", "phase"), _AGE),
    "nodes": (
        _NAME, Column(name="Status", cell=_node_status), Column(name="Roles", cell=lambda _node: NONE), _AGE,
        _shown("Version", "status", "nodeInfo", "kubeletVersion"),
    ),
    "configmaps": (_NAME, Column(name="Data", cell=_length("data"), type="string"), _AGE),
    "secrets": (_NAME, _shown("Type", "type"), Column(name="Data", cell=_length("data"), type="integer"), _AGE),
    "serviceaccounts": (_NAME, Column(name="Secrets", cell=_length("secrets"), type="integer"), _AGE),
    "events": (
        Column(name="Last Seen", cell=_last_seen), _shown("Type", "type"), _shown("Reason", "reason"),
        Column(name="Object", cell=_involved), _shown("Message", "message"),
        Column(name="Name", cell=_field("metadata", "name"), format="name", priority=1),
    ),
    "persistentvolumeclaims": (
        _NAME, _shown("Status", "status", "phase"), _shown("Volume", "spec", "volumeName", default=""),
        _shown("Capacity", "status", "capacity", "storage", default=""),
        Column(name="Access Modes", cell=lambda claim: ",".join(dig(claim, "spec", "accessModes") or ())),
        _shown("StorageClass", "spec", "storageClassName", default=""), _AGE,
    ),
    "deployments.apps": (
        _NAME, Column(name="Ready", cell=_ready_replicas), _counted("Up-to-date", "status", "updatedReplicas"),
        _counted("Available", "status", "availableReplicas"), _AGE, *_TEMPLATE,
    ),
    "replicasets.apps": (
        _NAME, _counted("Desired", "spec", "replicas"), _counted("Current", "status", "replicas"),
        _counted("Ready", "status", "readyReplicas"), _AGE, *_TEMPLATE,
    ),
    "statefulsets.apps": (_NAME, Column(name="Ready", cell=_ready_replicas), _AGE, *_TEMPLATE[:2]),
    "daemonsets.apps": (
        _NAME, _counted("Desired", "status", "desiredNumberScheduled"),
        _counted("Current", "status", "currentNumberScheduled"), _counted("Ready", "status", "numberReady"),
        _counted("Up-to-date", "status", "updatedNumberScheduled"), _counted("Available", "status", "numberAvailable"),
        Column(name="Node Selector", cell=_selector("spec", "template", "spec", "nodeSelector")), _AGE, *_TEMPLATE,
    ),
    "jobs.batch": (
        _NAME, Column(name="Status", cell=_job_status),
        Column(name="Completions",
               cell=lambda job: f"{number(job, 'status', 'succeeded')}/{number(job, 'spec', 'completions', default=1)}"),
        Column(name="Duration", cell=_job_duration), _AGE, *_TEMPLATE,
    ),
    "cronjobs.batch": (
        _NAME, _shown("Schedule", "spec", "schedule"), _shown("Timezone", "spec", "timeZone"),
        Column(name="Suspend", cell=lambda job: str(bool(dig(job, "spec", "suspend"))), type="boolean"),
        Column(name="Active", cell=_length("status", "active"), type="integer"),
        Column(name="Last Schedule",
               cell=lambda job: age(moment) if (moment := dig(job, "status", "lastScheduleTime")) else NONE),
        _AGE,
    ),
    "ingresses.networking.k8s.io": (
        _NAME, _shown("Class", "spec", "ingressClassName"), Column(name="Hosts", cell=_hosts),
        Column(name="Address", cell=_addresses),
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
    """Read the simple paths (`.spec.size`, `.status.list[0]`) that printer columns use."""
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
        cell=(lambda document: age(read(document))) if dated else read,
        type=column.get("type", "string"),
        format=column.get("format", ""),
        priority=number(column, "priority"),
    )


def columns_of(kind: Kind) -> tuple[Column, ...]:
    """Return a kind's columns."""
    if kind.custom_schema is not None:
        return (_NAME, *(map(_custom_column, kind.columns) if kind.columns else (_AGE,)))
    return _COLUMNS.get(kind.resource, _PLAIN)
