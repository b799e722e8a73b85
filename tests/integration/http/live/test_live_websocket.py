"""Live events over real sockets, to the letter of docs/contract/http-api.md, "Live events"."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import delete, insert, update
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from platz.db import schema
from platz.db.database import Database
from platz.identities import Identity
from tests.integration.access.access_world import AccessWorld
from tests.integration.http.live.live_server import LiveServer
from tests.waiting import eventually

SECONDS = 5


@contextmanager
def token_mode(server: LiveServer, identity: Identity, **options: Any) -> Iterator[ClientConnection]:
    protocols = [Subprotocol("platz-auth-bearer"), Subprotocol(server.token(identity, **options))]
    with connect(server.ws_url, subprotocols=protocols) as connection:
        yield connection


@contextmanager
def cookie_mode(server: LiveServer, identity: Identity, **options: Any) -> Iterator[ClientConnection]:
    headers = {"Cookie": server.cookie(identity)}
    with connect(server.ws_url, additional_headers=headers, **options) as connection:
        yield connection


def refusal(server: LiveServer, *, beyond: str = "", **options: Any) -> tuple[int, str]:
    with pytest.raises(InvalidStatus) as refused, connect(f"{server.ws_url}{beyond}", **options):
        pass
    response = refused.value.response
    return response.status_code, json.loads(response.body or b"{}")["message"]


def event(connection: ClientConnection) -> dict[str, Any]:
    received = connection.recv(SECONDS)
    assert isinstance(received, str)
    return json.loads(received)


def change_chart(database: Database) -> UUID:
    """Change something that everybody may know of: a mark that is the next event."""
    with database.transaction() as connection:
        row = connection.execute(insert(schema.bots).values(display_name="mark").returning(schema.bots.c.id))
        return row.scalar_one()


def change_deployment(database: Database, identity: Any) -> None:
    with database.transaction() as connection:
        own = schema.deployments
        connection.execute(update(own).where(own.c.id == identity.id).values(description_md=str(uuid4())))


def subscribe(connection: ClientConnection, table: str, env_id: UUID | None = None) -> None:
    wish = {"type": "subscribe", "table": table, "env_id": env_id and str(env_id)}
    connection.send(json.dumps({name: value for name, value in wish.items() if value is not None}))
    connection.ping().wait(SECONDS)  # answered after the wish was read by the protocol


def test_token_mode_names_only_the_protocol(server: LiveServer, world: AccessWorld) -> None:
    with token_mode(server, world.viewer) as connection:
        assert connection.subprotocol == "platz-auth-bearer"


def test_a_subscriber_is_told_what_changed(
    server: LiveServer, world: AccessWorld, database: Database
) -> None:
    with token_mode(server, world.viewer) as connection:
        subscribe(connection, "deployments", world.home)
        told = eventually(lambda: told_of(connection, database, world))
    assert told == {
        "operation": "UPDATE",
        "table": "deployments",
        "env_id": str(world.home),
        "data": {"id": str(world.home_deployment.id)},
    }


def told_of(connection: ClientConnection, database: Database, world: AccessWorld) -> dict[str, Any] | None:
    """Change until the subscription, which is not acknowledged, has been read."""
    change_deployment(database, world.home_deployment)
    try:
        return json.loads(connection.recv(0.2))
    except TimeoutError:
        return None


def test_a_new_connection_in_token_mode_is_told_nothing(
    server: LiveServer, world: AccessWorld, database: Database
) -> None:
    with token_mode(server, world.admin) as connection, cookie_mode(server, world.admin) as witness:
        mark = change_chart(database)
        assert event(witness)["data"]["id"] == str(mark)
        with pytest.raises(TimeoutError):
            connection.recv(0.05)


def test_cookie_mode_is_told_everything_that_it_may_see(
    server: LiveServer, world: AccessWorld, database: Database
) -> None:
    with cookie_mode(server, world.viewer) as connection:
        assert connection.subprotocol is None
        change_deployment(database, world.abroad_deployment)
        change_deployment(database, world.home_deployment)
        mark = change_chart(database)
        assert [event(connection)["data"]["id"] for _ in range(2)] == [
            str(world.home_deployment.id),
            str(mark),
        ]


def test_the_pages_own_origin_is_accepted(server: LiveServer, world: AccessWorld) -> None:
    for origin in (server.url, server.url.upper().replace("HTTP", "http")):
        with cookie_mode(server, world.viewer, origin=Origin(origin)):
            pass


@pytest.mark.parametrize(
    "origin", ["https://evil.example.com", "null", "http://127.0.0.1", "http://127.0.0.1:1", "x"]
)
def test_another_pages_origin_is_refused(server: LiveServer, world: AccessWorld, origin: str) -> None:
    status, message = refusal(
        server, additional_headers={"Cookie": server.cookie(world.viewer)}, origin=Origin(origin)
    )
    assert (status, message) == (403, "This page may not open live events.")


def test_there_is_no_anonymous_feed(server: LiveServer) -> None:
    assert refusal(server) == (401, "Missing websocket access token")


@pytest.mark.parametrize("protocols", [["platz-auth-bearer"], ["other"], ["other", "platz-auth-bearer"]])
def test_a_subprotocol_without_a_token_is_refused(
    server: LiveServer, world: AccessWorld, protocols: list[str]
) -> None:
    """Not even with the cookie: a client that names protocols wants token mode."""
    wanted = [Subprotocol(name) for name in protocols]
    headers = {"Cookie": server.cookie(world.viewer)}
    status, message = refusal(server, subprotocols=wanted, additional_headers=headers)
    assert (status, message) == (401, "Missing websocket access token")


def test_a_bad_token_is_told_why(server: LiveServer, world: AccessWorld) -> None:
    protocols = [Subprotocol("platz-auth-bearer"), Subprotocol("no-token")]
    assert refusal(server, subprotocols=protocols) == (
        401,
        "JWT decoding error: not a signed compact token",
    )


def test_an_inactive_users_token_is_refused(server: LiveServer, world: AccessWorld) -> None:
    protocols = [Subprotocol("platz-auth-bearer"), Subprotocol(server.token(world.inactive_admin))]
    assert refusal(server, subprotocols=protocols) == (401, "User not found")


@pytest.mark.parametrize("cookie", ["platz_ws=x", "other=1"])
def test_a_bad_cookie_is_refused(server: LiveServer, cookie: str) -> None:
    assert refusal(server, additional_headers={"Cookie": cookie})[0] == 401


def test_an_access_token_in_the_cookie_is_refused(server: LiveServer, world: AccessWorld) -> None:
    headers = {"Cookie": f"platz_ws={server.token(world.viewer)}"}
    assert refusal(server, additional_headers=headers)[0] == 401


def test_without_an_upgrade_the_path_says_so(server: LiveServer) -> None:
    answer = httpx.get(f"{server.url}/api/v2/ws")
    assert (answer.status_code, answer.json()) == (
        400,
        {"message": "This path only serves WebSocket upgrades."},
    )


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (f"Cookie: {'a' * 9000}", 431),
        ("\r\n".join(f"X-{number}: 1" for number in range(200)), 431),
        ("Content-Length: 5", 400),
        ("Sec-WebSocket-Version: 8", 400),
    ],
    ids=["long header", "many headers", "body", "version"],
)
def test_a_malformed_upgrade_is_refused_and_closed(server: LiveServer, header: str, status: int) -> None:
    key = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="
    with socket.create_connection(("127.0.0.1", server.port), timeout=SECONDS) as peer:
        peer.sendall(f"GET /api/v2/ws HTTP/1.1\r\nHost: x\r\n{key}\r\n{header}\r\n\r\n".encode())
        answer = b"".join(iter(lambda: peer.recv(4096), b""))
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())


def test_at_another_path_there_is_nothing(server: LiveServer) -> None:
    assert refusal(server, beyond="/more") == (404, "There is nothing at this path.")


def test_a_refusal_is_no_error_of_the_server(server: LiveServer, caplog: pytest.LogCaptureFixture) -> None:
    refusal(server)
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


@pytest.mark.parametrize("frame", ["x", "[]", '{"type":"subscribe","table":"nothing"}', b"\x00\x01"])
def test_what_is_not_understood_changes_nothing(
    server: LiveServer, world: AccessWorld, database: Database, frame: str | bytes
) -> None:
    with cookie_mode(server, world.viewer) as connection:
        connection.send(frame)
        mark = change_chart(database)
        assert event(connection)["data"]["id"] == str(mark)


def test_a_frame_over_64_kib_ends_the_connection(server: LiveServer, world: AccessWorld) -> None:
    with cookie_mode(server, world.viewer) as connection:
        connection.send("x" * (64 * 1024 + 1))
        with pytest.raises(ConnectionClosed) as closed:
            connection.recv(SECONDS)
    assert closed.value.rcvd
    assert closed.value.rcvd.code == 1009


def test_too_many_subscriptions_end_the_connection(server: LiveServer, world: AccessWorld) -> None:
    with token_mode(server, world.viewer) as connection:
        with suppress(ConnectionClosed):
            for _ in range(2100):
                connection.send(json.dumps({"type": "subscribe", "table": "envs", "env_id": str(uuid4())}))
        assert end_of(connection) == (1008, "too many subscriptions")


def end_of(connection: ClientConnection) -> tuple[int, str]:
    with suppress(ConnectionClosed):
        while True:
            connection.recv(SECONDS)
    return connection.close_code or 0, connection.close_reason or ""


def test_a_deactivated_users_connection_ends(
    server: LiveServer, world: AccessWorld, database: Database
) -> None:
    with cookie_mode(server, world.viewer) as connection, cookie_mode(server, world.owner) as other:
        with database.transaction() as connection_:
            users = schema.users
            connection_.execute(update(users).where(users.c.id == world.viewer.id).values(is_active=False))
        assert end_of(connection) == (1008, "sign in again")
        assert event(other)["table"] == "users"


@pytest.mark.parametrize(("who", "table"), [("bot", schema.bots), ("home_deployment", schema.deployments)])
def test_a_deleted_identitys_connection_ends(
    server: LiveServer, world: AccessWorld, database: Database, who: str, table: Any
) -> None:
    with token_mode(server, getattr(world, who)) as connection:
        with database.transaction() as connection_:
            connection_.execute(delete(table).where(table.c.id == getattr(world, who).id))
        assert end_of(connection) == (1008, "sign in again")


@pytest.mark.parametrize("gone", [{"enabled": False}, {"status": "Deleting"}], ids=str)
def test_a_disabled_deployments_connection_ends(
    server: LiveServer, world: AccessWorld, database: Database, gone: dict[str, Any]
) -> None:
    with token_mode(server, world.home_deployment) as connection:
        own = schema.deployments
        with database.transaction() as connection_:
            connection_.execute(update(own).where(own.c.id == world.home_deployment.id).values(**gone))
        assert end_of(connection) == (1008, "sign in again")


def test_a_permission_that_is_taken_away_stops_the_events(
    server: LiveServer, world: AccessWorld, database: Database
) -> None:
    with cookie_mode(server, world.viewer) as connection:
        change_deployment(database, world.home_deployment)
        assert event(connection)["table"] == "deployments"
        permissions = schema.env_user_permissions
        with database.transaction() as connection_:
            connection_.execute(delete(permissions).where(permissions.c.user_id == world.viewer.id))
        change_deployment(database, world.home_deployment)
        mark = change_chart(database)
        while (told := event(connection))["data"]["id"] != str(mark):
            assert told["operation"] == "DELETE"  # the page drops what it may not read any more


def test_a_token_that_expires_ends_the_connection(server: LiveServer, world: AccessWorld) -> None:
    with token_mode(server, world.viewer, lifetime=timedelta(seconds=1)) as connection:
        assert end_of(connection) == (1008, "token expired")


def test_the_server_says_goodbye_when_it_stops(database: Database, world: AccessWorld) -> None:
    from tests.integration.http.live.live_server import serving

    with serving(database) as server:
        connection = connect(server.ws_url, additional_headers={"Cookie": server.cookie(world.viewer)})
    with connection:
        assert end_of(connection)[0] == 1012
