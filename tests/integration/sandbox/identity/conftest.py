"""A running identity provider, and a client that uses it as an application would."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from repository import SANDBOX_USERS

from platz_sandbox.identity.sign_in import sign_in
from platz_sandbox.stand_in_process import StandInProcess

REDIRECT = "http://127.0.0.1:3000/auth/google/callback"
SECOND_REDIRECT = "https://platz.example.com/auth/google/callback?from=idp"
CLIENT_ID, CLIENT_SECRET = "platz", "a secret: with / odd + characters"
USERS = SANDBOX_USERS


@dataclass(kw_only=True)
class Application:
    """An application that signs people in; every attempt has its own verifier, state and nonce."""

    issuer: str
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    state: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(16))

    def url(self, **changes: str | None) -> str:
        """The authorization URL, with parameters replaced or (None) left out."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        wanted = {
            "response_type": "code",
            "client_id": CLIENT_ID,
            "redirect_uri": REDIRECT,
            "scope": "openid profile email",
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        } | changes
        query = {name: value for name, value in wanted.items() if value is not None}
        return f"{self.issuer}/authorize?{urlencode(query)}"

    def sign_in(self, email: str = "admin@platz.localhost", **changes: str | None) -> dict[str, str]:
        """Sign in and return the query that came back to the redirect URI."""
        return answer_of(sign_in(self.url(**changes), email))

    def redeem(self, code: str, **changes: str | None) -> httpx.Response:
        """Exchange the code as the application does; changed fields or (None) left out."""
        wanted = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT,
            "code_verifier": self.verifier,
        } | changes
        fields = {name: value for name, value in wanted.items() if value is not None}
        return httpx.post(f"{self.issuer}/token", data=fields, auth=(CLIENT_ID, CLIENT_SECRET))

    def tokens(self, email: str = "admin@platz.localhost", **changes: str | None) -> dict[str, str]:
        """Sign in and return the token response."""
        answer = self.redeem(self.sign_in(email, **changes)["code"])
        assert answer.status_code == 200, answer.text
        return answer.json()


def answer_of(url: str) -> dict[str, str]:
    """The query of a redirect, each parameter once."""
    return {name: value for name, (value,) in parse_qs(urlsplit(url).query, strict_parsing=True).items()}


def provider(folder: Path, *extra: str) -> StandInProcess:
    """An identity provider that is not started yet, with its data below ``folder``."""
    (folder / "client-secret").write_text(CLIENT_SECRET + "\n")
    arguments = ("--port", "0", "--users", str(USERS), "--data", str(folder / "data"))
    client = ("--client-id", CLIENT_ID, "--client-secret-file", str(folder / "client-secret"))
    redirects = ("--redirect-uri", REDIRECT, "--redirect-uri", SECOND_REDIRECT)
    return StandInProcess(
        name="identity provider",
        module="platz_sandbox.identity",
        arguments=[*arguments, *client, *redirects, *extra],
        log=folder / "log",
    )


@pytest.fixture(scope="session")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The issuer of a provider that all tests share."""
    process = provider(tmp_path_factory.mktemp("identity"))
    process.start()
    yield process.wait_until_ready(seconds=20)["issuer"]
    process.stop(seconds=5)


@pytest.fixture(scope="session")
def web() -> Iterator[httpx.Client]:
    """A client for tests that send many requests: making one takes longer than a request."""
    with httpx.Client() as client:
        yield client


@pytest.fixture
def application(issuer: str) -> Application:
    """An application with an attempt of its own."""
    return Application(issuer=issuer)


@pytest.fixture
def start_provider(tmp_path: Path) -> Iterator[object]:
    """Start providers of the test's own, with its folder as theirs: `start_provider(*arguments) -> issuer`."""
    running: list[StandInProcess] = []

    def start(*extra: str) -> str:
        stop()
        process = provider(tmp_path, *extra)
        running.append(process)
        process.start()
        return process.wait_until_ready(seconds=20)["issuer"]

    def stop() -> None:
        for process in running:
            process.stop(seconds=5)
        running.clear()

    yield start
    stop()
