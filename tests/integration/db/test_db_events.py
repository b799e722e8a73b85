"""Every committed change is heard once, with the environment in which it may be seen."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest
from db_rows import Ground, add, add_cluster, add_deployment, add_task, lay_ground
from sqlalchemy import Connection, delete, text, update

from platz.charts.documents.db_tables import TABLE_NAMES
from platz.db import schema
from platz.db.database import Database
from platz.db.events import EVENT_TABLES, ChangeStream, RowChange, parse_change
from platz.identities import DeploymentId, EnvId


class Ear:
    """Hears what was committed so far."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._stream = ChangeStream(database)
        self._stream.open()
        self._batches = iter(self._stream)

    def hear(self) -> list[tuple[str, str, UUID, UUID | None]]:
        """Give everything that was committed before this call and not given yet."""
        with self._database.reading() as connection:
            mark = add(connection, schema.bots, display_name="mark")
        heard: list[RowChange] = []
        while not any(change.id == mark for change in heard):
            heard += next(self._batches)
        return [(c.table, c.operation, c.id, c.env_id) for c in heard if c.id != mark]

    def close(self) -> None:
        """Stop listening."""
        self._stream.stop()
        assert list(self._batches) == []
        self._stream.close()


@pytest.fixture
def ground(database: Database) -> Ground:
    with database.transaction() as connection:
        return lay_ground(connection)


@pytest.fixture
def ear(database: Database, ground: Ground) -> Iterator[Ear]:
    listening = Ear(database)
    yield listening
    listening.close()


@pytest.fixture
def other_env(database: Database, ground: Ground) -> EnvId:
    with database.transaction() as connection:
        return EnvId(add(connection, schema.envs, name="other"))


def test_insert_update_and_delete_are_heard(database: Database, ear: Ear) -> None:
    kinds = schema.deployment_kinds
    with database.reading() as connection:
        kind = add(connection, kinds, name="Shop")
        connection.execute(update(kinds).where(kinds.c.id == kind).values(name="Store"))
        connection.execute(delete(kinds).where(kinds.c.id == kind))
    table = "deployment_kinds"
    assert ear.hear() == [(table, word, kind, None) for word in ("INSERT", "UPDATE", "DELETE")]


def test_what_is_rolled_back_is_not_heard(database: Database, ear: Ear) -> None:
    with database.transaction() as connection:
        add(connection, schema.bots, display_name="never")
        connection.rollback()
    assert ear.hear() == []


def test_an_update_that_changes_nothing_is_not_heard(database: Database, ground: Ground, ear: Ear) -> None:
    with database.reading() as connection:
        connection.execute(update(schema.envs).values(name=schema.envs.c.name))
        connection.execute(update(schema.k8s_clusters).values(name=schema.k8s_clusters.c.name))
    assert ear.hear() == []


def test_repeated_changes_of_a_row_in_a_transaction_are_heard_once(
    database: Database, ground: Ground, ear: Ear
) -> None:
    with database.transaction() as connection:
        for name in "abc":
            connection.execute(update(schema.envs).where(schema.envs.c.id == ground.env).values(name=name))
    assert ear.hear() == [("envs", "UPDATE", ground.env, ground.env)]


def test_rows_of_a_cluster_tell_its_environment(database: Database, ground: Ground, ear: Ear) -> None:
    with database.transaction() as connection:
        deployment = add_deployment(connection, ground)
        task = add_task(connection, ground, deployment)
    assert ear.hear() == [
        ("deployments", "INSERT", deployment, ground.env),
        ("deployment_tasks", "INSERT", task, ground.env),
    ]
    with database.reading() as connection:
        connection.execute(delete(schema.deployments))
    assert set(ear.hear()) == {
        ("deployments", "DELETE", deployment, ground.env),
        ("deployment_tasks", "DELETE", task, ground.env),
    }


