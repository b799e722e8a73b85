"""Packaged charts on disk for Helm: fetched once, verified, and kept for later runs.

Invariant: a file is named by the digest in the chart's row, and its bytes have the digest that the chart's manifest
states; a half-written file never has such a name.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from platz.db.tables.charts import ChartRow
from platz.db.tables.registries import RegistryRow
from platz.helm.registry_client import RegistryClient

MAX_KEPT = 100


class ArchiveCache:
    """The cache of archives, which it fetches from the registries of the charts; it keeps the last `MAX_KEPT` used."""

    def __init__(self, folder: Path, client_of: Callable[[RegistryRow], RegistryClient]) -> None:
        """Take ``folder``, which is created when needed, and ``client_of``, which is called once for each registry."""
        self._folder = folder
        self._client_of = client_of
        self._lock = threading.Lock()
        self._clients: dict[str, RegistryClient] = {}

    def fetch(self, registry: RegistryRow, chart: ChartRow) -> Path:
        """Return the archive's path; raise `NotFound`, `Denied`, `Retryable` or `Rejected` with a sentence."""
        path = self._folder / f"{chart.image_digest.replace(':', '-')}.tgz"
        if path.exists():
            path.touch()
            return path
        reference = chart.image_digest if chart.image_digest.startswith("sha256:") else chart.image_tag
        archive = self._client(registry).pull_chart(registry.repo_name, reference)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.{threading.get_ident()}.part")
        part.write_bytes(archive)
        part.rename(path)
        self._forget_oldest()
        return path

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def _client(self, registry: RegistryRow) -> RegistryClient:
        with self._lock:
            if registry.domain_name not in self._clients:
                self._clients[registry.domain_name] = self._client_of(registry)
            return self._clients[registry.domain_name]

    def _forget_oldest(self) -> None:
        kept = sorted(self._folder.glob("*.tgz"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in kept[MAX_KEPT:]:
            path.unlink(missing_ok=True)
