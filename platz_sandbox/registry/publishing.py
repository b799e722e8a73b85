"""Publication of the demo charts in the registry's stores, when the registry starts.

Invariant: an existing tag is never changed, whoever pushed it, because released versions do not change.
"""

from __future__ import annotations

from collections.abc import Iterable

from platz_sandbox.demo_charts.demo_releases import DemoChart
from platz_sandbox.demo_charts.packaging import package
from platz_sandbox.registry import manifest, oci_names
from platz_sandbox.registry.artifact import chart_artifact
from platz_sandbox.registry.errors import RegistryRefusal
from platz_sandbox.registry.oci_names import Repository, Tag
from platz_sandbox.registry.registry_app import Stores


def publish(charts: Iterable[DemoChart], stores: Stores) -> None:
    """Package and store each chart whose tag does not exist yet."""
    for chart in charts:
        repository = oci_names.repository(chart.repository)
        tag = Tag(oci_names.reference(chart.version))
        if not _is_there(repository, tag, stores):
            _put(repository, tag, package(chart), stores)


def _is_there(repository: Repository, tag: Tag, stores: Stores) -> bool:
    try:
        stores.repositories.manifest(repository, tag)
    except RegistryRefusal:
        return False
    return True


def _put(repository: Repository, tag: Tag, archive: bytes, stores: Stores) -> None:
    artifact = chart_artifact(archive)
    for blob in (artifact.config, artifact.archive):
        stores.repositories.link_blob(repository, stores.contents.put(blob))
    stores.repositories.put_manifest(
        repository, tag, manifest.parse(artifact.manifest, manifest.OCI_MANIFEST)
    )
