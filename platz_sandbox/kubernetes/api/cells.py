"""The cells of `kubectl get` that need more than the value of one field.

Invariant: a cell never fails on an object that lacks a field; it shows kubectl's text for a missing value.
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
    """Return the age of a time as kubectl shows it: `12s`, `5m3s`, `3h`, `2d`."""
    if not text:
        return "<unknown>"
    return duration(max(int(seconds_since(text)), 0))


def duration(seconds: int) -> str:
    """Return a number of seconds as text with one unit, or two for short durations."""
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
    """The number of a Pod's ready containers, and of all."""
    ready = sum(bool(status.get("ready")) for status in objects(pod, "status", "containerStatuses"))
    return f"{ready}/{len(objects(pod, 'spec', 'containers'))}"


def pod_status(pod: KubeObject) -> str:
    """A Pod's status in one word: deletion, a container's reason, or the phase."""
    if dig(pod, "metadata", "deletionTimestamp"):
        return "Terminating"
    for status in objects(pod, "status", "containerStatuses"):
        for state in ("waiting", "terminated"):
            reason = dig(status, "state", state, "reason")
            if reason:
                return str(reason)
    return str(dig(pod, "status", "reason") or dig(pod, "status", "phase") or "Unknown")


def restarts(pod: KubeObject) -> str:
    """The number of restarts of a Pod's containers."""
    return str(sum(number(status, "restartCount") for status in objects(pod, "status", "containerStatuses")))


def ready_replicas(document: KubeObject) -> str:
    """The numbers of ready and of wanted Pods."""
    return f"{number(document, 'status', 'readyReplicas')}/{number(document, 'spec', 'replicas', default=1)}"


def ports(service: KubeObject) -> str:
    """A Service's ports."""

    def one(port: KubeObject) -> str:
        node = f":{port['nodePort']}" if port.get("nodePort") else ""
        return f"{port.get('port')}{node}/{port.get('protocol', 'TCP')}"

    return ",".join(one(port) for port in objects(service, "spec", "ports")) or NONE


def external_ip(service: KubeObject) -> str:
    """The addresses of a Service outside the cluster."""
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
    """A Job's status in one word."""
    for name, shown in (("Complete", "Complete"), ("Failed", "Failed"), ("Suspended", "Suspended")):
        if any(
            c.get("type") == name and c.get("status") == "True" for c in objects(job, "status", "conditions")
        ):
            return shown
    return "Terminating" if dig(job, "metadata", "deletionTimestamp") else "Running"


def completions(job: KubeObject) -> str:
    """The numbers of succeeded and of wanted Pods."""
    return f"{number(job, 'status', 'succeeded')}/{number(job, 'spec', 'completions', default=1)}"


def last_schedule(job: KubeObject) -> str:
    """The time since a CronJob ran last."""
    moment = dig(job, "status", "lastScheduleTime")
    return age(moment) if moment else NONE


def job_duration(job: KubeObject) -> str:
    """The duration of a Job, until now when it is running."""
    started, ended = dig(job, "status", "startTime"), dig(job, "status", "completionTime")
    if not started:
        return ""
    took = seconds_since(started) - (seconds_since(ended) if ended else 0)
    return duration(max(int(took), 0))


def hosts(ingress: KubeObject) -> str:
    """The host names of an Ingress."""
    return ",".join(str(rule.get("host", "*")) for rule in objects(ingress, "spec", "rules")) or "*"


def addresses(ingress: KubeObject) -> str:
    """The addresses of an Ingress."""
    return ",".join(
        str(i.get("ip") or i.get("hostname")) for i in objects(ingress, "status", "loadBalancer", "ingress")
    )


def node_status(node: KubeObject) -> str:
    """A node's status: whether it is ready and takes Pods."""
    ready = any(
        c.get("type") == "Ready" and c.get("status") == "True" for c in objects(node, "status", "conditions")
    )
    state = "Ready" if ready else "NotReady"
    return f"{state},SchedulingDisabled" if dig(node, "spec", "unschedulable") else state


def last_seen(event: KubeObject) -> str:
    """The time since an Event was last seen."""
    return age(event.get("lastTimestamp") or event.get("eventTime") or event.get("firstTimestamp"))


def involved(event: KubeObject) -> str:
    """The object that an Event is about."""
    involved = part(event, "involvedObject")
    return f"{str(involved.get('kind', '')).lower()}/{involved.get('name', '')}"
