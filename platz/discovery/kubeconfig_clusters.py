"""The search for clusters in a kubeconfig.

Source: docs/contract/workers.md, "A cluster from a kubeconfig".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from typing_extensions import override

from platz.discovery.cluster_source import ClusterSource
from platz.discovery.findings import FirstSight, FoundCluster
from platz.kube.kubeconfig import KubeconfigChoice, access_from_kubeconfig


class KubeconfigSource(ClusterSource):
    """The clusters of a kubeconfig, one for each of ``contexts``; None stands for the context of ``choice``."""

    def __init__(
        self,
        choice: KubeconfigChoice,
        *,
        environment: Mapping[str, str],
        contexts: Sequence[str | None] = (None,),
        first_sight: Callable[[str], FirstSight] = lambda _context: FirstSight(),
    ) -> None:
        """Take the ``environment`` of exec plugins, and ``first_sight``, the settings of a context's new cluster."""
        self._choice = choice
        self._environment = environment
        self._contexts = contexts
        self._first_sight = first_sight

    @override
    def search(self) -> Sequence[FoundCluster]:
        """Return the clusters; raise `Rejected` when the file or a context can't be used."""
        return [self._cluster(context) for context in self._contexts]

    def _cluster(self, context: str | None) -> FoundCluster:
        choice = self._choice if context is None else replace(self._choice, context=context)
        access = access_from_kubeconfig(choice, environment=self._environment)
        return FoundCluster(
            provider_id=f"local:{access.name}",
            name=access.name,
            region_name="local",
            access=access,
            first_sight=self._first_sight(access.name),
        )
