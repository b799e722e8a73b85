"""The cells of `kubectl get` that take more than reading one field.

Invariant: a cell never fails on an object that lacks the field; it shows what kubectl shows for nothing.
Source: the printers of Kubernetes' API server.
"""

from __future__ import annotations

from platz_sandbox.kubernetes.objects.raw_documents import (
    KubeObject,
    dig,
    number,
    objects,
    part,
    seconds_since,
)

NONE = "<none>"


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


def ready_of(pod: KubeObject) -> str:
    """How many of a Pod's containers are ready."""
    ready = sum(bool(status.get("ready")) for status in objects(pod, "status", "containerStatuses"))
    return f"{ready}/{len(objects(pod, 'spec', 'containers'))}"


def pod_status(pod: KubeObject) -> str:
    """The word that describes a Pod best."""
    if dig(pod, "metadata", "deletionTimestamp"):
        return "Terminating"
    for status in objects(pod, "status", "containerStatuses"):
        for state in ("waiting", "terminated"):
            reason = dig(status, "state", state, "reason")
            if reason:
                return str(reason)
    return str(dig(pod, "status", "reason") or dig(pod, "status", "phase") or "Unknown")


def restarts(pod: KubeObject) -> str:
    """How often a Pod's containers were started again."""
    return str(sum(number(status, "restartCount") for status in objects(pod, "status", "containerStatuses")))


def ready_replicas(document: KubeObject) -> str:
    """Ready Pods of those wanted."""
    return f"{number(document, 'status', 'readyReplicas')}/{number(document, 'spec', 'replicas', default=1)}"


def ports(service: KubeObject) -> str:
    """A Service's ports."""

    def one(port: KubeObject) -> str:
        node = f":{port['nodePort']}" if port.get("nodePort") else ""
        return f"{port.get('port')}{node}/{port.get('protocol', 'TCP')}"

    return ",".join(one(port) for port in objects(service, "spec", "ports")) or NONE


def external_ip(service: KubeObject) -> str:
    """Where a Service is reached from outside."""
    if dig(service, "spec", "type") == "ExternalName":
        return str(dig(service, "spec", "externalName"))
    addresses = [
        str(item.get("ip") or item.get("hostname"))
        for item in objects(service, "status", "loadBalancer", "ingress")
    ]
    if addresses:
        return ",".join(addresses)
    return "<pending>" if dig(service, "spec", "type") == "LoadBalancer" else NONE


def job_status(job: KubeObject) -> str:
    """Where a Job stands."""
    for name, shown in (("Complete", "Complete"), ("Failed", "Failed"), ("Suspended", "Suspended")):
        if any(
            c.get("type") == name and c.get("status") == "True" for c in objects(job, "status", "conditions")
        ):
            return shown
    return "Terminating" if dig(job, "metadata", "deletionTimestamp") else "Running"


def completions(job: KubeObject) -> str:
    """Succeeded Pods of those wanted."""
    return f"{number(job, 'status', 'succeeded')}/{number(job, 'spec', 'completions', default=1)}"


def last_schedule(job: KubeObject) -> str:
    """When a CronJob ran last."""
    moment = dig(job, "status", "lastScheduleTime")
    return age(moment) if moment else NONE


def job_duration(job: KubeObject) -> str:
    """How long a Job took, or has run."""
    started, ended = dig(job, "status", "startTime"), dig(job, "status", "completionTime")
    if not started:
        return ""
    took = seconds_since(started) - (seconds_since(ended) if ended else 0)
    return duration(max(int(took), 0))


def hosts(ingress: KubeObject) -> str:
    """An Ingress' host names."""
    return ",".join(str(rule.get("host", "*")) for rule in objects(ingress, "spec", "rules")) or "*"


def addresses(ingress: KubeObject) -> str:
    """Where an Ingress is reached."""
    return ",".join(
        str(i.get("ip") or i.get("hostname")) for i in objects(ingress, "status", "loadBalancer", "ingress")
    )


def node_status(node: KubeObject) -> str:
    """Whether a node takes Pods."""
    ready = any(
        c.get("type") == "Ready" and c.get("status") == "True" for c in objects(node, "status", "conditions")
    )
    state = "Ready" if ready else "NotReady"
    return f"{state},SchedulingDisabled" if dig(node, "spec", "unschedulable") else state


def last_seen(event: KubeObject) -> str:
    """When an Event came last."""
    return age(event.get("lastTimestamp") or event.get("eventTime") or event.get("firstTimestamp"))


def involved(event: KubeObject) -> str:
    """What an Event is about."""
    involved = part(event, "involvedObject")
    return f"{str(involved.get('kind', '')).lower()}/{involved.get('name', '')}"
