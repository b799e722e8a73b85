"""Logs of a Pod's containers: made-up lines, the same at every reading.

Invariant: three lines are written when the container starts, then one every `LINE_SECONDS` (at most `MAX_LINES`), and
one at its end; so a followed log goes on where a log that was read ended.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from platz_sandbox.kubernetes.objects.raw_documents import KubeObject, dig, objects, parse_time, seconds_since
from platz_sandbox.kubernetes.objects.status_errors import bad_request

LINE_SECONDS = 5.0
MAX_LINES = 5000
_FIRST = ("Starting {image}", "Configuration read: {variables} variables", "Listening on port {port}")
_THEN = (
    "GET /healthz 200 1ms",
    "GET / 200 {number}ms",
    "POST /orders 201 {number}ms",
    "cache refreshed: {number} entries",
    "GET /status 200 2ms",
)
_ENDED = {True: "Done", False: "Error: exit status {code}"}


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a log; ``time`` as RFC 3339."""

    time: str
    text: str

    def written(self, *, stamped: bool) -> bytes:
        """Return the line's bytes; ``stamped`` puts its time first."""
        return (f"{self.time} {self.text}\n" if stamped else f"{self.text}\n").encode()


def container_of(pod: KubeObject, wanted: str | None) -> KubeObject:
    """Return the container whose log is wanted; raise 400 when its name is missing and needed, or unknown."""
    containers = [*objects(pod, "spec", "containers"), *objects(pod, "spec", "initContainers")]
    name = pod["metadata"]["name"]
    if wanted is None and len(objects(pod, "spec", "containers")) > 1:
        names = " ".join(str(container["name"]) for container in containers)
        raise bad_request(f"a container name must be specified for pod {name}, choose one of: [{names}]")
    found = next((c for c in containers if wanted in {None, c["name"]}), None)
    if found is None:
        raise bad_request(f"container {wanted} is not valid for pod {name}")
    return found


def _state(pod: KubeObject, container: KubeObject) -> tuple[str, KubeObject]:
    """Return the container's state (`running` or `terminated`) and its details; raise 400 while it waits to start."""
    statuses = [
        *objects(pod, "status", "containerStatuses"),
        *objects(pod, "status", "initContainerStatuses"),
    ]
    status = next((s for s in statuses if s.get("name") == container["name"]), None)
    for form in ("running", "terminated"):
        if detail := dig(status, "state", form):
            return form, detail
    if detail := dig(status, "lastState", "terminated"):
        return "terminated", detail
    reason = dig(status, "state", "waiting", "reason") or "ContainerCreating"
    called = f'container "{container["name"]}" in pod "{pod["metadata"]["name"]}"'
    raise bad_request(f"{called} is waiting to start: {reason}")


def lines_of(pod: KubeObject, container: KubeObject) -> list[Line]:
    """Return every line that the container has written so far; raise 400 before its start."""
    form, detail = _state(pod, container)
    start = parse_time(detail["startedAt"])
    end = seconds_since(detail["finishedAt"]) if form == "terminated" else 0.0
    lived = max(seconds_since(detail["startedAt"]) - end, 0.0)
    port = next((p.get("containerPort") for p in objects(container, "ports")), 8080)
    facts = {"image": container.get("image"), "variables": len(objects(container, "env")), "port": port}
    count = min(int(lived / LINE_SECONDS), MAX_LINES)
    texts = [text.format(**facts) for text in _FIRST]
    texts += [_THEN[i % len(_THEN)].format(number=7 + (i * 37) % 90) for i in range(count)]
    moments = [0.0] * len(_FIRST) + [(i + 1) * LINE_SECONDS for i in range(count)]
    if form == "terminated":
        code = detail.get("exitCode", 0)
        texts.append(_ENDED[code == 0].format(code=code))
        moments.append(lived)
    return [
        Line(time=(start + timedelta(seconds=moment)).strftime("%Y-%m-%dT%H:%M:%S.%fZ"), text=text)
        for moment, text in zip(moments, texts, strict=True)
    ]


def select(lines: list[Line], query: Mapping[str, str]) -> bytes:
    """Return the lines that the query selects (`tailLines`, `sinceSeconds`, `sinceTime`, `limitBytes`)."""
    if since := query.get("sinceSeconds"):
        lines = [line for line in lines if seconds_since(line.time) <= int(since)]
    if moment := query.get("sinceTime"):
        lines = [line for line in lines if parse_time(line.time) >= parse_time(moment)]
    if "tailLines" in query:
        lines = lines[max(len(lines) - int(query["tailLines"]), 0) :]
    text = b"".join(line.written(stamped=query.get("timestamps") == "true") for line in lines)
    return text[: int(query["limitBytes"])] if "limitBytes" in query else text


async def follow(
    read: Callable[[], KubeObject | None], wanted: str | None, query: Mapping[str, str]
) -> AsyncIterator[bytes]:
    """Yield the log and then each new line, until the Pod is gone or has ended; ``read`` returns its present state."""
    pod = read()
    seen = 0
    while pod is not None:
        lines = lines_of(pod, container_of(pod, wanted))
        chunk = (
            select(lines, query)
            if not seen
            else select(lines[seen:], {"timestamps": query.get("timestamps", "")})
        )
        seen = len(lines)
        if chunk:
            yield chunk
        if dig(pod, "status", "phase") in {"Succeeded", "Failed"}:
            return
        await asyncio.sleep(LINE_SECONDS - time.time() % LINE_SECONDS)
        pod = read()
