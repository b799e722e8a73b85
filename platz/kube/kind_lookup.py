"""Finds the API of an object that is known by its apiVersion and kind only, such as one of a chart.

Invariant: the cluster is asked once for each apiVersion.
"""

from __future__ import annotations

from functools import cache

from platz.kube.api_resources import ResourceKind
from platz.kube.client import KubeClient


class ServedKinds:
    """The kinds that one cluster serves, for the time of one task."""

    def __init__(self, client: KubeClient) -> None:
        """Asks nothing yet."""
        self._of_version = cache(client.served_kinds)

    def find(self, api_version: str, kind: str) -> ResourceKind | None:
        """Return the kind, or None when the cluster does not serve it. Raises the errors of the cluster."""
        return next((each for each in self._of_version(api_version) if each.kind == kind), None)
