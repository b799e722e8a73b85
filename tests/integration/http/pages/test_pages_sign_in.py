"""Signing in over HTTP: cookies, answers and errors; and the tokens that a signed-in user makes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from database import free_port
from repository import SANDBOX_USERS
from sqlalchemy import update

from platz.db import schema
from platz.db.database import Database
from platz.http.cookies import Cookies
from platz.identities import Identity
from platz_sandbox.identity.sign_in import sign_in
from platz_sandbox.stand_in_process import StandInProcess
from tests.integration.access.access_world import AccessWorld
from tests.integration.http.live.live_server import LiveServer, serving

USERS = SANDBOX_USERS


@pytest.fixture(scope="module")
def place() -> int:
    """The port of Platz, which the provider must know as its redirect address."""
    return free_port()


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory, place: int) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("sign-in")
    (folder / "secret").write_text("secret")
    process = StandInProcess(
        name="identity provider",
        module="platz_sandbox.identity",
        arguments=[
            *("--port", "0", "--users", str(USERS), "--data", str(folder / "data")),
            *("--client-id", "platz", "--client-secret-file", str(folder / "secret")),
            *("--redirect-uri", f"http://127.0.0.1:{place}/auth/google/callback"),
        ],
        log=folder / "log",
    )
    process.start()
    yield process.wait_until_ready(seconds=20)["issuer"]
    process.stop(seconds=5)


@pytest.fixture
def server(database: Database, issuer: str, place: int) -> Iterator[LiveServer]:
    with serving(database, issuer=issuer, port=place) as running:
        yield running


def begin(http: httpx.Client, email: str) -> str:
    """Begin to sign in; return the code that came back."""
    answer = http.get("/api/v2/auth/google")
    assert answer.status_code == 200, answer.text
    location = sign_in(answer.json()["redirect_url"], email)
    return parse_qs(urlsplit(location).query)["code"][0]


def finish(http: httpx.Client, code: str, **more: Any) -> httpx.Response:
    return http.post("/api/v2/auth/google/callback", json={"auth_code": code, **more})


def message(answer: httpx.Response) -> str:
    return answer.json()["message"]


def cookie_of(answer: httpx.Response, name: str) -> Any:
    jar = SimpleCookie()
    for header in answer.headers.get_list("set-cookie"):
        jar.load(header)
    return jar.get(name)


def test_a_person_signs_in_and_is_known(http: httpx.Client) -> None:
    token = finish(http, begin(http, "admin@platz.localhost")).json()["access_token"]
    answer = http.get("/api/v2/auth/me", headers={"Authorization": f"Bearer {token}"})
    user = answer.json()["User"]
    assert set(answer.json()) == {"User"}
    assert set(user) == {"id", "created_at", "display_name", "email", "is_admin", "is_active"}
    assert (user["email"], user["is_admin"], user["is_active"]) == ("admin@platz.localhost", True, True)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", user["created_at"])


def test_the_sign_ins_cookie_is_kept_for_ten_minutes_and_then_cleared(http: httpx.Client) -> None:
    begun = cookie_of(http.get("/api/v2/auth/google"), "platz_sign_in")
    assert (begun["path"], begun["max-age"], begun["samesite"], begun["httponly"], begun["secure"]) == (
        "/api/v2/auth/google", "600", "Lax", True, "",
    )  # fmt: skip
    finished = finish(http, begin(http, "viewer@platz.localhost"))
    assert cookie_of(finished, "platz_sign_in")["max-age"] == "0"


def test_finishing_gives_the_cookie_of_live_events(http: httpx.Client) -> None:
    cookie = cookie_of(finish(http, begin(http, "viewer@platz.localhost")), "platz_ws")
    assert (cookie["path"], cookie["samesite"], cookie["httponly"]) == ("/api/v2/ws", "Strict", True)
    assert 7 * 86400 - 60 <= int(cookie["max-age"]) <= 7 * 86400


def test_behind_https_the_cookies_are_secure() -> None:
    assert Cookies(own_url="https://platz.example.com").keep_sign_in("x")[1].endswith("; Secure")
    assert "Secure" not in Cookies(own_url="http://127.0.0.1:3000").keep_sign_in("x")[1]


def test_a_sign_in_is_finished_in_the_browser_that_began_it(http: httpx.Client, server: LiveServer) -> None:
    code = begin(http, "viewer@platz.localhost")
    with httpx.Client(base_url=server.url, trust_env=False) as other:
        assert finish(other, code).status_code == 400
    assert finish(http, code).status_code == 200


def test_a_wrong_code_is_unauthenticated(http: httpx.Client) -> None:
    begin(http, "viewer@platz.localhost")
    answer = finish(http, "wrong")
    assert answer.status_code == 401
    assert message(answer).startswith("OIDC authentication error: ")
    assert "www-authenticate" not in answer.headers


def test_an_unverified_address_is_denied(http: httpx.Client) -> None:
    answer = finish(http, begin(http, "unverified@platz.localhost"))
    assert (answer.status_code, "not verified" in message(answer)) == (403, True)


def test_a_deactivated_user_is_denied(http: httpx.Client, database: Database) -> None:
    finish(http, begin(http, "viewer@platz.localhost"))
    with database.transaction() as connection:
        connection.execute(update(schema.users).values(is_active=False))
    answer = finish(http, begin(http, "viewer@platz.localhost"))
    assert (answer.status_code, "deactivated" in message(answer)) == (403, True)


@pytest.mark.parametrize("body", [b"", b"x", b"{}", b'{"auth_code":7}', b'{"auth_code":null}'])
def test_a_body_without_a_code_is_rejected(http: httpx.Client, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = http.post("/api/v2/auth/google/callback", content=body, headers=headers)
    assert (answer.status_code, isinstance(message(answer), str)) == (400, True)


def test_an_unreachable_provider_is_unavailable(database: Database) -> None:
    with serving(database) as server, httpx.Client(base_url=server.url, trust_env=False) as http:
        answer = http.get("/api/v2/auth/google")
    assert answer.status_code == 503
    assert message(answer).startswith("Error getting redirect URL: OIDC discovery error: ")


def bearer(server: LiveServer, identity: Identity) -> dict[str, str]:
    return {"Authorization": f"Bearer {server.token(identity)}"}


def test_me_as_a_user_renews_the_cookie_of_live_events(
    server: LiveServer, http: httpx.Client, world: AccessWorld
) -> None:
    answer = http.get("/api/v2/auth/me", headers=bearer(server, world.viewer))
    assert cookie_of(answer, "platz_ws") is not None


@pytest.mark.parametrize(
    ("who", "keys"), [("bot", {"id", "created_at", "display_name"}), ("home_deployment", {"id", "name"})]
)
def test_me_as_another_identity_sets_no_cookie(
    server: LiveServer, http: httpx.Client, world: AccessWorld, who: str, keys: set[str]
) -> None:
    answer = http.get("/api/v2/auth/me", headers=bearer(server, getattr(world, who)))
    ((kind, shown),) = answer.json().items()
    assert (kind, set(shown)) == (type(getattr(world, who)).__name__, keys)
    assert "set-cookie" not in answer.headers


def test_me_without_a_credential_asks_to_sign_in(http: httpx.Client) -> None:
    answer = http.get("/api/v2/auth/me")
    assert (answer.status_code, message(answer)) == (401, "Bearer authentication error: 401 Unauthorized")


def test_an_expired_token_asks_to_sign_in(server: LiveServer, http: httpx.Client, world: AccessWorld) -> None:
    token = server.token(world.viewer, lifetime=timedelta(seconds=-60))
    answer = http.get("/api/v2/auth/me", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, message(answer)) == (401, "JWT decoding error: the token has expired")


def test_the_server_tells_its_release_to_anybody(http: httpx.Client) -> None:
    assert http.get("/api/v2/server").json() == {"version": "v1.2.3"}


class Tokens:
    """The token routes as one identity sees them."""

    def __init__(self, server: LiveServer, http: httpx.Client, identity: Identity, path: str) -> None:
        self._http, self._headers, self._path = http, bearer(server, identity), f"/api/v2/{path}"

    def create(self, **body: Any) -> httpx.Response:
        return self._http.post(self._path, json=body, headers=self._headers)

    def list(self, **query: str) -> httpx.Response:
        return self._http.get(self._path, params=query, headers=self._headers)

    def get(self, token_id: str) -> httpx.Response:
        return self._http.get(f"{self._path}/{token_id}", headers=self._headers)

    def delete(self, token_id: str) -> httpx.Response:
        return self._http.delete(f"{self._path}/{token_id}", headers=self._headers)


def ids(answer: httpx.Response) -> list[str]:
    return [item["id"] for item in answer.json()["items"]]


def test_a_user_makes_uses_and_revokes_a_token(
    server: LiveServer, http: httpx.Client, world: AccessWorld
) -> None:
    mine = Tokens(server, http, world.viewer, "user-tokens")
    created = mine.create(user_id=None)
    assert (created.status_code, set(created.json())) == (201, {"created_token"})
    credential = {"x-platz-token": created.json()["created_token"]}
    answer = http.get("/api/v2/auth/me", headers=credential)
    assert answer.json()["User"]["id"] == str(world.viewer.id)
    assert "set-cookie" not in answer.headers
    (token_id,) = ids(mine.list())
    assert set(mine.get(token_id).json()) == {"id", "user_id", "created_at"}
    assert mine.delete(token_id).status_code == 204
    assert mine.delete(token_id).status_code == 404
    refused = http.get("/api/v2/auth/me", headers=credential)
    assert (refused.status_code, message(refused)) == (401, "API token authentication error: Illegal token")


def test_users_do_not_see_or_touch_each_others_tokens(
    server: LiveServer, http: httpx.Client, world: AccessWorld
) -> None:
    mine = Tokens(server, http, world.viewer, "user-tokens")
    others = Tokens(server, http, world.owner, "user-tokens")
    others.create()
    (token_id,) = ids(others.list())
    assert ids(mine.list()) == []
    assert ids(mine.list(user_id=str(world.viewer.id))) == []
    asked = mine.list(user_id=str(world.owner.id))
    assert (asked.status_code, message(asked)) == (
        403,
        "Non-admin users are not allowed to query for user-tokens of other users",
    )
    assert mine.get(token_id).status_code == 404
    assert mine.delete(token_id).status_code == 404
    assert mine.create(user_id=str(world.owner.id)).status_code == 403


def test_site_admins_manage_everybodys_tokens(
    server: LiveServer, http: httpx.Client, world: AccessWorld
) -> None:
    admin = Tokens(server, http, world.admin, "user-tokens")
    assert admin.create(user_id=str(world.viewer.id)).status_code == 201
    assert admin.create().status_code == 201
    assert len(ids(admin.list())) == 2
    (token_id,) = ids(admin.list(user_id=str(world.viewer.id)))
    assert admin.get(token_id).json()["user_id"] == str(world.viewer.id)
    assert admin.delete(token_id).status_code == 204
    assert admin.create(user_id=str(world.bot.id)).status_code == 404


@pytest.mark.parametrize("who", ["bot", "home_deployment"])
def test_only_users_have_user_tokens(
    server: LiveServer, http: httpx.Client, world: AccessWorld, who: str
) -> None:
    routes = Tokens(server, http, getattr(world, who), "user-tokens")
    statuses = {
        routes.list().status_code,
        routes.create().status_code,
        routes.get(str(world.kind)).status_code,
    }
    assert statuses == {403}


def test_site_admins_make_and_revoke_bot_tokens(
    server: LiveServer, http: httpx.Client, world: AccessWorld
) -> None:
    admin = Tokens(server, http, world.admin, "bot-tokens")
    created = admin.create(bot_id=str(world.bot.id))
    assert created.status_code == 201
    credential = {"x-platz-token": created.json()["created_token"]}
    assert set(http.get("/api/v2/auth/me", headers=credential).json()) == {"Bot"}
    (token_id,) = ids(admin.list(bot_id=str(world.bot.id), created_by_user_id=str(world.admin.id)))
    assert set(admin.get(token_id).json()) == {"id", "bot_id", "created_at", "created_by_user_id"}
    assert admin.delete(token_id).status_code == 204
    assert admin.get(token_id).status_code == 404
    assert http.get("/api/v2/auth/me", headers=credential).status_code == 401


def test_an_unknown_bot_is_not_found(server: LiveServer, http: httpx.Client, world: AccessWorld) -> None:
    assert Tokens(server, http, world.admin, "bot-tokens").create(bot_id=str(world.kind)).status_code == 404


@pytest.mark.parametrize("who", ["env_admin", "viewer", "bot", "home_deployment"])
def test_bot_tokens_are_for_site_admins(
    server: LiveServer, http: httpx.Client, world: AccessWorld, who: str
) -> None:
    routes = Tokens(server, http, getattr(world, who), "bot-tokens")
    some = str(world.kind)
    answers = (routes.list(), routes.create(bot_id=some), routes.get(some), routes.delete(some))
    assert {answer.status_code for answer in answers} == {403}
