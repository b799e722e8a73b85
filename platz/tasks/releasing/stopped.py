"""The release of a task that was stopped: what Helm had applied is told, and the next task finds no run in its way.

Source: docs/contract/workers.md, "Stopping a task".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from platz.helm.engine import HelmAction
from platz.helm.releases import ReleaseStatus, Revision, revisions, settle
from platz.kube.client import KubeClient
from platz.kube.secret_objects import Secrets

STOPPED = "Platz was asked to stop the task that worked on this revision."
NOT_BEGUN = "Helm had not begun, so nothing of the chart was applied."

_COMPLETE = frozenset({ReleaseStatus.DEPLOYED, ReleaseStatus.SUPERSEDED})


def settle_stopped(client: KubeClient, *, release: str, is_of_task: Callable[[Revision], bool]) -> str:
    """Mark the revision that a killed Helm left under way as failed; return what was applied, as sentences.

    Call this only when the stopped task's Helm is gone. Raises the errors of the cluster.
    """
    store = Secrets(client)
    settle(store, namespace=release, release=release, action=HelmAction.UPGRADE, reason=STOPPED)
    found = revisions(store, namespace=release, release=release)
    touched = [each for each in found if is_of_task(each)]
    if not touched:
        return NOT_BEGUN
    number = touched[-1].number
    return (
        f"Helm was stopped while it worked on revision {number}: what it had applied of that one stays as it is, and"
        f" the next task goes on from there. {_complete(found)}"
    )


def _complete(found: Sequence[Revision]) -> str:
    complete = [each.number for each in found if each.status in _COMPLETE]
    if not complete:
        return "No revision was complete before."
    return f"The last complete revision is {complete[-1]}."
