"""Signing in through the sandbox's provider, and through another implementation, into a real database."""

from __future__ import annotations

import base64
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from repository import SANDBOX_USERS
from sqlalchemy import Row, func, select, update

from platz.access.accounts import Person, user_of
from platz.access.authentication import Authenticator
from platz.access.oidc import IdentityProvider
from platz.access.provider_documents import ProviderSettings, new_http_client
from platz.access.sign_in import SignIn
from platz.access.tokens import Tokens
from platz.db import schema
from platz.db.database import Database
from platz.errors import Denied, Rejected, Unauthenticated
from platz.identities import User
from platz_sandbox.identity.sign_in import sign_in
from platz_sandbox.stand_in_process import StandInProcess
from tests.integration.access.access_world import Maker

OWN_URL = "http://127.0.0.1:3000/"
SECRET = "a secret: with / odd + characters"
USERS = SANDBOX_USERS
KEY = base64.b64encode(bytes(range(24))).decode()


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("sign-in")
    (folder / "secret").write_text(SECRET)
    process = StandInProcess(
        name="identity provider",
        module="platz_sandbox.identity",
        arguments=[
            *("--port", "0", "--users", str(USERS), "--data", str(folder / "data")),
            *("--client-id", "platz", "--client-secret-file", str(folder / "secret")),
            *("--redirect-uri", "http://127.0.0.1:3000/auth/google/callback"),
        ],
        log=folder / "log",
    )
    process.start()
    yield process.wait_until_ready(seconds=20)["issuer"]
    process.stop(seconds=5)


@pytest.fixture
def http_client() -> Iterator[httpx.Client]:
    with new_http_client() as client:
        yield client


@pytest.fixture
def tokens() -> Tokens:
    return Tokens(lambda: KEY)


@pytest.fixture
def service(database: Database, issuer: str, http_client: httpx.Client, tokens: Tokens) -> SignIn:
    return sign_in_service(database, issuer, http_client, tokens)


def sign_in_service(
    database: Database, issuer: str, client: httpx.Client, tokens: Tokens, secret: str = SECRET
) -> SignIn:
    settings = ProviderSettings(server_url=issuer, client_id="platz", client_secret=secret)
    provider = IdentityProvider(lambda: settings, client, own_url=OWN_URL)
    return SignIn(provider, tokens, database, admin_emails=["Admin@Platz.localhost"])


def account_of(database: Database, user: User) -> Row[Any]:
    with database.reading() as connection:
        return connection.execute(select(schema.users).where(schema.users.c.id == user.id)).one()


def code_in(url: str) -> str:
    return parse_qs(urlsplit(url).query)["code"][0]


def test_a_person_signs_in_and_the_token_works(database: Database, service: SignIn, tokens: Tokens) -> None:
    started = service.start()
    code = code_in(sign_in(started.redirect_url, "admin@platz.localhost"))
    signed_in = service.finish(code=code, state=None, cookie=started.cookie)
    account = account_of(database, signed_in.user)
    assert (account.display_name, account.is_admin) == ("Ada Admin", True)
    proof = Authenticator(database, tokens).authenticate(
        authorization=f"Bearer {signed_in.token.text}", api_token=None
    )
    assert proof.identity == signed_in.user


def test_the_state_is_checked_where_a_frontend_forwards_it(database: Database, service: SignIn) -> None:
    started = service.start()
    answer = parse_qs(urlsplit(sign_in(started.redirect_url, "owner@platz.localhost")).query)
    with pytest.raises(Rejected, match="does not belong to this browser"):
        service.finish(code=answer["code"][0], state="another", cookie=started.cookie)
    signed_in = service.finish(code=answer["code"][0], state=answer["state"][0], cookie=started.cookie)
    assert account_of(database, signed_in.user).email == "owner@platz.localhost"


def test_a_code_works_once(service: SignIn) -> None:
    started = service.start()
    code = code_in(sign_in(started.redirect_url, "viewer@platz.localhost"))
    service.finish(code=code, state=None, cookie=started.cookie)
    with pytest.raises(Unauthenticated, match="the code was not accepted"):
        service.finish(code=code, state=None, cookie=started.cookie)