def test_rows_that_name_their_environment_tell_it(database: Database, ground: Ground, ear: Ear) -> None:
    with database.transaction() as connection:
        secret = add(connection, schema.secrets, env_id=ground.env, collection="c", name="n", contents="x")
        role = {"env_id": ground.env, "user_id": ground.user}
        permission = add(connection, schema.env_user_permissions, **role, role="Admin")
        of_kind = add(connection, schema.deployment_permissions, **role, kind_id=ground.kind, role="Owner")
    assert ear.hear() == [
        ("secrets", "INSERT", secret, ground.env),
        ("env_user_permissions", "INSERT", permission, ground.env),
        ("deployment_permissions", "INSERT", of_kind, ground.env),
    ]


def test_a_resource_tells_the_environment_of_the_deployment_that_manages_it(
    database: Database, ground: Ground, ear: Ear
) -> None:
    with database.transaction() as connection:
        deployment = add_deployment(connection, ground)
        kind = add(connection, schema.deployment_resource_types, deployment_kind_id=ground.kind, key="shop")
        managed = add(
            connection, schema.deployment_resources, type_id=kind, deployment_id=deployment, name="managed"
        )
        alone = add(connection, schema.deployment_resources, type_id=kind, name="alone")
    assert ear.hear()[1:] == [
        ("deployment_resource_types", "INSERT", kind, None),
        ("deployment_resources", "INSERT", managed, ground.env),
        ("deployment_resources", "INSERT", alone, None),
    ]
    with database.reading() as connection:
        connection.execute(update(schema.deployment_resources).values(deployment_id=None, sync_reason="x"))
    assert set(ear.hear()) == {
        ("deployment_resources", "UPDATE", managed, ground.env),
        ("deployment_resources", "UPDATE", managed, None),
        ("deployment_resources", "UPDATE", alone, None),
    }


def test_a_deployment_that_moves_is_heard_in_both_environments(
    database: Database, ground: Ground, other_env: EnvId, ear: Ear
) -> None:
    with database.transaction() as connection:
        deployment = add_deployment(connection, ground)
        cluster = add_cluster(connection, other_env)
    ear.hear()
    with database.reading() as connection:
        connection.execute(update(schema.deployments).values(cluster_id=cluster))
    assert ear.hear() == [
        ("deployments", "UPDATE", deployment, other_env),
        ("deployments", "UPDATE", deployment, ground.env),
    ]


def managed_resource(connection: Connection, ground: Ground, deployment: DeploymentId) -> UUID:
    kind = add(connection, schema.deployment_resource_types, deployment_kind_id=ground.kind, key="shop")
    return add(
        connection, schema.deployment_resources, type_id=kind, deployment_id=deployment, name="managed"
    )


def test_the_resources_of_a_deployment_that_moves_are_heard_in_both_environments(
    database: Database, ground: Ground, other_env: EnvId, ear: Ear
) -> None:
    with database.transaction() as connection:
        deployment = add_deployment(connection, ground)
        managed = managed_resource(connection, ground, deployment)
        cluster, beside = add_cluster(connection, other_env), add_cluster(connection, other_env)
    ear.hear()
    with database.reading() as connection:
        connection.execute(update(schema.deployments).values(cluster_id=cluster))
    resource = ("deployment_resources", "UPDATE", managed)
    assert set(ear.hear()) >= {(*resource, other_env), (*resource, ground.env)}
    with database.reading() as connection:
        connection.execute(update(schema.deployments).values(cluster_id=beside))
    assert ear.hear() == [("deployments", "UPDATE", deployment, other_env)]


def test_a_cluster_that_changes_its_environment_takes_its_deployments_along(
    database: Database, ground: Ground, other_env: EnvId, ear: Ear
) -> None:
    with database.transaction() as connection:
        deployment = add_deployment(connection, ground)
        managed = managed_resource(connection, ground, deployment)
    ear.hear()
    with database.reading() as connection:
        connection.execute(update(schema.k8s_clusters).values(env_id=other_env))
    cluster = ("k8s_clusters", "UPDATE", ground.cluster)
    moved = ("deployments", "UPDATE", deployment)
    assert ear.hear() == [
        (*cluster, None),
        (*cluster, ground.env),
        (*cluster, other_env),
        (*moved, other_env),
        (*moved, ground.env),
        ("deployment_resources", "UPDATE", managed, other_env),
        ("deployment_resources", "UPDATE", managed, ground.env),
    ]


