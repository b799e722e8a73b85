"""The documents that the identity provider publishes: its discovery document and its public keys.

Invariant: documents are at most ten minutes old, come from the configured issuer, and have a limited size. The
provider is used only after they have been checked.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import urlsplit

import httpx
import orjson

from platz.access.tokens import Jwk
from platz.errors import Retryable
from platz.json import JsonObject
from platz.web_addresses import LOOPBACK_NAMES

MAX_AGE = 600.0
FAILURE_COUNTS_FOR = 1.0
"""Seconds after a failed fetch in which threads that waited for it get its error instead of trying again."""
SIZE_LIMIT = 1024 * 1024
TOTAL_SECONDS = 15.0
_UNREACHABLE = (httpx.HTTPError, httpx.InvalidURL, ValueError)
"""The errors of httpx; it raises `ValueError` for a host name or a header that it can't encode."""


class ProviderUnavailable(Retryable):
    """The identity provider is not available right now; try again in a moment."""


@dataclass(frozen=True, kw_only=True)
class ProviderSettings:
    """The registration of this installation at its identity provider.

    ``server_url`` is the issuer, with or without a trailing slash; ``email_claim`` names the claim that holds a
    person's e-mail address.
    """

    server_url: str
    client_id: str
    client_secret: str = field(repr=False)
    require_verified_email: bool = True
    email_claim: str = "email"


@dataclass(frozen=True, kw_only=True)
class ProviderDocuments:
    """The provider's documents, and the settings with which they were fetched.

    ``userinfo_endpoint`` is None for a provider that has none and tells everything in the ID token.
    """

    settings: ProviderSettings
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str | None
    posts_client_secret: bool
    keys: Sequence[Jwk]


def new_http_client() -> httpx.Client:
    """Make the HTTP client for all requests to the provider; it uses no proxy for loopback addresses."""
    direct = {f"all://{host}": None for host in LOOPBACK_NAMES}
    return httpx.Client(
        timeout=httpx.Timeout(10, connect=5),
        headers={"User-Agent": "platz", "Accept": "application/json", "Accept-Encoding": "identity"},
        follow_redirects=False,
        mounts=direct,
    )


