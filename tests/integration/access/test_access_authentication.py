"""From credentials to identities: precedence, messages, and that what is taken away stops working at once."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, insert, update

from platz.access.authentication import Authenticator, Credential
from platz.access.tokens import BrokenSigningKey, Tokens, new_api_token
from platz.db import schema
from platz.db.address import DatabaseAddress
from platz.db.database import Database
from platz.db.tables import tokens
from platz.errors import Retryable, Unauthenticated
from platz.identities import Bot, Identity, User
from tests.integration.access.access_world import AccessWorld

KEY = base64.b64encode(bytes(range(24))).decode()
NO_CREDENTIAL = "Bearer authentication error: 401 Unauthorized"


class Clients:
    """Presents credentials and makes them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.tokens = Tokens(lambda: KEY)
        self.authenticator = Authenticator(database, self.tokens)

    def ask(self, *, bearer: str | None = None, header: str | None = None, api_token: str | None = None):
        authorization = f"Bearer {bearer}" if bearer else header
        return self.authenticator.authenticate(authorization=authorization, api_token=api_token)

    def access_token(self, identity: Identity) -> str:
        return self.tokens.issue(identity, timedelta(hours=1), datetime.now(UTC)).text

    def api_token(self, owner: User | Bot, creator: User) -> str:
        stored, text = new_api_token()
        with self.database.transaction() as connection:
            if isinstance(owner, User):
                tokens.add_user_token(
                    connection, token_id=stored.id, user_id=owner.id, secret_hash=stored.secret_hash
                )
            else:
                tokens.add_bot_token(
                    connection,
                    token_id=stored.id,
                    bot_id=owner.id,
                    created_by=creator.id,
                    secret_hash=stored.secret_hash,
                )
        return text


@pytest.fixture
def clients(database: Database) -> Clients:
    return Clients(database)


@pytest.mark.parametrize("who", ["viewer", "bot", "home_deployment"])
def test_an_access_token_proves_an_identity(clients: Clients, world: AccessWorld, who: str) -> None:
    proof = clients.ask(bearer=clients.access_token(getattr(world, who)))
    assert (proof.identity, proof.credential) == (getattr(world, who), Credential.ACCESS_TOKEN)
    assert proof.expires_at is not None


@pytest.mark.parametrize("who", ["viewer", "bot"])
def test_an_api_token_proves_its_owner(clients: Clients, world: AccessWorld, who: str) -> None:
    proof = clients.ask(api_token=clients.api_token(getattr(world, who), world.admin))
    assert (proof.identity, proof.credential, proof.expires_at) == (
        getattr(world, who),
        Credential.API_TOKEN,
        None,
    )


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_is_read_in_any_case(clients: Clients, world: AccessWorld, scheme: str) -> None:
    header = f"{scheme} {clients.access_token(world.viewer)}"
    assert clients.ask(header=header).identity == world.viewer


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Basic YTpi", "Bearer  x", "Bearer a b", "x"]
)
def test_a_malformed_header_is_no_credential(clients: Clients, header: str | None) -> None:
    with pytest.raises(Unauthenticated, match=NO_CREDENTIAL):
        clients.ask(header=header)


def test_the_api_token_wins_even_when_it_is_wrong(clients: Clients, world: AccessWorld) -> None:
    with pytest.raises(Unauthenticated, match="API token authentication error: Invalid token"):
        clients.ask(bearer=clients.access_token(world.viewer), api_token="wrong")
    with pytest.raises(Unauthenticated, match="API token"):
        clients.ask(bearer=clients.access_token(world.viewer), api_token="")
    both = clients.ask(
        bearer=clients.access_token(world.viewer), api_token=clients.api_token(world.bot, world.admin)
    )
    assert both.identity == world.bot


