"""What the cluster holds of a release: the manifests of its revisions, as far as Helm keeps them.

Invariant: the cluster is only read, with short waits, because somebody looks at a page meanwhile.

Source: docs/contract/workers.md, "Helm execution".
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from platz.errors import PlatzError
from platz.helm.releases import ReleaseStatus, Revision, revisions
from platz.identities import ClusterId
from platz.kube.client import KubeClient
from platz.kube.secret_objects import Secrets
from platz.kube.transport import KubeTimeouts
from platz.tasks.context import ClusterNotServed, TaskServices
from platz.tasks.releases import task_of

TIMEOUTS = KubeTimeouts(connect=2.0, read=5.0)
NOT_SERVED = "This process of Platz does not look after the cluster at present, so it was not asked."
_DEPLOYED = frozenset({ReleaseStatus.DEPLOYED, ReleaseStatus.SUPERSEDED})


@dataclass(frozen=True, kw_only=True)
class ReleaseHistory:
    """The revisions of a release, oldest first, or the sentence that says why they are not known."""

    revisions: tuple[Revision, ...] = ()
    problem: str | None = None

    @property
    def running(self) -> Revision | None:
        """The revision that was deployed last."""
        return next((each for each in reversed(self.revisions) if each.status in _DEPLOYED), None)

    def manifests(self) -> Mapping[str, str]:
        """Return the manifest of each successful revision, by the id of the task that made it."""
        made = [(task_of(each), each.manifest) for each in self.revisions if each.status in _DEPLOYED]
        return {task_id: manifest for task_id, manifest in made if task_id is not None}


@dataclass(frozen=True, kw_only=True)
class Looking:
    """A client that looks at a cluster, or the sentence that says why there is none."""

    client: KubeClient | None = None
    problem: str | None = field(default=None)


@contextmanager
def looking_at(services: TaskServices, cluster_id: ClusterId) -> Generator[Looking]:
    """Give a client with short waits for the time of the block."""
    try:
        access = services.kube(cluster_id).access
    except ClusterNotServed:
        yield Looking(problem=NOT_SERVED)
        return
    client = KubeClient(access, timeouts=TIMEOUTS)
    try:
        yield Looking(client=client)
    finally:
        client.abort()


def read_history(looking: Looking, *, namespace: str) -> ReleaseHistory:
    """Read the revisions; a cluster that does not tell them is no failure, because the rest can be shown without."""
    if looking.client is None:
        return ReleaseHistory(problem=looking.problem)
    try:
        found = revisions(Secrets(looking.client), namespace=namespace, release=namespace)
    except PlatzError as error:
        return ReleaseHistory(problem=error.message)
    return ReleaseHistory(revisions=tuple(found))
