"""The work of scheduler and kubelet on a control plane without nodes: Pods start, get ready, end, and are removed.

Invariant: what a Pod does follows from the same marks as on a simulated cluster (see `platz_sandbox.kubernetes`), so a
test provokes the same failures on both.
"""

from __future__ import annotations

import contextlib
import threading
import time
from datetime import UTC, datetime
from typing import Any, Self

import httpx

from platz_sandbox.kubernetes.controllers.loop import Timing
from platz_sandbox.kubernetes.controllers.pod_status import Mark, Stage, behaviour_of, pod_status

_NODE = "node-1"
_LOOK_SECONDS = 0.1
_TIMING = Timing(ready=0.1, run=0.1)
_JSON = {"content-type": "application/merge-patch+json"}


class Kubelet:
    """A thread that looks at all Pods, again and again."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client
        self._started: dict[str, float] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kubelet")

    def __enter__(self) -> Self:
        """Register the node, and start."""
        node = {"metadata": {"name": _NODE, "labels": {"kubernetes.io/hostname": _NODE}}}
        self._client.post("/api/v1/nodes", json=node).raise_for_status()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, and wait for the present look to end."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(_LOOK_SECONDS):
            try:
                pods = self._client.get("/api/v1/pods").raise_for_status().json()["items"]
            except httpx.HTTPError:
                continue  # the server is starting, stopping or slow: the next look sees the same Pods
            self._keep_node_ready()
            for pod in pods:
                self._look_at(pod)

    def _keep_node_ready(self) -> None:
        """Report the node; the node controller takes one whose heartbeat stays the same for 50 s for lost."""
        heartbeat = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        condition = {
            "type": "Ready",
            "status": "True",
            "reason": "KubeletReady",
            "lastHeartbeatTime": heartbeat,
        }
        status = {"conditions": [condition], "allocatable": {"cpu": "64", "memory": "256Gi", "pods": "1000"}}
        self._send("PATCH", f"/api/v1/nodes/{_NODE}/status", {"status": status})

    def _look_at(self, pod: dict[str, Any]) -> None:
        path = f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}"
        phase = pod.get("status", {}).get("phase")
        if "deletionTimestamp" in pod["metadata"]:
            self._send("DELETE", path, {"gracePeriodSeconds": 0})
        elif not pod["spec"].get("nodeName"):
            target = {"apiVersion": "v1", "kind": "Node", "name": _NODE}
            self._send(
                "POST", f"{path}/binding", {"metadata": {"name": pod["metadata"]["name"]}, "target": target}
            )
        elif phase not in {"Succeeded", "Failed"}:
            self._advance(pod, path)

    def _advance(self, pod: dict[str, Any], path: str) -> None:
        stage = self._stage(pod)
        status = pod_status(pod, stage)
        if status != {key: value for key, value in pod["status"].items() if key in status}:
            self._send("PATCH", f"{path}/status", {"status": status})

    def _stage(self, pod: dict[str, Any]) -> Stage:
        lived = time.monotonic() - self._started.setdefault(pod["metadata"]["uid"], time.monotonic())
        behaviour = behaviour_of(pod, _TIMING)
        if lived < behaviour.ready_after:
            return Stage(mark=Mark.CREATING)
        if behaviour.ends_after is not None and lived >= behaviour.ready_after + behaviour.ends_after:
            ended = Mark.FAILED if behaviour.exit_code else Mark.SUCCEEDED
            return Stage(mark=ended, exit_code=behaviour.exit_code)
        if behaviour.crashes:
            return Stage(mark=Mark.CRASHED, restarts=1, exit_code=behaviour.exit_code)
        return Stage(mark=Mark.RUNNING if behaviour.becomes_ready else Mark.UNREADY)

    def _send(self, method: str, path: str, document: dict[str, Any]) -> None:
        """Send a change; after one that does not arrive or is refused as too late, the next look decides anew."""
        headers = _JSON if method == "PATCH" else {}
        with contextlib.suppress(httpx.HTTPError):
            self._client.request(method, path, json=document, headers=headers)