def test_a_code_is_worth_nothing_in_another_browser(service: SignIn) -> None:
    started, other = service.start(), service.start()
    code = code_in(sign_in(started.redirect_url, "viewer@platz.localhost"))
    with pytest.raises(Unauthenticated):
        service.finish(code=code, state=None, cookie=other.cookie)


def test_a_sign_in_without_its_cookie_is_rejected(service: SignIn) -> None:
    with pytest.raises(Rejected, match="sign in again"):
        service.finish(code="code", state=None, cookie=None)


def test_an_unverified_address_is_denied(database: Database, service: SignIn) -> None:
    started = service.start()
    code = code_in(sign_in(started.redirect_url, "unverified@platz.localhost"))
    with pytest.raises(Denied, match="not verified"):
        service.finish(code=code, state=None, cookie=started.cookie)
    assert number_of_users(database) == 0


def test_another_implementation_of_a_provider_works(
    database: Database, http_client: httpx.Client, tokens: Tokens
) -> None:
    """oidc-provider-mock: no `kid` in its tokens, and no PKCE in its discovery document."""
    with mock_provider() as port:
        issuer = f"http://127.0.0.1:{port}"
        service = sign_in_service(database, issuer, http_client, tokens, secret="any")
        claims = {"name": "Mona", "email": "mona@example.com"}
        http_client.put(f"{issuer}/users/mona", json=claims).raise_for_status()
        started = service.start()
        answer = http_client.post(started.redirect_url, data={"sub": "mona"})
        code = code_in(answer.headers["location"])
        signed_in = service.finish(code=code, state=None, cookie=started.cookie)
        assert account_of(database, signed_in.user).email == claims["email"]


class mock_provider:  # noqa: N801 - used as a function
    """In a process of its own, because it warns about its own dependencies while it is imported."""

    SCRIPT = (
        "import sys, warnings; warnings.simplefilter('ignore')\n"
        "import oidc_provider_mock\n"
        "with oidc_provider_mock.run_server_in_thread() as server:\n"
        "    print(server.server_port, flush=True)\n"
        "    sys.stdin.read()\n"
    )

    def __enter__(self) -> int:
        command = [sys.executable, "-c", self.SCRIPT]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert self.process.stdout
        return int(self.process.stdout.readline())

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


def number_of_users(database: Database) -> int:
    with database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(schema.users)) or 0


def arrive(database: Database, email: str, admins: tuple[str, ...] = ()) -> User:
    with database.transaction() as connection:
        return user_of(connection, Person(name="Name", email=email), admin_emails=admins)


def test_the_same_address_in_another_case_is_the_same_account(database: Database) -> None:
    assert arrive(database, "Ann@Example.com") == arrive(database, "ann@example.COM")


def test_a_known_account_is_used_as_it_is(database: Database) -> None:
    first = arrive(database, "ann@example.com")
    assert arrive(database, "ann@example.com", admins=("ann@example.com",)) == first
    with database.reading() as connection:
        assert not connection.scalar(select(schema.users.c.is_admin))


def test_a_new_user_joins_the_environments_that_take_everybody(database: Database) -> None:
    with database.transaction() as connection:
        make = Maker(connection)
        open_envs = {make.env(auto_add_new_users=True), make.env(auto_add_new_users=True)}
        make.env()
    user = arrive(database, "ann@example.com")
    granted = schema.env_user_permissions
    with database.reading() as connection:
        rows = connection.execute(select(granted.c.env_id, granted.c.role, granted.c.user_id)).all()
    assert {(env_id, role.value, user_id) for env_id, role, user_id in rows} == {
        (env_id, "User", user.id) for env_id in open_envs
    }


def test_a_deactivated_user_is_told_so(database: Database) -> None:
    arrive(database, "ann@example.com")
    with database.transaction() as connection:
        connection.execute(update(schema.users).values(is_active=False))
    with pytest.raises(Denied, match="deactivated"):
        arrive(database, "ann@example.com")


def test_first_sign_ins_at_the_same_moment_make_one_user(database: Database) -> None:
    with database.transaction() as connection:
        Maker(connection).env(auto_add_new_users=True)
    with ThreadPoolExecutor(8) as threads:
        arrivals = list(threads.map(lambda n: arrive(database, f"{'aA'[n % 2]}nn@example.com"), range(8)))
    assert len(set(arrivals)) == 1
    assert number_of_users(database) == 1
    with database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(schema.env_user_permissions)) == 1
