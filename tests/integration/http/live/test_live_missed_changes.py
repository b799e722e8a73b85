"""The older web frontend, which never reads its lists again, shows what a freshly loaded page shows: after it was away,
after the server missed changes, and after its user's rights changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, text, update
from websockets.sync.client import ClientConnection, connect

from platz.db import schema
from platz.db.database import Database
from platz.db.lists.missed_changes import KEPT_FOR, forget_old_records
from tests.integration.access.access_world import AccessWorld, Maker
from tests.integration.http.live.live_server import LiveServer

PATHS = {
    "users": "users",
    "bots": "bots",
    "envs": "envs",
    "env_user_permissions": "env-user-permissions",
    "deployment_permissions": "deployment-permissions",
    "secrets": "secrets",
    "helm_charts": "helm-charts",
    "k8s_clusters": "k8s-clusters",
    "deployment_kinds": "deployment-kinds",
    "deployments": "deployments",
}
State = dict[str, dict[str, Any]]


class Page:
    """An open page: its lists were loaded once, and events say which rows it reads again or drops."""

    def __init__(self, server: LiveServer, http: httpx.Client) -> None:
        self.server, self.http = server, http
        me = http.get("/api/v2/auth/me")
        self.cookie = me.headers["set-cookie"].partition(";")[0]
        self.state = self.load()
        self.unreadable: list[str] = []

    def load(self) -> State:
        return {
            table: {row["id"]: row for row in self.http.get(f"/api/v2/{path}?per_page=1000").json()["items"]}
            for table, path in PATHS.items()
        }

    @contextmanager
    def listening(self) -> Iterator[ClientConnection]:
        with connect(self.server.ws_url, additional_headers={"Cookie": self.cookie}) as live:
            yield live

    def come_back(self, database: Database) -> None:
        """Connect and apply what was missed: the first mark may be part of that, the second one comes after it."""
        with self.listening() as live:
            for _ in range(2):
                self.apply_until(live, bot(database))

    def apply_until(self, live: ClientConnection, mark: str) -> None:
        while True:
            event = json.loads(live.recv(10))
            table, row = event["table"], event["data"]["id"]
            if event["operation"] == "DELETE":
                self.state.get(table, {}).pop(row, None)
            elif table in PATHS:
                answer = self.http.get(f"/api/v2/{PATHS[table]}/{row}")
                if answer.status_code == 200:
                    self.state[table][row] = answer.json()
                else:
                    self.unreadable.append(table)
            if row == mark:
                return


@contextmanager
def page_of(server: LiveServer, world: AccessWorld) -> Iterator[Page]:
    token = {"Authorization": f"Bearer {server.token(world.viewer)}"}
    with httpx.Client(base_url=server.url, headers=token, trust_env=False) as http:
        yield Page(server, http)


def bot(database: Database) -> str:
    """Insert a row that everybody is told of, as the end of what is looked at."""
    with database.transaction() as connection:
        statement = insert(schema.bots).values(display_name="mark").returning(schema.bots.c.id)
        return str(connection.execute(statement).scalar_one())


class Others:
    """What other people do meanwhile."""

    def __init__(self, database: Database, world: AccessWorld) -> None:
        self.database, self.world = database, world
        self.secrets: list[UUID] = []

    def do(self, step: tuple[str, Any]) -> None:
        with self.database.transaction() as connection:
            make = Maker(connection)
            getattr(self, f"_{step[0]}")(make, step[1])

    def _deployment(self, make: Maker, spot: str) -> None:
        row = getattr(self.world, f"{spot}_deployment").id
        own = schema.deployments
        make.connection.execute(update(own).where(own.c.id == row).values(description_md=str(uuid4())))

    def _secret(self, make: Maker, spot: str) -> None:
        values = {
            "collection": "c",
            "name": str(uuid4()),
            "contents": "x",
            "env_id": getattr(self.world, spot),
        }
        self.secrets.append(make.row(schema.secrets, **values))

    def _forget(self, make: Maker, _spot: str) -> None:
        if self.secrets:
            own = schema.secrets
            make.connection.execute(delete(own).where(own.c.id == self.secrets.pop()))

    def _move(self, make: Maker, spot: str) -> None:
        """Give a cluster, and with it its deployment, to the other environment."""
        own = schema.k8s_clusters
        cluster = getattr(self.world, f"{spot}_cluster")
        target = self.world.abroad if spot == "home" else self.world.home
        make.connection.execute(update(own).where(own.c.id == cluster).values(env_id=target))

    def _grant(self, make: Maker, spot: str) -> None:
        self._revoke(make, spot)
        env_id, user_id = getattr(self.world, spot), self.world.viewer.id
        make.row(schema.env_user_permissions, env_id=env_id, user_id=user_id, role="User")

    def _revoke(self, make: Maker, spot: str) -> None:
        own = schema.env_user_permissions
        mine = (own.c.user_id == self.world.viewer.id) & (own.c.env_id == getattr(self.world, spot))
        make.connection.execute(delete(own).where(mine))

    def _admin(self, make: Maker, spot: str) -> None:
        users = schema.users
        make.connection.execute(
            update(users).where(users.c.id == self.world.viewer.id).values(is_admin=spot == "home")
        )


STEPS = st.tuples(
    st.sampled_from(["deployment", "secret", "forget", "grant", "revoke", "admin"]),
    st.sampled_from(["home", "abroad"]),
)
EXAMPLES = settings(
    max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)  # fmt: skip


@EXAMPLES
@given(st.lists(STEPS, min_size=1, max_size=8))
def test_a_page_that_was_away_shows_what_a_fresh_one_does(
    server: LiveServer, world: AccessWorld, database: Database, steps: list[tuple[str, Any]]
) -> None:
    others = Others(database, world)
    with page_of(server, world) as page:
        for step in steps:
            others.do(step)
        page.come_back(database)
        assert page.state == page.load()
        assert page.unreadable == []


@EXAMPLES
@given(st.lists(STEPS, min_size=1, max_size=8))
def test_an_open_page_shows_what_a_fresh_one_does(
    server: LiveServer, world: AccessWorld, database: Database, steps: list[tuple[str, Any]]
) -> None:
    others = Others(database, world)
    with page_of(server, world) as page, page.listening() as live:
        page.apply_until(live, bot(database))
        for step in steps:
            others.do(step)
            page.apply_until(live, bot(database))
            assert page.state == page.load()
        assert page.unreadable == []


def test_a_deployment_that_moved_meanwhile_comes_and_goes_with_its_cluster(
    server: LiveServer, world: AccessWorld, database: Database
) -> None:
    others = Others(database, world)
    with page_of(server, world) as page:
        for spot in ("home", "abroad"):
            others.do(("move", spot))
        page.come_back(database)
        assert page.state == page.load()
        assert str(world.abroad_deployment.id) in page.state["deployments"]


def test_nobody_is_told_of_rows_that_they_never_saw(
    server: LiveServer, world: AccessWorld, database: Database
) -> None:
    """Given a page of a member of one environment, when another one changes, then nothing of it arrives."""
    others = Others(database, world)
    with page_of(server, world) as page:
        for step in ("secret", "forget", "secret", "deployment"):
            others.do((step, "abroad"))
        mark = bot(database)
        with page.listening() as live:
            told = list(iter_until(live, mark))
        assert [event for event in told if event["env_id"] == str(world.abroad)] == []


def iter_until(live: ClientConnection, mark: str) -> Iterator[dict[str, Any]]:
    while (event := json.loads(live.recv(10)))["data"]["id"] != mark:
        yield event


def test_who_connects_at_once_is_told_nothing_that_was_read_already(
    server: LiveServer, world: AccessWorld, database: Database
) -> None:
    with page_of(server, world) as page, page.listening() as live:
        mark = bot(database)
        assert list(iter_until(live, mark)) == []


@pytest.mark.parametrize("connected", [True, False])
def test_an_environment_that_was_deleted_disappears(
    server: LiveServer, world: AccessWorld, database: Database, connected: bool
) -> None:
    with page_of(server, world) as page:
        with page.listening() if connected else nullcontext() as live:
            if live is not None:
                page.apply_until(live, bot(database))
            with database.transaction() as connection:
                for table in (schema.deployments, schema.k8s_clusters):
                    connection.execute(delete(table))
                connection.execute(delete(schema.envs).where(schema.envs.c.id == world.home))
            if live is not None:
                page.apply_until(live, bot(database))
        if not connected:
            page.come_back(database)
        assert page.state == page.load()


def test_records_that_no_page_needs_are_forgotten(database: Database, world: AccessWorld) -> None:
    del world
    bot(database)
    with database.transaction() as connection:
        connection.execute(delete(schema.bots))
        age = {"age": KEPT_FOR}
        connection.execute(text("UPDATE change_records SET changed_at = now() - :age - interval '1 s'"), age)
        connection.execute(delete(schema.deployments))
        forget_old_records(connection)
        kept = connection.execute(text("SELECT DISTINCT table_name FROM change_records")).scalars().all()
    assert kept == ["deployments"]
