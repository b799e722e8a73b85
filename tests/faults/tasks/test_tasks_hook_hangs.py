"""Given a hook that does not get on, when Helm waits for it, then the task says why within seconds.

Source: docs/contract/workers.md, "Helm execution".
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from waiting import eventually
from workshop import Workshop

from platz.db.enums import TaskStatus
from platz.kube import hook_state
from platz.tasks import hook_watch

SLOW_HOOK = """
apiVersion: v1
kind: Pod
metadata:
  name: slow
  annotations: {helm.sh/hook: "post-install", sandbox.platz.io/run-seconds: "600"}
spec:
  restartPolicy: Never
  containers: [{name: slow, image: "example/slow:1"}]
"""


def test_the_reason_is_told_while_helm_waits_and_when_it_gives_up(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pending(pod: Any) -> str:
        return f"Pod {pod['metadata']['name']} can't be scheduled: no node has room."

    monkeypatch.setattr(hook_state, "pod_trouble", pending)
    monkeypatch.setattr(hook_watch, "LOOK_SECONDS", 0.2)
    workshop.templates["hook.yaml"] = SLOW_HOOK
    workshop.with_limit(8)
    deployment = workshop.world.create(f"hook-{uuid4().hex[:8]}")
    task = workshop.begin()
    words = "Hook slow: Pod slow can't be scheduled: no node has room."
    eventually(lambda: workshop.last_task(deployment) == (TaskStatus.STARTED, words), seconds=20)
    assert workshop.words(deployment) == words
    task.join(timeout=60)
    status, reason = workshop.last_task(deployment)
    assert status is TaskStatus.FAILED
    assert reason.startswith(words)
