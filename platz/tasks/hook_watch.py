"""Tells the users of a task why a hook does not get on, while Helm waits for it, and again if Helm then fails.

Invariant: looking never changes how a run ends; a cluster that can't be asked now is asked again.

Source: docs/contract/workers.md, "Helm execution".
"""

from __future__ import annotations

import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

from platz.db.tables.tasks import TaskRow
from platz.errors import PlatzError
from platz.helm.engine import HelmOutcome
from platz.kube.client import KubeClient
from platz.kube.hook_state import hook_trouble, present_hooks
from platz.tasks.context import OperationContext
from platz.tasks.progress import tell_progress

LOOK_SECONDS = 3.0


class HookWatch:
    """A context manager around a run of Helm, which looks at the hooks of ``namespace`` on a thread of its own."""

    def __init__(
        self, context: OperationContext, task: TaskRow, client: KubeClient, *, namespace: str
    ) -> None:
        self._context = context
        self._task = task
        self._client = client
        self._namespace = namespace
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="hook-watch", daemon=True)
        self._told: str | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def explained(self, outcome: HelmOutcome) -> HelmOutcome:
        """Return the outcome; that of a failure with what was last known about a hook."""
        if outcome.ok or self._told is None:
            return outcome
        return HelmOutcome(
            ok=False, output=f"{self._told} {outcome.output}", revision=outcome.revision, log=outcome.log
        )

    def _run(self) -> None:
        try:
            leftovers = present_hooks(self._client, namespace=self._namespace)
        except PlatzError:
            return  # the run itself tells what is wrong with the cluster
        while not self._ended.wait(LOOK_SECONDS):
            with suppress(PlatzError):
                self._look(leftovers)

    def _look(self, leftovers: frozenset[str]) -> None:
        trouble = hook_trouble(self._client, namespace=self._namespace, leftovers=leftovers)
        if trouble != self._told:
            self._told = trouble
            tell_progress(self._context, self._task, trouble)