def test_an_unknown_token_and_a_wrong_secret_look_the_same(clients: Clients, world: AccessWorld) -> None:
    known, unknown = clients.api_token(world.viewer, world.admin), new_api_token()[1]
    wrong_secret = f"{known.partition('.')[0]}.{unknown.partition('.')[2]}"
    for token in (unknown, wrong_secret):
        with pytest.raises(Unauthenticated, match=r"^API token authentication error: Illegal token$"):
            clients.ask(api_token=token)


def test_a_deactivated_user_is_not_found(clients: Clients, world: AccessWorld) -> None:
    access, api = clients.access_token(world.viewer), clients.api_token(world.viewer, world.admin)
    with clients.database.transaction() as connection:
        connection.execute(update(schema.users).values(is_active=False))
    for credential in ({"bearer": access}, {"api_token": api}):
        with pytest.raises(Unauthenticated, match=r"^User not found$"):
            clients.ask(**credential)


@pytest.mark.parametrize(
    ("who", "table", "message"),
    [("bot", schema.bots, "Bot not found"), ("home_deployment", schema.deployments, "Deployment not found")],
)
def test_what_is_deleted_is_not_found(
    clients: Clients, world: AccessWorld, who: str, table, message: str
) -> None:
    access = clients.access_token(getattr(world, who))
    with clients.database.transaction() as connection:
        connection.execute(delete(table).where(table.c.id == getattr(world, who).id))
    with pytest.raises(Unauthenticated, match=f"^{message}$"):
        clients.ask(bearer=access)


def test_a_deleted_token_is_illegal(clients: Clients, world: AccessWorld) -> None:
    token = clients.api_token(world.viewer, world.admin)
    with clients.database.transaction() as connection:
        connection.execute(delete(schema.user_tokens))
    with pytest.raises(Unauthenticated, match="Illegal token"):
        clients.ask(api_token=token)


def test_a_deleted_bots_tokens_are_illegal(clients: Clients, world: AccessWorld) -> None:
    token = clients.api_token(world.bot, world.admin)
    with clients.database.transaction() as connection:
        connection.execute(delete(schema.bots))
    with pytest.raises(Unauthenticated, match="Illegal token"):
        clients.ask(api_token=token)


def test_a_user_token_wins_over_a_bot_token_of_the_same_id(clients: Clients, world: AccessWorld) -> None:
    text = clients.api_token(world.bot, world.admin)
    with clients.database.transaction() as connection:
        row = connection.execute(schema.bot_tokens.select()).one()
        connection.execute(
            insert(schema.user_tokens).values(id=row.id, user_id=world.viewer.id, secret_hash=row.secret_hash)
        )
    assert clients.ask(api_token=text).identity == world.viewer


def test_the_live_pass_proves_the_identity_only_for_live_events(clients: Clients, world: AccessWorld) -> None:
    access = clients.access_token(world.viewer)
    cookie = clients.tokens.seal_live_pass(clients.tokens.verify(access, datetime.now(UTC)))
    proof = clients.authenticator.by_live_pass(cookie)
    assert (proof.identity, proof.credential) == (world.viewer, Credential.LIVE_PASS)
    with pytest.raises(Unauthenticated):
        clients.ask(bearer=cookie)


def test_a_damaged_signing_key_is_a_server_error(database: Database, world: AccessWorld) -> None:
    authenticator = Authenticator(database, Tokens(lambda: "!"))
    with pytest.raises(BrokenSigningKey):
        authenticator.authenticate(authorization="Bearer a.b.c", api_token=None)


@pytest.mark.parametrize("credential", [{"authorization": "Bearer a.b.c"}, {"api_token": new_api_token()[1]}])
def test_a_database_that_is_gone_is_told_as_such(credential: dict[str, str]) -> None:
    gone = Database(DatabaseAddress(host="127.0.0.1", port=1, database="none", user="nobody"))

    def signing_key() -> str:
        with gone.reading():
            return KEY

    presented = {"authorization": None, "api_token": None} | credential
    with pytest.raises(Retryable, match=r"^Database error: "):
        Authenticator(gone, Tokens(signing_key)).authenticate(**presented)
    gone.close()
