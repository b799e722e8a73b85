"""The removal of objects that must be gone before the work goes on.

Invariant: a wait ends at its deadline, and as soon as its client is cut.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

from platz.kube.api_resources import POD
from platz.kube.client import KubeClient
from platz.kube.errors import KubeNotFound, KubeUnfinished

LOOK_SECONDS = 0.25


def wait_until_gone(client: KubeClient, look: Callable[[], str | None], *, deadline: float) -> None:
    """Wait until ``look``, which returns a sentence about what is still there, returns None; look at least once.

    Raises `KubeUnfinished` with the sentence at the ``deadline`` (monotonic seconds), and the errors of the cluster.
    """
    while (still_there := look()) is not None:
        if time.monotonic() >= deadline:
            raise KubeUnfinished(still_there)
        client.pause(LOOK_SECONDS)


def remove_pods(
    client: KubeClient, *, namespace: str, names: Sequence[str], timeout_seconds: float = 120.0
) -> None:
    """Delete these Pods, as far as they exist, and wait until they are gone.

    Raises `KubeUnfinished` when one does not go within ``timeout_seconds``.
    """
    deadline = time.monotonic() + timeout_seconds
    for name in names:
        _delete_pod(client, namespace, name)
    for name in names:
        wait_until_gone(client, partial(_look_at_pod, client, namespace, name), deadline=deadline)


def _delete_pod(client: KubeClient, namespace: str, name: str) -> None:
    try:
        client.delete(POD, name=name, namespace=namespace)
    except KubeNotFound:
        return


def _look_at_pod(client: KubeClient, namespace: str, name: str) -> str | None:
    if client.find(POD, name=name, namespace=namespace) is None:
        return None
    return f"Pod {name} in namespace {namespace} of cluster {client.cluster} does not end."
