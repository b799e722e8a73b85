"""Whoever was deactivated or deleted is locked out of every route at once, whatever credential is left to them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from http_client import Installation, installation

from platz.access.tokens import new_api_token
from platz.db import schema
from platz.db.database import Database
from platz.db.tables import tokens as token_rows
from platz.http.route import AnyRoute
from platz.http.routes import ROUTES
from platz.identities import Bot, BotId, Deployment, DeploymentId, Identity, User, UserId

GUARDED = [route for route in ROUTES if route.authenticated]


@dataclass(frozen=True, kw_only=True)
class LockedOut:
    """What answers to those who are gone."""

    api: Installation
    credentials: list[tuple[str, dict[str, str]]]
    """Each with what it is told."""


@pytest.fixture(scope="module")
def gone(postgres: Any) -> Iterator[LockedOut]:
    from database import QUICK, TEMPLATE

    database = Database(postgres.create("locked-out", template=TEMPLATE), QUICK, application_name="tests")
    with installation(database) as api:
        user = User(id=UserId(api.new_user(is_admin=True)))
        bot = Bot(id=BotId(api.insert(schema.bots, display_name="former")))
        deployment = Deployment(id=DeploymentId(api.new_deployment()))
        credentials = [
            ("User not found", bearer_of(api, user)),
            ("User not found", {"x-platz-token": api_token_of(api, user)}),
            ("Bot not found", bearer_of(api, bot)),
            ("Deployment not found", bearer_of(api, deployment)),
        ]
        api.execute("update users set is_active = false where id = :id", id=user.id)
        api.execute("delete from bots where id = :id", id=bot.id)
        api.execute("delete from deployments where id = :id", id=deployment.id)
        yield LockedOut(api=api, credentials=credentials)
    database.close()
    postgres.drop("locked-out")


def bearer_of(api: Installation, identity: Identity) -> dict[str, str]:
    token = api.services.tokens.issue(identity, timedelta(hours=1), datetime.now(UTC))
    return {"Authorization": f"Bearer {token.text}"}


def api_token_of(api: Installation, user: User) -> str:
    stored, text = new_api_token()
    with api.database.transaction() as connection:
        token_rows.add_user_token(
            connection, token_id=stored.id, user_id=user.id, secret_hash=stored.secret_hash
        )
    return text


@pytest.mark.parametrize("route", GUARDED, ids=lambda route: f"{route.method}-{route.path}")
def test_every_route_refuses_them(gone: LockedOut, route: AnyRoute) -> None:
    nobody = gone.api["anonymous"]
    ids = ("not-an-id", str(UUID(int=1)), str(gone.api.deployment)) if "{id}" in route.path else ("",)
    for message, headers in gone.credentials:
        for each in ids:
            answer = nobody.request(route.method, route.path.replace("{id}", each), headers=headers, json={})
            assert (answer.status_code, answer.json()) == (401, {"message": message})