def test_every_table_is_heard_but_those_of_the_tokens_and_the_records(database: Database) -> None:
    with database.reading() as connection:
        triggers = connection.execute(
            text("SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal")
        )
        heard = set(triggers.scalars())
    assert heard == EVENT_TABLES == schema.FORMER_TABLES - {"user_tokens", "bot_tokens"}


def test_charts_choose_from_the_tables_that_are_heard() -> None:
    assert TABLE_NAMES == EVENT_TABLES


def test_a_payload_has_the_form_that_every_consumer_of_the_database_knows(
    database: Database, ground: Ground
) -> None:
    with database.dedicated() as connection:
        connection.execute("LISTEN db_notifications")
        with database.transaction() as writing:
            now = writing.scalar(text("SELECT now()::text"))
            bot = add(writing, schema.bots, display_name="b")
            deployment = add_deployment(writing, ground)
        told = [notification.payload for notification in connection.notifies(timeout=5, stop_after=2)]
    start = f'{{"timestamp":"{now}","operation":"INSERT","schema":"public","table":'
    assert told == [
        f'{start}"bots","env_id":null,"data":{{"id":"{bot}"}}}}',
        f'{start}"deployments","env_id":"{ground.env}","data":{{"id":"{deployment}"}}}}',
    ]


def test_a_payload_without_an_environment_is_for_everybody() -> None:
    bot = UUID(int=1)
    payload = f'{{"operation":"INSERT","table":"bots","data":{{"id":"{bot}"}}}}'
    assert parse_change(payload) == RowChange(table="bots", operation="INSERT", id=bot, env_id=None)


def test_the_largest_payload_is_far_from_the_limit(database: Database, ground: Ground) -> None:
    with database.dedicated() as connection:
        connection.execute("LISTEN db_notifications")
        with database.reading() as writing:
            add(writing, schema.deployment_resource_types, deployment_kind_id=ground.kind, key="k")
        (notification,) = connection.notifies(timeout=5, stop_after=1)
    assert len(notification.payload) < 300


@pytest.fixture
def waiting(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Iterator[tuple[RowChange, ...]]]:
    """The batches of a stream for which everything waits that is committed before the first is asked for."""
    listening = database.dedicated()
    listening.execute("LISTEN db_notifications")
    stream = ChangeStream(database, check_seconds=60)

    def batches() -> Iterator[tuple[RowChange, ...]]:
        monkeypatch.setattr(database, "dedicated", lambda: listening)
        stream.open()  # its LISTEN is answered after everything that waits
        yield from stream

    heard = batches()
    yield heard
    stream.stop()
    assert list(heard) == []
    stream.close()


def test_equal_updates_that_wait_together_are_one(
    database: Database, ground: Ground, waiting: Iterator[tuple[RowChange, ...]]
) -> None:
    with database.reading() as connection:
        for name in ("a", "b", "c"):
            connection.execute(update(schema.envs).where(schema.envs.c.id == ground.env).values(name=name))
    assert next(waiting) == (RowChange(table="envs", operation="UPDATE", id=ground.env, env_id=ground.env),)


def test_a_row_that_comes_again_is_told_again(
    database: Database, waiting: Iterator[tuple[RowChange, ...]]
) -> None:
    bot = UUID(int=1)
    with database.reading() as connection:
        for _ in range(2):
            add(connection, schema.bots, id=bot, display_name="again")
            connection.execute(delete(schema.bots).where(schema.bots.c.id == bot))
    told = [(change.operation, change.id) for change in next(waiting)]
    assert told == [("INSERT", bot), ("DELETE", bot)] * 2


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "null",
        "[]",
        "nonsense",
        '{"table": "envs"}',
        '{"table":"a","operation":"b","id":"11111111-1111-4111-8111-111111111111","env_id":null}',
        '{"table":"a","operation":"b","data":{"id":"c"},"env_id":null}',
    ],
)
def test_a_payload_of_a_stranger_is_skipped(payload: str) -> None:
    assert parse_change(payload) is None


def test_a_stopped_stream_ends_at_once(database: Database) -> None:
    stream = ChangeStream(database, check_seconds=60)
    stream.open()
    stream.stop()
    assert list(stream) == []
    stream.close()
