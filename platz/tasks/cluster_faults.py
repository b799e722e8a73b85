"""Which failures of a task are faults of its cluster, after which its steps may succeed a moment later.

Invariant: a failure that would come again, such as a refused object or a right that is missing, is none.

Source: docs/contract/workers.md, "Faults of a cluster".
"""

from __future__ import annotations

from dataclasses import dataclass

from platz.errors import PlatzError
from platz.helm.cluster_trouble import ClusterTrouble, trouble_in
from platz.helm.engine import HelmOutcome
from platz.identities import ClusterId
from platz.kube.client import KubeClient
from platz.kube.cluster_identity import rejection
from platz.kube.errors import (
    KubeAborted,
    KubeDenied,
    KubeUnauthenticated,
    KubeUnreachable,
    doubts_access,
)
from platz.kube.missing_rights import refusal_in
from platz.kube.refusal_review import is_meant
from platz.tasks.context import OperationContext

DOUBT_SECONDS = 30.0
"""How long a task repeats what a cluster refused although it says that it allows it, or credentials that it rejected:
a server that starts does both for some seconds, and new credentials are found by a search that takes as long."""


class HelmFailed(PlatzError):
    """Helm failed."""

    def __init__(self, message: str, *, trouble: ClusterTrouble | None = None, words: str = "") -> None:
        """Take the ``trouble`` of the cluster if that was the cause, and the ``words`` of Helm that tell it."""
        super().__init__(message)
        self.trouble = trouble
        self.words = words


@dataclass(frozen=True, kw_only=True)
class ClusterFault:
    """A fault that may pass: its ``reason``, how many seconds the cluster wants to be left alone, and how many seconds
    it is worth waiting for (None: as long as the task may take)."""

    reason: str
    retry_after: float = 0.0
    worth_seconds: float | None = None
    doubts_access: bool = False


def helm_failure(outcome: HelmOutcome, client: KubeClient) -> HelmFailed:
    """Return the error for a run that failed. Whatever its text says: a cluster that does not answer is the cause.

    Where the text names no cause (`failed to delete release: shop`), the last line of Helm's log may.
    """
    text = outcome.output or "Helm failed without saying why."
    cause = text if trouble_in(text) is not None else outcome.log.rpartition("\n")[2]
    trouble = trouble_in(cause)
    if trouble is None and not _answers(client):
        trouble = ClusterTrouble.AWAY
    if trouble is ClusterTrouble.UNAUTHENTICATED:
        text = f"{rejection(client.cluster, client.access.identity)} Helm said: {text}"
    refusal = refusal_in(cause)
    if refusal is not None:
        text = f"{refusal.sentence(client.cluster)} Helm said: {text}"
    return HelmFailed(text, trouble=trouble, words=cause)


def fault_of(error: PlatzError, context: OperationContext, cluster_id: ClusterId) -> ClusterFault | None:
    """Return the fault of the cluster that the error tells, or None if the task has failed for good."""
    match error:
        case KubeAborted():
            return None
        case KubeUnreachable():
            return ClusterFault(
                reason=error.message, retry_after=error.retry_after, doubts_access=doubts_access(error)
            )
        case KubeUnauthenticated() | HelmFailed(trouble=ClusterTrouble.UNAUTHENTICATED):
            return ClusterFault(reason=error.message, worth_seconds=DOUBT_SECONDS, doubts_access=True)
        case KubeDenied():
            return _doubtful(error, error.reason, context.kube(cluster_id))
        case HelmFailed(trouble=ClusterTrouble.REFUSED):
            return _doubtful(error, error.words, context.kube(cluster_id))
        case HelmFailed(trouble=ClusterTrouble.AWAY | ClusterTrouble.UNTRUSTED):
            return ClusterFault(reason=error.message, doubts_access=True)
        case _:
            return None


def _doubtful(error: PlatzError, words: str, client: KubeClient) -> ClusterFault | None:
    """Return a fault if the server does not mean the refusal, of which it told in these words."""
    return (
        None if is_meant(client, words) else ClusterFault(reason=error.message, worth_seconds=DOUBT_SECONDS)
    )


def _answers(client: KubeClient) -> bool:
    try:
        client.check()
    except PlatzError:
        return False
    return True
