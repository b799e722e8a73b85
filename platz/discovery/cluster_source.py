"""What a source of clusters is: an AWS account, a kubeconfig, a folder of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from platz.discovery.findings import FoundCluster


class ClusterSource(ABC):
    """A source of clusters. Only one thread searches at a time; another one may ask `has_changed` meanwhile."""

    @abstractmethod
    def search(self) -> Sequence[FoundCluster]:
        """Return all clusters that exist; raise `PlatzError` with the reason when the search fails."""

    def has_changed(self) -> bool:
        """Return whether a search would probably find something else than the last one; cheap, and never blocks long.

        A source that can't tell returns False: it is searched from time to time.
        """
        return False

    def removed(self) -> Mapping[str, str]:
        """Return the clusters that searches had found and that were taken away on purpose: why, by provider id."""
        return {}
