"""Programs of the former server can work in a database that Platz uses: with their channels, and past its rules."""

from __future__ import annotations

import json
import threading
from contextlib import closing
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from db_rows import LEASE, Ground, add, add_deployment, add_task, lay_ground
from psycopg import errors as pg
from sqlalchemy import text, update

from platz.db import schema, task_queue
from platz.db.database import Database
from platz.db.enums import TaskStatus
from platz.db.tables import charts, deployment_resource_types
from platz.db.tables.charts import NewChartRow, TagInfo
from platz.db.tables.registries import RegistryId
from platz.db.task_queue import Claim, ClaimId
from platz.errors import Conflict
from platz.identities import ChartId, KindId, TaskId

END = "end"
ME = Claim(id=ClaimId(UUID(int=1)), lease=LEASE)
CHANNELS = {
    "deployment_tasks": "db_deployment_tasks_notifications",
    "deployments": "db_deployments_notifications",
    "deployment_resources": "db_deployment_resources_notifications",
    "helm_tag_formats": "db_helm_tag_formats_notifications",
}


@pytest.fixture
def ground(database: Database) -> Ground:
    with database.transaction() as connection:
        return lay_ground(connection)


def heard(database: Database, channel: str, *statements: str) -> list[dict[str, object]]:
    """Give the payloads of a channel for some statements and a last event."""
    told: list[dict[str, object]] = []
    with database.dedicated() as connection:
        connection.execute(f"LISTEN {channel}".encode())
        with database.transaction() as writing:
            for statement in statements:
                writing.execute(text(statement))
            writing.execute(text(f"NOTIFY {channel}, '{END}'"))
        with closing(connection.notifies(timeout=5)) as notices:
            for notice in notices:
                if notice.payload == END:
                    return told
                told.append(json.loads(notice.payload))
    raise AssertionError("the last event did not come")


class TestChannels:
    """Four tables have channels of their own."""

    def rows(self, database: Database, ground: Ground) -> dict[str, UUID]:
        with database.transaction() as connection:
            deployment = add_deployment(connection, ground)
            kind = add(connection, schema.deployment_resource_types, deployment_kind_id=ground.kind, key="k")
            values = {"type_id": kind, "deployment_id": deployment, "name": "n"}
            return {
                "deployments": deployment,
                "deployment_tasks": add_task(connection, ground, deployment),
                "deployment_resources": add(connection, schema.deployment_resources, **values),
                "helm_tag_formats": add(connection, schema.helm_tag_formats, pattern="x"),
            }

    @pytest.mark.parametrize("table", CHANNELS)
    def test_each_tells_the_same_as_the_common_channel(
        self, database: Database, ground: Ground, table: str
    ) -> None:
        changed = self.rows(database, ground)[table]
        touch = {
            "deployments": "reason = 'x'",
            "deployment_tasks": "reason = 'x'",
            "deployment_resources": "name = 'm'",
            "helm_tag_formats": "pattern = 'y'",
        }[table]
        statement = f"UPDATE {table} SET {touch} WHERE id = '{changed}'"
        delete = f"DELETE FROM {table} WHERE id = '{changed}'"
        own = heard(database, CHANNELS[table], statement)
        env = None if table == "helm_tag_formats" else str(ground.env)
        (event,) = own
        assert event.pop("timestamp")
        assert event == {
            "operation": "UPDATE",
            "schema": "public",
            "table": table,
            "env_id": env,
            "data": {"id": str(changed)},
        }
        told = heard(database, "db_notifications", delete)
        assert [each["operation"] for each in told if each["table"] == table] == ["DELETE"]

    def test_another_table_is_told_on_the_common_channel_only(
        self, database: Database, ground: Ground
    ) -> None:
        statement = f"UPDATE envs SET name = 'other' WHERE id = '{ground.env}'"
        assert heard(database, "db_envs_notifications", statement) == []

    def test_an_update_without_a_change_is_told_nowhere(self, database: Database, ground: Ground) -> None:
        self.rows(database, ground)
        assert heard(database, CHANNELS["deployments"], "UPDATE deployments SET name = name") == []


class TestTasks:
    """The former agent starts tasks without a claim."""

    def started(self, database: Database, ground: Ground, deployment: UUID, **values: object) -> TaskId:
        with database.transaction() as connection:
            return add_task(
                connection, ground, deployment, status="Started", started_at=datetime.now(UTC), **values
            )

    @pytest.fixture
    def deployment(self, database: Database, ground: Ground) -> UUID:
        with database.transaction() as connection:
            return add_deployment(connection, ground)

    def test_it_may_start_several_of_one_deployment(
        self, database: Database, ground: Ground, deployment: UUID
    ) -> None:
        for _ in range(2):
            self.started(database, ground, deployment)

    def test_platz_starts_only_one(self, database: Database, ground: Ground, deployment: UUID) -> None:
        self.started(database, ground, deployment, claimed_by=ME.id)
        with pytest.raises(Conflict, match="Another task of this deployment is running"):
            self.started(database, ground, deployment, claimed_by=uuid4())

    def test_platz_claims_nothing_of_a_deployment_that_it_works_on(
        self, database: Database, ground: Ground, deployment: UUID
    ) -> None:
        self.started(database, ground, deployment)
        with database.transaction() as connection:
            add_task(connection, ground, deployment)
            claimed = task_queue.claim(connection, cluster_id=ground.cluster, claim=ME, most=10)
        assert claimed == []

    def test_of_two_that_it_left_only_one_is_taken_over_at_a_time(
        self, database: Database, ground: Ground, deployment: UUID
    ) -> None:
        first, second = (self.started(database, ground, deployment) for _ in range(2))
        with database.transaction() as connection:
            assert task_queue.take_over(connection, first, claim=ME, formerly=None)
            assert not task_queue.take_over(connection, second, claim=ME, formerly=None)
        with database.transaction() as connection:
            assert task_queue.mark_ended(connection, first, ME, TaskStatus.DONE, "")
            assert task_queue.take_over(connection, second, claim=ME, formerly=None)


