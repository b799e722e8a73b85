"""Packaged charts on disk for Helm: fetched once, verified, and kept for later runs.

Invariant: a file is named by the digest in the chart's row, and its bytes have the digest that the chart's manifest
states; a half-written file never has such a name.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

from platz.db.tables.charts import ChartRow
from platz.db.tables.registries import RegistryRow
from platz.errors import Rejected, Retryable
from platz.helm.oci_manifest import is_digest
from platz.helm.registry_client import RegistryClient

MAX_KEPT = 100


class ArchiveCache:
    """The cache of archives, which it fetches from the registries of the charts; it keeps the last `MAX_KEPT` used."""

    def __init__(self, folder: Path, client_of: Callable[[RegistryRow], RegistryClient]) -> None:
        """Take ``folder``, which is created when needed, and ``client_of``, which is called for each download."""
        self._folder = folder
        self._client_of = client_of

    def fetch(self, registry: RegistryRow, chart: ChartRow) -> Path:
        """Return the archive's path; raise `NotFound`, `Denied`, `Retryable` or `Rejected` with a sentence."""
        if not is_digest(chart.image_digest):
            raise Rejected(
                f"The chart's row has no digest, but {chart.image_digest!r}. Push the chart again."
            )
        path = self._folder / f"{chart.image_digest.replace(':', '-')}.tgz"
        if _is_used_again(path):
            return path
        with self._client_of(registry) as client:
            archive = client.pull_chart(registry.repo_name, chart.image_digest)
        try:
            self._keep(path, archive)
        except OSError as error:
            raise Retryable(
                f"The chart can't be stored in {self._folder}: {error.strerror}. Free space there or make the folder"
                " writable, or let PLATZ_DATA_DIR name another one; then change the deployment again."
            ) from error
        return path

    def _keep(self, path: Path, archive: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.{threading.get_ident()}.part")
        try:
            part.write_bytes(archive)
            part.rename(path)
        finally:
            part.unlink(missing_ok=True)
        self._forget_oldest()

    def _forget_oldest(self) -> None:
        kept = sorted(self._folder.glob("*.tgz"), key=_last_used, reverse=True)
        for path in kept[MAX_KEPT:]:
            path.unlink(missing_ok=True)


def _is_used_again(path: Path) -> bool:
    """Mark a kept archive as used now; return whether there is one. Other threads may forget it meanwhile."""
    try:
        os.utime(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _last_used(path: Path) -> float:
    """Return when an archive was used last: never, if another thread has forgotten it."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
