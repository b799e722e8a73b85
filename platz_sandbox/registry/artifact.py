"""The OCI artifact that Helm makes from a chart archive.

Source: Helm, "Use OCI-based registries" (https://helm.sh/docs/topics/registries/): the config blob is
Chart.yaml as JSON, the only layer is the archive. Helm adds the time of the push to the annotations; this module does
not, so that a chart always has the same digest.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import orjson
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from platz.errors import Rejected
from platz_sandbox.registry.manifest import OCI_MANIFEST
from platz_sandbox.registry.oci_names import digest_of

HELM_CONFIG = "application/vnd.cncf.helm.config.v1+json"
HELM_LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
_MAX_METADATA_BYTES = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class ChartArtifact:
    """The two blobs of a chart and the manifest that binds them."""

    config: bytes
    archive: bytes
    manifest: bytes


def chart_artifact(archive: bytes, metadata: Mapping[str, Any] | None = None) -> ChartArtifact:
    """Make the artifact of a packaged chart (`.tgz`).

    ``metadata`` replaces the content of Chart.yaml; with it, ``archive`` may be any bytes. Raises `Rejected` when that
    content has to be read from ``archive`` and is missing.
    """
    metadata = _metadata(archive) if metadata is None else metadata
    try:
        config = orjson.dumps(dict(metadata), option=orjson.OPT_NON_STR_KEYS)
    except TypeError as error:
        raise Rejected("Chart.yaml holds something that JSON can't.") from error
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": _descriptor(HELM_CONFIG, config),
        "layers": [_descriptor(HELM_LAYER, archive)],
        "annotations": {
            "org.opencontainers.image.title": str(metadata.get("name", "")),
            "org.opencontainers.image.version": str(metadata.get("version", "")),
            "org.opencontainers.image.description": str(metadata.get("description", "")),
        },
    }
    return ChartArtifact(config=config, archive=archive, manifest=orjson.dumps(manifest))


def _descriptor(media_type: str, content: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}


def _metadata(archive: bytes) -> dict[str, Any]:
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
            for entry in tar:
                if entry.isfile() and entry.name.count("/") == 1 and entry.name.endswith("/Chart.yaml"):
                    return _parsed(tar, entry)
    except (tarfile.TarError, OSError, EOFError) as error:
        raise Rejected("The chart archive is not a gzipped tar file.") from error
    raise Rejected("The chart archive holds no Chart.yaml.")


def _parsed(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> dict[str, Any]:
    file = tar.extractfile(entry)
    text = file.read(_MAX_METADATA_BYTES) if file else b""
    try:
        document: object = YAML(typ="safe", pure=True).load(text)  # pyright: ignore[reportUnknownMemberType]
    except (YAMLError, ValueError, RecursionError) as error:  # ValueError: not UTF-8, or no date
        raise Rejected("Chart.yaml is not YAML.") from error
    if not isinstance(document, dict):
        raise Rejected("Chart.yaml is not a mapping.")
    return cast("dict[str, Any]", document)
