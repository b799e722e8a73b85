"""A small client that pushes a packaged chart to any OCI registry over HTTP, as Helm would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin

import httpx

from platz.errors import Rejected
from platz_sandbox.registry.artifact import chart_artifact
from platz_sandbox.registry.manifest import OCI_MANIFEST
from platz_sandbox.registry.oci_names import digest_of

_TIMEOUT_SECONDS = 30.0


def push_chart(
    url: str, repository: str, tag: str, archive: bytes, *, metadata: Mapping[str, Any] | None = None
) -> str:
    """Push ``archive`` to ``repository:tag`` of the registry at ``url`` and return the manifest's digest.

    With ``metadata`` (the content of Chart.yaml) the archive may be broken, to test how a reader handles it.
    Raises `Rejected` when the archive is not a chart or the registry refuses, `httpx.TransportError` when it can't
    be reached.
    """
    artifact = chart_artifact(archive, metadata)
    needs_certificates = url.startswith("https:")  # loading them takes longer than a push
    with httpx.Client(base_url=url, timeout=_TIMEOUT_SECONDS, verify=needs_certificates) as client:
        for blob in (artifact.config, artifact.archive):
            _push_blob(client, repository, blob)
        answer = client.put(
            f"/v2/{repository}/manifests/{tag}",
            content=artifact.manifest,
            headers={"Content-Type": OCI_MANIFEST},
        )
        _require(answer, 201)
    return digest_of(artifact.manifest)


def _push_blob(client: httpx.Client, repository: str, blob: bytes) -> None:
    digest = digest_of(blob)
    if client.head(f"/v2/{repository}/blobs/{digest}").status_code == 200:
        return
    started = client.post(f"/v2/{repository}/blobs/uploads/")
    _require(started, 202)
    location = httpx.URL(urljoin(str(started.url), started.headers["Location"])).copy_merge_params(
        {"digest": digest}
    )
    finished = client.put(location, content=blob, headers={"Content-Type": "application/octet-stream"})
    _require(finished, 201)


def _require(answer: httpx.Response, status: int) -> None:
    if answer.status_code != status:
        raise Rejected(f"The registry answered {answer.status_code} instead of {status}: {answer.text[:200]}")