def new_chart(ground: Ground, **values: object) -> NewChartRow:
    row = {
        "created_at": datetime(2024, 1, 1, tzinfo=UTC),
        "helm_registry_id": RegistryId(ground.registry),
        "image_digest": "sha256:1",
        "image_tag": "1.0",
        "values_ui": None,
        "actions_schema": None,
        "features": None,
        "resource_types": None,
        "error": None,
        "warnings": None,
        "tag_info": TagInfo(),
    }
    return NewChartRow(**{**row, **values})  # type: ignore[arg-type]


class TestCharts:
    """The former chart discovery records a chart whenever its event comes."""

    INSERT = """
        INSERT INTO helm_charts (created_at, helm_registry_id, image_digest, image_tag, available)
        VALUES (now(), :registry, 'sha256:1', '1.0', true) RETURNING id
    """

    def test_it_may_record_one_again(self, database: Database, ground: Ground) -> None:
        with database.transaction() as connection:
            for _ in range(2):
                assert connection.execute(text(self.INSERT), {"registry": ground.registry}).scalar_one()

    def test_platz_records_one_once(self, database: Database, ground: Ground) -> None:
        with database.transaction() as connection:
            first = charts.insert_if_absent(connection, new_chart(ground))
            assert first is not None
            assert charts.insert_if_absent(connection, new_chart(ground, error="again")) is None
            assert charts.insert_if_absent(connection, new_chart(ground, image_tag="2.0")) not in (
                None,
                first,
            )
            assert charts.insert_if_absent(connection, new_chart(ground, image_digest="sha256:2")) is not None

    def test_processes_that_find_it_at_once_record_it_once(self, database: Database, ground: Ground) -> None:
        recorded: list[ChartId | None] = []
        together = threading.Barrier(8)

        def record() -> None:
            together.wait()
            with database.transaction() as connection:
                recorded.append(charts.insert_if_absent(connection, new_chart(ground)))

        threads = [threading.Thread(target=record) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len([chart for chart in recorded if chart is not None]) == 1

    def test_the_oldest_of_several_counts(self, database: Database, ground: Ground) -> None:
        with database.transaction() as connection:
            connection.execute(text(self.INSERT), {"registry": ground.registry})
            oldest = connection.execute(text(self.INSERT), {"registry": ground.registry}).scalar_one()
            long_ago = datetime(2000, 1, 1, tzinfo=UTC)
            table = schema.helm_charts
            connection.execute(update(table).where(table.c.id == oldest).values(created_at=long_ago))
            found = charts.find(connection, RegistryId(ground.registry), "1.0", "sha256:1")
        assert found is not None
        assert found.id == oldest


class TestResourceTypes:
    """The former agent inserts a resource type after every run of Helm."""

    def insert(self, database: Database, ground: Ground, *, env: UUID | None, version: int) -> None:
        with database.transaction() as connection:
            values = {"env": env, "kind": ground.kind, "spec": json.dumps({"v": version})}
            connection.execute(
                text("""
                    INSERT INTO deployment_resource_types (env_id, deployment_kind_id, key, spec)
                    VALUES (:env, :kind, 'shop', CAST(:spec AS jsonb))
                """),
                values,
            )

    def specs(self, database: Database) -> list[object]:
        with database.reading() as connection:
            return list(connection.execute(text("SELECT spec FROM deployment_resource_types")).scalars())

    @pytest.mark.parametrize("is_global", [False, True])
    def test_it_gets_the_new_spec_instead_of_a_second_row(
        self, database: Database, ground: Ground, *, is_global: bool
    ) -> None:
        for version in (1, 2):
            self.insert(database, ground, env=None if is_global else ground.env, version=version)
        assert self.specs(database) == [{"v": 2}]

    def test_an_equal_spec_is_no_change(self, database: Database, ground: Ground) -> None:
        self.insert(database, ground, env=ground.env, version=1)
        statement = f"""
            INSERT INTO deployment_resource_types (env_id, deployment_kind_id, key, spec)
            VALUES ('{ground.env}', '{ground.kind}', 'shop', '{{"v"\\:1}}')
        """
        assert heard(database, "db_notifications", statement) == []

    def test_platz_and_the_agent_share_a_row(self, database: Database, ground: Ground) -> None:
        self.insert(database, ground, env=ground.env, version=1)
        with database.transaction() as connection:
            deployment_resource_types.upsert(
                connection, env_id=ground.env, kind_id=KindId(ground.kind), key="shop", spec={"v": 2}
            )
        self.insert(database, ground, env=ground.env, version=3)
        assert self.specs(database) == [{"v": 3}]

    def test_another_key_kind_or_environment_is_another_row(self, database: Database, ground: Ground) -> None:
        with database.transaction() as connection:
            other = lay_ground(connection)
        self.insert(database, ground, env=ground.env, version=1)
        self.insert(database, ground, env=other.env, version=2)
        self.insert(database, other, env=ground.env, version=3)
        assert sorted(json.dumps(spec) for spec in self.specs(database)) == [
            '{"v": 1}',
            '{"v": 2}',
            '{"v": 3}',
        ]

    def test_its_own_rule_about_the_key_holds(self, database: Database, ground: Ground) -> None:
        with database.dedicated() as connection, pytest.raises(pg.CheckViolation):
            connection.execute(
                "INSERT INTO deployment_resource_types (deployment_kind_id, key) VALUES (%s, '')",
                [ground.kind],
            )
