"""The clusters of a folder of kubeconfigs, such as a mounted Secret: files come and go while Platz runs.

Invariant: one file is one cluster, named like the file; a file that can't be used hides no other, and its cluster
counts as removed only when the file is gone.

Source: docs/contract/workers.md, "A folder of kubeconfigs".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import structlog
from typing_extensions import override

from platz.discovery.cluster_source import ClusterSource
from platz.discovery.findings import FoundCluster
from platz.errors import PlatzError, Rejected
from platz.kube.kubeconfig import KubeconfigChoice, access_from_kubeconfig

SUFFIXES = frozenset({".conf", ".config", ".json", ".kubeconfig", ".yaml", ".yml"})
"""What is left out of a file's name to get the cluster's; other dots belong to the name."""

Signature = Mapping[str, tuple[int, int, int]]

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class KubeconfigFolder(ClusterSource):
    """One cluster for each file, with the file's current context."""

    def __init__(self, folder: Path, *, environment: Mapping[str, str]) -> None:
        """Take the ``environment`` of exec plugins."""
        self._folder = folder
        self._environment = environment
        self._searched: Signature | None = None
        self._known: set[str] = set()
        self._removed: Mapping[str, str] = {}

    @override
    def search(self) -> Sequence[FoundCluster]:
        """Return the clusters of all files that can be used, and log the others.

        Raises `Rejected` when the folder can't be read.
        """
        self._searched = self._signature()
        try:
            by_name = self._by_name()
        except OSError as error:
            raise Rejected(f"The folder {self._folder} can't be read: {error.strerror}.") from error
        found = [cluster for name, file in by_name.items() if (cluster := self._cluster(name, file))]
        self._known |= {cluster.provider_id for cluster in found}
        present = {_provider_id(name) for name in by_name}
        reason = f"Its kubeconfig was removed from {self._folder}."
        self._removed = dict.fromkeys(sorted(self._known - present), reason)
        return found

    @override
    def has_changed(self) -> bool:
        return self._signature() != self._searched

    @override
    def removed(self) -> Mapping[str, str]:
        return self._removed

    def _by_name(self) -> dict[str, Path]:
        by_name: dict[str, Path] = {}
        for file in self._files():
            name = _cluster_name(file)
            if name in by_name:
                _tell(file, f"{by_name[name].name} has the same name: rename one of them.")
            else:
                by_name[name] = file
        return by_name

    def _cluster(self, name: str, file: Path) -> FoundCluster | None:
        choice = KubeconfigChoice(home=self._folder, file=file)
        try:
            access = access_from_kubeconfig(choice, environment=self._environment)
        except PlatzError as error:
            _tell(file, error.message)
            return None
        return FoundCluster(
            provider_id=_provider_id(name),
            name=name,
            region_name="local",
            access=replace(access, name=name),
        )

    def _files(self) -> Iterator[Path]:
        """Yield the files in the order of their names; hidden ones are how a mounted Secret is swapped."""
        for path in sorted(self._folder.iterdir()):
            if not path.name.startswith(".") and path.is_file():
                yield path

    def _signature(self) -> Signature | None:
        """Return what changes when a file comes, goes, or is replaced; None while the folder can't be read."""
        try:
            states = {path.name: path.stat() for path in self._files()}
        except OSError:
            return None
        return {name: (state.st_mtime_ns, state.st_ino, state.st_size) for name, state in states.items()}


def _cluster_name(file: Path) -> str:
    return file.stem if file.suffix in SUFFIXES else file.name


def _provider_id(name: str) -> str:
    return f"local:{name}"


def _tell(file: Path, reason: str) -> None:
    log.warning("A kubeconfig could not be used", action="search", file=file.name, reason=reason)
