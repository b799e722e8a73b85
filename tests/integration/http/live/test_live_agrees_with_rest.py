"""Whatever a live client is told of, REST shows it at that time; whatever REST shows it, it is told of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, update
from websockets.sync.client import ClientConnection, connect

from platz.db import schema
from platz.db.database import Database
from tests.integration.access.access_world import AccessWorld
from tests.integration.http.live.live_server import LiveServer

PATHS = {
    "deployments": "deployments",
    "secrets": "secrets",
    "env_user_permissions": "env-user-permissions",
    "envs": "envs",
    "k8s_resources": "k8s-resources",
}
SPOTS = st.sampled_from(["home", "abroad"])
STEPS = st.one_of(
    st.tuples(st.sampled_from(["deployment", "workload", "secret", "env", "grant", "revoke"]), SPOTS),
    st.tuples(st.just("admin"), st.booleans()),
)


class Operator:
    """Changes the world as others do, and tells which rows that touched."""

    def __init__(self, database: Database, world: AccessWorld) -> None:
        self.database, self.world = database, world

    def do(self, step: tuple[str, Any]) -> tuple[str, UUID] | None:
        with self.database.transaction() as connection:
            match step:
                case ("deployment", spot):
                    own, row = schema.deployments, getattr(self.world, f"{spot}_deployment").id
                    changed = {"description_md": str(uuid4())}
                    connection.execute(update(own).where(own.c.id == row).values(**changed))
                    return "deployments", row
                case ("workload", spot):
                    return "k8s_resources", self._workload(connection, spot)
                case ("secret", spot):
                    values = {"collection": "c", "name": str(uuid4()), "contents": "x"}
                    statement = insert(schema.secrets).values(env_id=getattr(self.world, spot), **values)
                    inserted = connection.execute(statement.returning(schema.secrets.c.id)).scalar_one()
                    return "secrets", inserted
                case ("env", spot):
                    envs, row = schema.envs, getattr(self.world, spot)
                    connection.execute(update(envs).where(envs.c.id == row).values(name=str(uuid4())))
                    return "envs", row
                case ("grant" | "revoke" as wish, spot):
                    self._permit(connection, getattr(self.world, spot), wish == "grant")
                case ("admin", is_admin):
                    users = schema.users
                    mine = update(users).where(users.c.id == self.world.viewer.id)
                    connection.execute(mine.values(is_admin=is_admin))
        return None

    def _workload(self, connection: Any, spot: str) -> UUID:
        values = {
            "id": uuid4(),
            "cluster_id": getattr(self.world, f"{spot}_cluster"),
            "deployment_id": getattr(self.world, f"{spot}_deployment").id,
            "kind": "Job",
            "api_version": "batch/v1",
            "name": "job",
            "status_color": ["Success"],
            "metadata": {},
        }
        workloads = schema.k8s_resources
        return connection.execute(insert(workloads).values(**values).returning(workloads.c.id)).scalar_one()

    def _permit(self, connection: Any, env_id: UUID, granted: bool) -> None:
        permissions, user_id = schema.env_user_permissions, self.world.viewer.id
        connection.execute(
            delete(permissions).where(permissions.c.user_id == user_id, permissions.c.env_id == env_id)
        )
        if granted:
            values = {"env_id": env_id, "user_id": user_id, "role": "User"}
            connection.execute(insert(permissions).values(**values))

    def mark(self) -> str:
        """Change something that everybody is told of."""
        with self.database.transaction() as connection:
            statement = insert(schema.bots).values(display_name="mark").returning(schema.bots.c.id)
            return str(connection.execute(statement).scalar_one())


class Viewer:
    """A live client, and the same identity over REST."""

    def __init__(self, live: ClientConnection, http: httpx.Client) -> None:
        self.live, self.http = live, http

    def events_until(self, mark: str) -> Iterator[dict[str, Any]]:
        while (event := json.loads(self.live.recv(5)))["data"]["id"] != mark:
            yield event

    def sees(self, table: str, row: str) -> bool:
        answer = self.http.get(f"/api/v2/{PATHS[table]}/{row}")
        assert answer.status_code in {200, 404}
        return answer.status_code == 200


@contextmanager
def viewing(server: LiveServer, world: AccessWorld) -> Iterator[Viewer]:
    headers = {"Cookie": server.cookie(world.viewer)}
    token = {"Authorization": f"Bearer {server.token(world.viewer)}"}
    with (
        connect(server.ws_url, additional_headers=headers) as live,
        httpx.Client(base_url=server.url, headers=token, trust_env=False) as http,
    ):
        yield Viewer(live, http)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(st.lists(STEPS, min_size=1, max_size=10))
def test_live_events_and_rest_show_the_same(
    server: LiveServer, world: AccessWorld, database: Database, steps: list[tuple[str, Any]]
) -> None:
    operator = Operator(database, world)
    with viewing(server, world) as viewer:
        for step in steps:
            touched = operator.do(step)
            events = list(viewer.events_until(operator.mark()))
            told = {(event["table"], event["data"]["id"]) for event in events}
            for event in events:
                if event["table"] in PATHS and event["operation"] != "DELETE":
                    assert viewer.sees(event["table"], event["data"]["id"]), event
            if touched is not None:
                table, row = touched
                assert viewer.sees(table, str(row)) == ((table, str(row)) in told)
