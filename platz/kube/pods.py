"""Removes Pods that an interrupted run left behind."""

from __future__ import annotations

import time
from collections.abc import Sequence

from platz.kube.api_resources import POD
from platz.kube.client import KubeClient
from platz.kube.errors import KubeNotFound, KubeUnfinished

_LOOK_EVERY = 0.25


def remove_pods(
    client: KubeClient, *, namespace: str, names: Sequence[str], timeout_seconds: float = 120.0
) -> None:
    """Delete these Pods, as far as they exist, and wait until they are gone.

    Raises `KubeUnfinished` when one does not go within ``timeout_seconds``.
    """
    deadline = time.monotonic() + timeout_seconds
    for name in names:
        _delete(client, namespace, name)
    for name in names:
        while client.find(POD, name=name, namespace=namespace) is not None:
            if time.monotonic() >= deadline:
                raise KubeUnfinished(
                    f"Pod {name} in namespace {namespace} of cluster {client.cluster} does not end."
                )
            time.sleep(_LOOK_EVERY)


def _delete(client: KubeClient, namespace: str, name: str) -> None:
    try:
        client.delete(POD, name=name, namespace=namespace)
    except KubeNotFound:
        return
