"""Signing in through providers that describe people as well-known products do, and whose clocks may be wrong.

Source: docs/contract/auth.md, "Claims".
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from repository import SANDBOX_USERS
from sqlalchemy import select

from platz.access.oidc import IdentityProvider
from platz.access.provider_documents import ProviderSettings, new_http_client
from platz.access.sign_in import SignIn
from platz.access.tokens import Tokens
from platz.db import schema
from platz.db.database import Database
from platz.errors import Denied, Rejected, Unauthenticated
from platz_sandbox.identity.sign_in import sign_in
from platz_sandbox.stand_in_process import StandInProcess

SECRET = "a secret"
OWN_URL = "http://127.0.0.1:3000/"
KEY = base64.b64encode(bytes(range(24))).decode()
Start = Callable[..., str]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """`start(*arguments) -> issuer` of a provider that runs until the test ends."""
    (tmp_path / "secret").write_text(SECRET)
    running: list[StandInProcess] = []

    def started(*extra: str) -> str:
        process = StandInProcess(
            name="identity provider",
            module="platz_sandbox.identity",
            arguments=[
                *("--port", "0", "--users", str(SANDBOX_USERS), "--data", str(tmp_path / "data")),
                *("--client-id", "platz", "--client-secret-file", str(tmp_path / "secret")),
                *("--redirect-uri", "http://127.0.0.1:3000/auth/google/callback", *extra),
            ],
            log=tmp_path / "log",
        )
        running.append(process)
        process.start()
        return process.wait_until_ready(seconds=20)["issuer"]

    yield started
    for process in running:
        process.stop(seconds=5)


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with new_http_client() as made:
        yield made


def account(
    database: Database, client: httpx.Client, issuer: str, email: str, **settings: str
) -> tuple[str, str]:
    """Sign in; return the name and the address of the account."""
    registration = ProviderSettings(server_url=issuer, client_id="platz", client_secret=SECRET, **settings)
    provider = IdentityProvider(lambda: registration, client, own_url=OWN_URL)
    service = SignIn(provider, Tokens(lambda: KEY), database, admin_emails=[])
    started = service.start()
    code = parse_qs(urlsplit(sign_in(started.redirect_url, email)).query)["code"][0]
    user = service.finish(code=code, state=None, cookie=started.cookie).user
    columns = schema.users.c
    with database.reading() as connection:
        found = connection.execute(
            select(columns.display_name, columns.email).where(columns.id == user.id)
        ).one()
    return found.display_name, found.email


@pytest.mark.parametrize(
    ("product", "claim", "name"),
    [
        ("entra", "preferred_username", "Ada Admin"),
        ("google", "email", "Ada Admin"),
        ("okta", "email", "Ada Admin"),
        ("okta", "preferred_username", "Ada Admin"),
        ("dex", "email", "admin@platz.localhost"),
        ("keycloak", "email", "Ada Admin"),
        ("keycloak", "preferred_username", "Ada Admin"),
        ("cognito", "email", "Ada Admin"),
    ],
)
def test_people_sign_in_through_well_known_products(
    database: Database, client: httpx.Client, start: Start, product: str, claim: str, name: str
) -> None:
    issuer = start("--like", product)
    found = account(database, client, issuer, "admin@platz.localhost", email_claim=claim)
    assert found == (name, "admin@platz.localhost")


@pytest.mark.parametrize("product", ["google", "okta", "dex", "keycloak", "cognito"])
def test_an_address_that_a_product_calls_unverified_is_denied(
    database: Database, client: httpx.Client, start: Start, product: str
) -> None:
    with pytest.raises(Denied, match="not verified"):
        account(database, client, start("--like", product), "unverified@platz.localhost")


def test_a_missing_address_names_the_setting(database: Database, client: httpx.Client, start: Start) -> None:
    with pytest.raises(Rejected, match="OIDC_EMAIL_CLAIM"):
        account(database, client, start("--like", "entra"), "admin@platz.localhost")


@pytest.mark.parametrize(
    ("ahead", "difference"),
    [
        (3600, "is 60 minutes behind the identity provider's"),
        (-7200, "is 120 minutes ahead of the identity provider's"),
    ],
)
def test_a_wrong_clock_is_named(
    database: Database, client: httpx.Client, start: Start, ahead: int, difference: str
) -> None:
    issuer = start("--clock-ahead", str(ahead))
    with pytest.raises(Unauthenticated, match=difference):
        account(database, client, issuer, "admin@platz.localhost")