class ProviderDirectory:
    """The cache of the provider's documents. Thread-safe."""

    def __init__(
        self,
        settings: Callable[[], ProviderSettings],
        client: httpx.Client,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take ``settings``, which is called at every fetch, so changed settings take effect within ten minutes."""
        self._settings = settings
        self._client = client
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: tuple[float, ProviderDocuments] | None = None
        self._failed: tuple[float, ProviderUnavailable] | None = None

    def documents(self) -> ProviderDocuments:
        """Return documents that are at most ten minutes old; raise `ProviderUnavailable`."""
        kept = self._kept
        if kept and self._clock() - kept[0] < MAX_AGE:
            return kept[1]
        return self.refetch(unless=None if kept is None else kept[1], or_older_than=MAX_AGE)

    def refetch(
        self, *, unless: ProviderDocuments | None = None, or_older_than: float | None = None
    ) -> ProviderDocuments:
        """Fetch the documents again, unless another thread has already replaced the documents ``unless``.

        Such a replacement must be younger than ``or_older_than`` seconds, when that is given. Raises
        `ProviderUnavailable`.
        """
        with self._lock:
            kept = self._kept
            fresh = kept and (or_older_than is None or self._clock() - kept[0] < or_older_than)
            if kept and fresh and kept[1] is not unless:
                return kept[1]
            if self._failed and self._clock() - self._failed[0] < FAILURE_COUNTS_FOR:
                raise ProviderUnavailable(self._failed[1].message) from self._failed[1]
            return self._fetch_and_keep()

    def _fetch_and_keep(self) -> ProviderDocuments:
        asked_at = self._clock()
        try:
            documents = self._fetch(self._settings())
        except ProviderUnavailable as error:
            self._failed = (self._clock(), error)
            raise
        self._kept = (asked_at, documents)
        return documents

    def forget(self) -> None:
        """Drop the documents, because the provider refused the settings with which they were fetched."""
        with self._lock:
            self._kept = None

    def _fetch(self, settings: ProviderSettings) -> ProviderDocuments:
        base = settings.server_url.rstrip("/")
        found = self._get(f"{base}/.well-known/openid-configuration")
        issuer = _text(found, "issuer")
        if issuer.rstrip("/") != base:
            sentence = f"the provider calls itself {issuer[:200]}: give that address as OIDC_SERVER_URL"
            raise ProviderUnavailable(f"OIDC discovery error: {sentence}")
        secure = urlsplit(base).scheme == "https"
        return ProviderDocuments(
            settings=settings,
            issuer=issuer,
            authorization_endpoint=_endpoint(found, "authorization_endpoint", secure=secure),
            token_endpoint=_endpoint(found, "token_endpoint", secure=secure),
            userinfo_endpoint=_endpoint(found, "userinfo_endpoint", secure=secure)
            if "userinfo_endpoint" in found
            else None,
            posts_client_secret=_posts_client_secret(found),
            keys=self._keys(_endpoint(found, "jwks_uri", secure=secure)),
        )

    def _keys(self, url: str) -> Sequence[Jwk]:
        keys = self._get(url).get("keys")
        if not isinstance(keys, list):
            raise ProviderUnavailable("OIDC discovery error: the provider's keys are not a JWK set")
        return [cast("Jwk", key) for key in keys if isinstance(key, dict)]

    def _get(self, url: str) -> JsonObject:
        answer = ask(self._client, "GET", url, what="OIDC discovery error")
        if answer.status != 200 or answer.json is None:
            raise ProviderUnavailable(f"OIDC discovery error: the identity provider answered {answer.status}")
        return answer.json


@dataclass(frozen=True, kw_only=True)
class ProviderAnswer:
    """The status and the body of an answer of the provider."""

    status: int
    media_type: str
    body: bytes = field(repr=False)

    @property
    def json(self) -> JsonObject | None:
        """The JSON object in the body, or None when it holds none."""
        try:
            document = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return None
        return cast("JsonObject", document) if isinstance(document, dict) else None


def ask(client: httpx.Client, method: str, url: str, *, what: str, **request: Any) -> ProviderAnswer:
    """Make one request.

    ``request`` is passed to httpx. Raises `ProviderUnavailable` with a message that begins with ``what``, also for a
    body that is too large or takes too long.
    """
    try:
        with client.stream(method, url, **request) as response:
            body = _bounded_body(response, what)
            media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            return ProviderAnswer(status=response.status_code, media_type=media_type, body=body)
    except _UNREACHABLE as error:
        raise ProviderUnavailable(f"{what}: the identity provider can't be reached") from error


def _bounded_body(response: httpx.Response, what: str) -> bytes:
    body, deadline = bytearray(), time.monotonic() + TOTAL_SECONDS
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > SIZE_LIMIT or time.monotonic() > deadline:
            raise ProviderUnavailable(f"{what}: the identity provider's answer is too long")
    return bytes(body)


def _text(document: JsonObject, name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str) or not value:
        raise ProviderUnavailable(f"OIDC discovery error: the discovery document has no `{name}`")
    return value


def _endpoint(document: JsonObject, name: str, *, secure: bool) -> str:
    url = _text(document, name)
    if not _is_usable(url, {"https"} if secure else {"http", "https"}):
        raise ProviderUnavailable(f"OIDC discovery error: `{name}` is not a usable address")
    return url


def _is_usable(url: str, schemes: Collection[str]) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in schemes and bool(parts.netloc)


def _posts_client_secret(document: JsonObject) -> bool:
    """Return whether the provider accepts the client secret only in the form; HTTP Basic is the default."""
    methods = document.get("token_endpoint_auth_methods_supported")
    if not isinstance(methods, list):
        return False
    return "client_secret_post" in methods and "client_secret_basic" not in methods
