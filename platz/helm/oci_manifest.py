"""OCI manifests, as far as a Helm chart needs them (OCI image-spec "Image Manifest", Helm "OCI support").

Invariant: content is returned only after its digest was computed and found equal to the one asked for.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

import orjson

from platz.errors import Rejected
from platz.json import JsonValue

HELM_CONFIG = "application/vnd.cncf.helm.config.v1+json"
HELM_CHART = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
EARLY_HELM_CHART = "application/tar+gzip"
"""The media type of charts pushed by early versions of Helm; Helm still pulls them."""
ACCEPTED = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"

_DIGEST = re.compile(r"[a-z0-9]+([+._-][a-z0-9]+)*:[A-Za-z0-9=_-]+", re.ASCII)
_ALGORITHMS = ("sha256", "sha512")


@dataclass(frozen=True, kw_only=True)
class Layer:
    """A blob that a manifest names; ``size`` in bytes."""

    media_type: str
    digest: str
    size: int


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The manifest that a tag or a digest names."""

    digest: str
    config_media_type: str
    layers: tuple[Layer, ...]

    @property
    def is_chart(self) -> bool:
        """Whether this is a Helm chart, not a container image or another artifact."""
        return self.config_media_type == HELM_CONFIG

    def chart_layer(self) -> Layer:
        """Return the layer with the packaged chart. Raises `Rejected` when there is none."""
        for layer in self.layers:
            if layer.media_type in {HELM_CHART, EARLY_HELM_CHART}:
                return layer
        raise Rejected("The manifest has no layer with a Helm chart.")


def parse_manifest(body: bytes, *, digest: str) -> Manifest:
    """Read a manifest. Raises `Rejected` when it is not one."""
    try:
        document: JsonValue = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Rejected("The registry answered with a manifest that is not JSON.") from error
    if not isinstance(document, dict):
        raise Rejected("The registry answered with a manifest that is not an object.")
    match document.get("config"):
        case {"mediaType": str(media_type)}:
            config_media_type = media_type
        case _:
            config_media_type = ""
    layers = document.get("layers")
    found = [_layer(entry) for entry in layers] if isinstance(layers, list) else []
    return Manifest(
        digest=digest,
        config_media_type=config_media_type,
        layers=tuple(layer for layer in found if layer is not None),
    )


def is_digest(reference: str) -> bool:
    """Tell whether the reference is a digest; a tag has no colon."""
    return ":" in reference


def checked(content: bytes, digest: str) -> bytes:
    """Return the content if it has this digest. Raises `Rejected`."""
    algorithm, _, wanted = digest.partition(":")
    if algorithm not in _ALGORITHMS:
        raise Rejected(f"Digests of the kind {algorithm[:20]!r} are not supported.")
    if hashlib.new(algorithm, content).hexdigest() != wanted:
        raise Rejected(f"What the registry sent is not what {digest} stands for.")
    return content


def digest_of(content: bytes) -> str:
    """Return the content's digest."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _layer(entry: JsonValue) -> Layer | None:
    match entry:
        case {"mediaType": str(media_type), "digest": str(digest), "size": int(size)}:
            return Layer(media_type=media_type, digest=digest, size=size)
        case _:
            return None
