"""An identity provider in memory that does everything right until a test tells it to do one thing wrong."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlsplit

import httpx
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jose import jwk, jws
from jose.constants import ALGORITHMS

from platz.access.oidc import IdentityProvider
from platz.access.provider_documents import ProviderSettings
from platz.access.tokens import SignInFlow

ISSUER = "https://id.example.com"
OWN_URL = "https://platz.example.com/some/path"
NOW = datetime(2024, 3, 9, 16, 0, 0, tzinfo=UTC)
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())


def public_jwk(key: Any, kid: str | None, algorithm: str = "RS256") -> dict[str, Any]:
    """The published form of a private key."""
    document = jwk.construct(key.public_key(), algorithm).to_dict()
    document = {
        name: value.decode() if isinstance(value, bytes) else value for name, value in document.items()
    }
    return document if kid is None else document | {"kid": kid, "use": "sig"}


class FakeProvider:
    """Answers through httpx's mock transport. Attributes are what tests change."""

    def __init__(self) -> None:
        self.discovery: dict[str, Any] = {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
            "userinfo_endpoint": f"{ISSUER}/userinfo",
            "jwks_uri": f"{ISSUER}/keys",
        }
        self.keys: list[dict[str, Any]] = [public_jwk(RSA_KEY, "one")]
        self.signing: tuple[Any, str, str | None] = (RSA_KEY, ALGORITHMS.RS256, "one")
        self.claims: dict[str, Any] = {}
        self.userinfo: dict[str, Any] = {"sub": "alice", "name": "Alice", "email": "alice@example.com"}
        self.userinfo["email_verified"] = True
        self.answers: dict[str, Callable[[httpx.Request], httpx.Response]] = {}
        self.token_answer: dict[str, Any] = {}
        self.asked: list[str] = []
        self.nonce = self.challenge = ""

    @property
    def client(self) -> httpx.Client:
        return httpx.Client(transport=httpx.MockTransport(self._answer))

    def identity_provider(self, **settings: Any) -> IdentityProvider:
        """Platz's view of this provider."""
        values = {"server_url": ISSUER, "client_id": "platz", "client_secret": "s3:cret/+"} | settings
        return IdentityProvider(
            lambda: ProviderSettings(**values), self.client, own_url=OWN_URL, now=lambda: NOW
        )

    def authorize(self, url: str) -> str:
        """The person signs in: remember what the request asked for and give a code."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        self.nonce, self.challenge = query["nonce"], query["code_challenge"]
        return "the-code"

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.asked.append(path)
        if path in self.answers:
            return self.answers[path](request)
        match path:
            case "/.well-known/openid-configuration":
                return httpx.Response(200, json=self.discovery)
            case "/keys":
                return httpx.Response(200, json={"keys": self.keys})
            case "/token":
                return self._token(request)
            case "/userinfo":
                return httpx.Response(200, json=self.userinfo)
            case _:
                return httpx.Response(404)

    def _token(self, request: httpx.Request) -> httpx.Response:
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        if not self._is_client(request, form):
            return httpx.Response(401, json={"error": "invalid_client"})
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        matches = base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == self.challenge
        if form["code"] != "the-code" or not matches:
            return httpx.Response(400, json={"error": "invalid_grant"})
        answer = {"access_token": "opaque", "token_type": "Bearer", "id_token": self.id_token()}
        return httpx.Response(200, json=answer | self.token_answer)

    def _is_client(self, request: httpx.Request, form: dict[str, str]) -> bool:
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        if scheme == "Basic":
            presented = [unquote_plus(part) for part in base64.b64decode(encoded).decode().split(":", 1)]
        else:
            presented = [form.get("client_id"), form.get("client_secret")]
        return presented == ["platz", "s3:cret/+"]

    def id_token(self) -> str:
        """The ID token, as right or wrong as the test wants it."""
        seconds = int(NOW.timestamp())
        base = {
            "iss": ISSUER,
            "sub": "alice",
            "aud": "platz",
            "iat": seconds,
            "exp": seconds + 300,
            "nonce": self.nonce,
        } | self.claims
        claims = {name: value for name, value in base.items() if value is not ...}
        key, algorithm, kid = self.signing
        return jws.sign(claims, key, headers={"kid": kid} if kid else {}, algorithm=algorithm)


def sign_in(provider: FakeProvider, flow: SignInFlow, **settings: Any) -> Any:
    """Walk through the whole flow and return the person."""
    identity_provider = provider.identity_provider(**settings)
    code = provider.authorize(identity_provider.redirect_url(flow))
    return identity_provider.finish(code, flow)


def at_hash(access_token: str) -> str:
    """The claim that ties an access token to an ID token (SHA-256)."""
    half = hashlib.sha256(access_token.encode()).digest()[:16]
    return base64.urlsafe_b64encode(half).rstrip(b"=").decode()


def lasting(seconds: int) -> datetime:
    """A moment from now on."""
    return NOW + timedelta(seconds=seconds)


def compact(document: object) -> str:
    """One segment of a token."""
    return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()
