"""Reads charts from an OCI registry (OCI distribution-spec; docs/contract/workers.md, "Download and reading of
a chart", "OCI polling").

Invariant: every response is bounded in size and time and checked against its digest; the authorization goes to
the registry alone, not to the store to which it redirects a download.
"""

from __future__ import annotations

import re
import time
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import quote, urljoin, urlsplit

import httpx
import orjson

from platz.errors import NotFound, PlatzError, Rejected, Retryable
from platz.helm.connection_cut import ConnectionCut
from platz.helm.oci_manifest import ACCEPTED, Manifest, checked, digest_of, is_digest, parse_manifest
from platz.helm.retry_after import seconds_to_wait
from platz.json import JsonObject, JsonValue

_PAGE = 100
_MANIFEST_LIMIT = 4 * 1024 * 1024
_LIST_LIMIT = 16 * 1024 * 1024
_NEXT = re.compile(r'<([^>]*)>\s*;[^,]*\brel="?next"?', re.IGNORECASE)
_PAGES_WITHOUT_NEWS = 3
"""Pages in a row that name nothing new; registries that filter by rights answer with some empty pages."""
_GZIP = 16 + zlib.MAX_WBITS


class RegistryBusy(Retryable):
    """The registry asks to be left alone for a while."""


class RoundOver(Retryable):
    """The time for a round of requests is over."""


@dataclass(frozen=True, kw_only=True)
class RegistryLimits:
    """Limits on the time and the size of what a registry sends, in seconds and bytes."""

    connect_seconds: float = 5.0
    read_seconds: float = 15.0
    answer_seconds: float = 30.0
    """For a whole answer other than a download."""
    download_seconds: float = 120.0
    chart_bytes: int = 64 * 1024 * 1024
    """As many as the reader of archives takes (`platz.charts.archive.MAX_ARCHIVE_BYTES`; a test compares the two)."""
    pages: int = 10_000


@dataclass(frozen=True, kw_only=True)
class _Answer:
    body: bytes
    headers: httpx.Headers


class RegistryClient:
    """A client for one registry; a context manager; one thread may use it at a time."""

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
        self._cut = ConnectionCut()
        self._ends: float | None = None
        self._quiet_until = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    @contextmanager
    def within(self, seconds: float) -> Generator[None]:
        """Give all requests in the block these seconds together; then they raise `RoundOver`."""
        self._ends = time.monotonic() + seconds
        try:
            yield
        finally:
            self._ends = None

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
        """Yield each name once, page by page; raise `Rejected` when the pages lead nowhere."""
        following: str | None = f"{path}?n={_PAGE}"
        asked: set[str] = set()
        seen: set[str] = set()
        without_news = 0
        while following is not None:
            if following in asked or len(asked) == self._limits.pages or without_news == _PAGES_WITHOUT_NEWS:
                raise Rejected(f"Registry {self._name} has more pages of {key} than Platz reads.")
            asked.add(following)
            answer = self._get(following, limit=_LIST_LIMIT)
            new = [name for name in self._listed(answer.body, key) if name not in seen]
            without_news = 0 if new else without_news + 1
            seen.update(new)
            yield from new
            following = self._following(following, answer.headers.get("Link"))

    def _listed(self, body: bytes, key: str) -> list[str]:
        document = self._object(body)
        names = document.get(key)
        if isinstance(names, list):
            return [name for name in names if isinstance(name, str)]
        if key == "repositories" and (names is not None or key not in document):
            raise Rejected(f"Registry {self._name} answered with something that is not a catalogue.")
        return []

    def _following(self, present: str, link: str | None) -> str | None:
        """Return path and query of the page after the ``present`` one; another host in the link is ignored.

        A relative link is resolved as RFC 3986 says; but one that begins with ``v2/`` means the root, as some
        registries forget the slash.
        """
        found = _NEXT.search(link or "")
        if found is None:
            return None
        target = found.group(1).strip()
        parts = urlsplit(urljoin(present, f"/{target}" if target.startswith("v2/") else target))
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
        seconds = self._seconds_left(
            self._limits.download_seconds if redirects else self._limits.answer_seconds
        )
        headers = {"Accept": accept if not redirects else "*/*"}
        authorization = self._authorization()
        if authorization:
            headers["Authorization"] = authorization
        try:
            with (
                self._cut.after(seconds),
                self._http.stream(
                    "GET",
                    self._base + path,
                    headers=headers,
                    follow_redirects=redirects,
                    extensions={"trace": self._cut.note},
                ) as answer,
            ):
                if answer.status_code != 200:
                    raise self._refusal(answer, path)
                return _Answer(body=self._body(answer, limit), headers=answer.headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            if self._cut.happened:
                raise Retryable(f"Registry {self._name} sends too slowly.") from error
            if isinstance(error, httpx.TimeoutException):
                raise Retryable(f"Registry {self._name} does not answer in time.") from error
            raise Retryable(f"Registry {self._name} cannot be reached.") from error

    def _seconds_left(self, limit: float) -> float:
        """Return the seconds for a request; raise `RegistryBusy` or `RoundOver` when it must not be sent at all."""
        now = time.monotonic()
        if now < self._quiet_until:
            raise RegistryBusy(
                f"Registry {self._name} asks to be left alone for {self._quiet_until - now:.0f} more seconds."
            )
        if self._ends is None:
            return limit
        if now >= self._ends:
            raise RoundOver(f"Registry {self._name} takes too long; the rest follows in the next round.")
        return min(limit, self._ends - now)

    def _body(self, answer: httpx.Response, limit: int) -> bytes:
        unpack = self._unpacker(answer.headers.get("Content-Encoding", "identity").strip().lower())
        body = bytearray()
        for piece in answer.iter_raw():
            body += unpack(piece, limit + 1 - len(body))
            if len(body) > limit:
                raise Rejected(f"Registry {self._name} sent more than the {limit} bytes that are allowed.")
        return bytes(body)

    def _unpacker(self, encoding: str) -> Callable[[bytes, int], bytes]:
        """Return what undoes an encoding, up to a number of bytes; registries are asked for none."""
        if encoding in {"", "identity"}:
            return lambda piece, _most: piece
        if encoding not in {"gzip", "x-gzip"}:
            raise Rejected(
                f"Registry {self._name} sent the encoding {encoding[:20]!r}, which was not asked for."
            )
        inflate = zlib.decompressobj(_GZIP)

        def unpack(piece: bytes, most: int) -> bytes:
            try:
                return inflate.decompress(inflate.unconsumed_tail + piece, most)
            except zlib.error as error:
                raise Rejected(f"Registry {self._name} sent damaged gzip.") from error

        return unpack

    def _refusal(self, answer: httpx.Response, path: str) -> PlatzError:
        status = answer.status_code
        if status in {401, 403}:
            return Rejected(f"Registry {self._name} does not let Platz read {path.partition('?')[0]}.")
        if status == 404:
            return NotFound(f"Registry {self._name} has no {path.partition('?')[0]}.")
        seconds = seconds_to_wait(answer.headers.get("Retry-After"))
        if status in {429, 503} and seconds:
            self._quiet_until = time.monotonic() + seconds
            return RegistryBusy(f"Registry {self._name} asks to be left alone for {seconds:.0f} seconds.")
        if status == 429 or status >= 500:
            return Retryable(f"Registry {self._name} is not available (status {status}).")
        return Rejected(f"Registry {self._name} answered with status {status}.")


def _path(repository: str) -> str:
    return quote(repository, safe="/")
