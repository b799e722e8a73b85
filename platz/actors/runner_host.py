"""The host of a runner's tasks: what a task gets while its cluster keeps it waiting (`platz.tasks.task_host`)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

from platz.actors.concurrency_limit import ClusterShare
from platz.actors.messages import AccessDoubted
from platz.identities import ClusterId
from platz.tasks.context import Interrupted


class RunnerHost:
    """The side of a `DeploymentRunner` that its tasks see; safe to use from every thread."""

    def __init__(self, share: ClusterShare, publish: Callable[[object], None]) -> None:
        self._share = share
        self._publish = publish
        self._letting_go = threading.Event()
        self._waking = threading.Condition()
        self._wakings = 0
        self._helm_stopped = threading.Event()

    @property
    def lets_go(self) -> bool:
        """Whether the runner has let go of its tasks."""
        return self._letting_go.is_set()

    def let_go(self) -> None:
        """End all waiting: every task that waits is interrupted."""
        self._letting_go.set()
        self.wake_sleepers()
        self._share.close()

    def wake_sleepers(self) -> None:
        """End the present pause of every task that sleeps, so that it looks whether it must stop."""
        with self._waking:
            self._wakings += 1
            self._waking.notify_all()

    def cluster_is_silent(self, silent: bool) -> None:
        """Remember whether Helm is stopped because the cluster is silent."""
        if silent:
            self._helm_stopped.set()
        else:
            self._helm_stopped.clear()

    def pause(self, seconds: float) -> None:
        """Wait, but no longer than until the runner lets go."""
        self._letting_go.wait(seconds)

    def waiting(self) -> AbstractContextManager[object]:
        """Give the slot of a task to others while it waits."""
        return self._share.waiting()

    def sleep(self, seconds: float) -> None:
        """Wait, or until the sleepers are woken; raise `Interrupted` as soon as the runner lets go of the task."""
        with self._waking:
            before = self._wakings
            self._waking.wait_for(lambda: self.lets_go or self._wakings != before, seconds)
        if self.lets_go:
            raise Interrupted

    def doubt_access(self, cluster_id: ClusterId) -> None:
        """Publish that the way to the cluster is in doubt."""
        self._publish(AccessDoubted(cluster_id=cluster_id))

    def stopped_helm_of_silent_cluster(self) -> bool:
        """Tell whether Helm was stopped because the cluster is silent, and the runner still holds its tasks."""
        return self._helm_stopped.is_set() and not self.lets_go
