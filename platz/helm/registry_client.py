"""Reads charts from an OCI registry (OCI distribution-spec; docs/contract/workers.md, "Download and reading of
a chart", "OCI polling").

Invariant: every response is bounded in size and time and checked against its digest; the authorization goes to
the registry alone, not to the store to which it redirects a download.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlsplit

import httpx
import orjson

from platz.errors import NotFound, PlatzError, Rejected, Retryable
from platz.helm.oci_manifest import ACCEPTED, Manifest, checked, digest_of, is_digest, parse_manifest
from platz.json import JsonObject, JsonValue

_PAGE = 100
_MANIFEST_LIMIT = 4 * 1024 * 1024
_LIST_LIMIT = 16 * 1024 * 1024
_NEXT = re.compile(r'<([^>]*)>\s*;[^,]*\brel="?next"?')


@dataclass(frozen=True, kw_only=True)
class RegistryLimits:
    """Limits on the time and the size of what a registry sends, in seconds and bytes."""

    connect_seconds: float = 5.0
    read_seconds: float = 15.0
    download_seconds: float = 120.0
    chart_bytes: int = 32 * 1024 * 1024
    pages: int = 10_000


@dataclass(frozen=True, kw_only=True)
class _Answer:
    body: bytes
    headers: httpx.Headers


class RegistryClient:
    """A client for one registry; a context manager; safe to use from many threads."""

    def __init__(
        self,
        base_url: str,
        *,
        authorization: Callable[[], str | None] = lambda: None,
        limits: RegistryLimits | None = None,
    ) -> None:
        """``base_url`` is http or https, with or without a path; ``authorization`` returns the header's value.

        Raises `Rejected` for any other address.
        """
        parts = urlsplit(base_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise Rejected(f"The registry address {base_url!r} is not an http or https address.")
        self._base = base_url.rstrip("/")
        self._name = parts.netloc.rpartition("@")[2]
        self._authorization = authorization
        self._limits = limits or RegistryLimits()
        timeout = httpx.Timeout(self._limits.read_seconds, connect=self._limits.connect_seconds)
        self._http = httpx.Client(timeout=timeout, headers={"Accept-Encoding": "identity"})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def repositories(self) -> Iterator[str]:
        """Yield the names of all repositories, page by page. Raises `Retryable`, `Rejected`."""
        return self._names("/v2/_catalog", "repositories")

    def tags(self, repository: str) -> Iterator[str]:
        """Yield the tags of a repository, page by page. Raises `NotFound`, `Retryable`, `Rejected`."""
        return self._names(f"/v2/{_path(repository)}/tags/list", "tags")

    def manifest(self, repository: str, reference: str) -> Manifest:
        """Return the manifest of a tag or digest. Raises `NotFound`, `Retryable`, `Rejected`.

        Its digest is the one that the registry names, checked, or computed when it names none.
        """
        path = f"/v2/{_path(repository)}/manifests/{quote(reference, safe=':')}"
        answer = self._get(path, limit=_MANIFEST_LIMIT, accept=ACCEPTED)
        named = answer.headers.get("Docker-Content-Digest")
        digest = reference if is_digest(reference) else (named or digest_of(answer.body))
        return parse_manifest(checked(answer.body, digest), digest=digest)

    def pull_chart(self, repository: str, reference: str) -> bytes:
        """Return the packaged chart of a tag or digest. Raises `NotFound`, `Retryable`, `Rejected`."""
        return self.download(repository, self.manifest(repository, reference))

    def download(self, repository: str, manifest: Manifest) -> bytes:
        """Return the packaged chart of a manifest."""
        if not manifest.is_chart:
            raise Rejected(f"{self._name}/{repository}@{manifest.digest} is not a Helm chart.")
        layer = manifest.chart_layer()
        if layer.size > self._limits.chart_bytes:
            raise Rejected(
                f"The chart has {layer.size} bytes; at most {self._limits.chart_bytes} are allowed."
            )
        path = f"/v2/{_path(repository)}/blobs/{quote(layer.digest, safe=':')}"
        return checked(self._get(path, limit=self._limits.chart_bytes, redirects=True).body, layer.digest)

    def _names(self, path: str, key: str) -> Iterator[str]:
        following: str | None = f"{path}?n={_PAGE}"
        for _ in range(self._limits.pages):
            answer = self._get(following, limit=_LIST_LIMIT)
            names = self._object(answer.body).get(key)
            yield from (name for name in names if isinstance(name, str)) if isinstance(names, list) else ()
            following = self._following(answer.headers.get("Link"))
            if following is None:
                return
        raise Rejected(f"Registry {self._name} has more pages of {key} than Platz reads.")

    def _following(self, link: str | None) -> str | None:
        """Return path and query of the next page; another host in the link is ignored."""
        found = _NEXT.search(link or "")
        if found is None:
            return None
        parts = urlsplit(found.group(1))
        prefix = urlsplit(self._base).path
        path = parts.path.removeprefix(prefix) if parts.path.startswith(f"{prefix}/v2/") else parts.path
        return f"{path}?{parts.query}"

    def _object(self, body: bytes) -> JsonObject:
        try:
            document: JsonValue = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise Rejected(f"Registry {self._name} answered with something that is not JSON.") from error
        if not isinstance(document, dict):
            raise Rejected(f"Registry {self._name} answered with something that is not an object.")
        return document

    def _get(
        self, path: str, *, limit: int, accept: str = "application/json", redirects: bool = False
    ) -> _Answer:
        headers = {"Accept": accept if not redirects else "*/*"}
        authorization = self._authorization()
        if authorization:
            headers["Authorization"] = authorization
        try:
            with self._http.stream(
                "GET", self._base + path, headers=headers, follow_redirects=redirects
            ) as answer:
                if answer.status_code != 200:
                    raise self._refusal(answer, path)
                return _Answer(body=self._body(answer, limit), headers=answer.headers)
        except httpx.TimeoutException as error:
            raise Retryable(f"Registry {self._name} does not answer in time.") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Retryable(f"Registry {self._name} cannot be reached.") from error

    def _body(self, answer: httpx.Response, limit: int) -> bytes:
        deadline = time.monotonic() + self._limits.download_seconds
        body = bytearray()
        for piece in answer.iter_bytes():
            body += piece
            if len(body) > limit:
                raise Rejected(f"Registry {self._name} sent more than the {limit} bytes that are allowed.")
            if time.monotonic() > deadline:
                raise Retryable(f"Registry {self._name} sends too slowly.")
        return bytes(body)

    def _refusal(self, answer: httpx.Response, path: str) -> PlatzError:
        status = answer.status_code
        if status in {401, 403}:
            return Rejected(f"Registry {self._name} does not let Platz read {path.partition('?')[0]}.")
        if status == 404:
            return NotFound(f"Registry {self._name} has no {path.partition('?')[0]}.")
        if status == 429 or status >= 500:
            return Retryable(f"Registry {self._name} is not available (status {status}).")
        return Rejected(f"Registry {self._name} answered with status {status}.")


def _path(repository: str) -> str:
    return quote(repository, safe="/")
