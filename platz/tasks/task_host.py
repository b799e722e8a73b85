"""What a task needs of whoever runs it while its cluster keeps it waiting (`platz.actors.deployment_runner`)."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from platz.identities import ClusterId


class TaskHost(Protocol):
    """The runner of a task, as its steps see it."""

    def waiting(self) -> AbstractContextManager[object]:
        """Return a context in which the task holds up no other one, because it only waits."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait, less if some task must stop; raise `Interrupted` as soon as the runner lets go of the task."""
        ...

    def doubt_access(self, cluster_id: ClusterId) -> None:
        """Say that the cluster may have a new address, certificate or user, so that it is searched for now."""
        ...

    def stopped_helm_of_silent_cluster(self) -> bool:
        """Tell whether Helm was killed because the cluster fell silent, and not because the task is let go."""
        ...


class NoHost:
    """For a task that nobody hosts: it waits alone, and nobody interrupts it."""

    def waiting(self) -> AbstractContextManager[object]:
        """Return a context that does nothing."""
        return nullcontext()

    def sleep(self, seconds: float) -> None:
        """Wait for all of the time."""
        threading.Event().wait(seconds)

    def doubt_access(self, cluster_id: ClusterId) -> None:
        """Tell nobody."""

    def stopped_helm_of_silent_cluster(self) -> bool:
        """Return False: nobody stops Helm here."""
        return False


NO_HOST: TaskHost = NoHost()
