"""A database that Platz has adopted and used goes back to the former server, whose own statements then work."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.fernet import Fernet
from former_platz import Installation, Row, day
from psycopg import errors as pg
from sqlalchemy import text
from test_migrations_schema import COLUMNS, CONSTRAINTS, FUNCTIONS, INDEXES, TRIGGERS, picture

from platz.changes.secrets import NewSecret, create_secret
from platz.db.adoption import former_schema
from platz.db.adoption.hand_back import HandBack, StillInUse
from platz.db.database import Database
from platz.db.encryption import PREFIX, Cipher, Undecipherable
from platz.db.leases import LeaseKeeper
from platz.db.migrations import NothingToHandBack, hand_back_to_former, migrate
from platz.db.tables import bots, tokens
from platz.db.tables.settings import jwt_secret
from platz.identities import DeploymentId
from tests.integration.changes.world import World

EVERYTHING = (COLUMNS, CONSTRAINTS, INDEXES, TRIGGERS, FUNCTIONS)
RELEASED = "20240911173524addbottokens"
CONFIG = {"size": 3, "password": "hunter2", "ünï": "platz-encrypted:AAAA"}


@pytest.fixture
def former(empty_database: Database) -> Iterator[Installation]:
    installation = Installation(empty_database)
    installation.build()
    yield installation
    installation.close()


@dataclass(kw_only=True)
class Used:
    """An adopted database in which people have worked."""

    world: World
    deployment: DeploymentId
    signing_key: str
    bot: UUID
    done: HandBack | None = None


@pytest.fixture
def used(former: Installation, empty_database: Database) -> Used:
    """Work with Platz in a database of a stable release: a deployment, a secret, a bot, tokens, the signing key."""
    former.go_back_to(RELEASED)
    former.execute("UPDATE envs SET name = 'Of old'")
    former.add("secrets", env_id=former.env, collection="old", name="old", contents="plain as ever")
    migrate(empty_database)
    world = World.build(empty_database)
    deployment = world.installed(config=CONFIG)
    encrypted = {**CONFIG, "password": {"$encrypted": world.cipher.encrypt('"hunter2"')}}
    with empty_database.transaction() as connection:
        connection.execute(text("UPDATE deployments SET config = :config"), {"config": json.dumps(encrypted)})
        connection.execute(
            text(
                "UPDATE deployment_tasks SET operation = jsonb_set(operation, '{Install,config_inputs}', :config)"
            ),
            {"config": json.dumps(encrypted)},
        )
        secret = NewSecret(env_id=world.env, collection="c", name="n", contents="top secret")
        create_secret(connection, world.admin, secret, cipher=world.cipher)
        bot = bots.create(connection, "robot two")
        tokens.add_bot_token(
            connection, token_id=uuid4(), bot_id=bot, created_by=world.env_admin.id, secret_hash="hash"
        )
        tokens.add_user_token(connection, token_id=uuid4(), user_id=world.owner.id, secret_hash="hash")
        key = jwt_secret(connection, world.cipher)
    return Used(world=world, deployment=deployment, signing_key=key, bot=bot)


def hand_back(used: Used) -> HandBack:
    return hand_back_to_former(used.world.database, used.world.cipher)


def task_values(former: Installation, **values: Any) -> Row:
    """The columns that the former agent and API write when they insert a task."""
    return {
        "cluster_id": former.cluster,
        "deployment_id": former.deployment,
        "acting_user_id": former.user,
        "acting_deployment_id": None,
        "operation": {"Uninstall": {}},
        "status": "Pending",
        "execute_at": day(0),
        **values,
    }


class TestAfterwards:
    """What the programs of the former server find."""

    @pytest.fixture(autouse=True)
    def back(self, used: Used, former: Installation) -> None:
        former.deployment = used.deployment
        former.cluster = used.world.cluster
        former.kind = used.world.kind
        used.done = hand_back(used)

    def test_the_columns_are_those_of_that_version(self, used: Used) -> None:
        with used.world.database.reading() as connection:
            present = former_schema.present_columns(connection)
        assert present == former_schema.columns_at(RELEASED)
        assert "provider" not in present["helm_registries"]

    def test_nothing_of_platz_is_left(self, former: Installation) -> None:
        left = former.select("""
            SELECT proname AS name FROM pg_proc WHERE proname LIKE 'platz%'
            UNION ALL SELECT tgname FROM pg_trigger WHERE tgname LIKE 'platz%'
            UNION ALL SELECT relname FROM pg_class WHERE relname = 'alembic_version'
        """)
        assert left == []

    def test_the_version_table_says_what_the_releases_expect(self, former: Installation) -> None:
        (last,) = former.select("SELECT max(version) AS version, count(*) FROM __diesel_schema_migrations")
        assert last == {"version": RELEASED, "count": 40}

    def test_every_secret_is_plain(self, used: Used, former: Installation) -> None:
        contents = {row["name"]: row["contents"] for row in former.rows("secrets")}
        assert contents == {"old": "plain as ever", "n": "top secret"}
        assert [row["value"] for row in former.rows("settings")] == [used.signing_key]
        assert [row["config"] for row in former.rows("deployments")] == [CONFIG]
        (task,) = former.rows("deployment_tasks")
        assert task["operation"]["Install"]["config_inputs"] == CONFIG

    def test_the_tokens_of_users_and_bots_are_there(self, former: Installation) -> None:
        assert [row["secret_hash"] for row in former.rows("user_tokens")] == ["hash"]
        assert [row["secret_hash"] for row in former.rows("bot_tokens")] == ["hash"]

    def test_its_agent_can_start_and_end_tasks(self, former: Installation) -> None:
        first, second = (former.add("deployment_tasks", **task_values(former)) for _ in range(2))
        for task in (first, second):
            former.execute(
                f"UPDATE deployment_tasks SET status = 'Started', started_at = now() WHERE id = '{task}'"
            )
        former.execute(
            "UPDATE deployment_tasks SET status = 'Done', finished_at = now() WHERE status = 'Started'"
        )
        former.execute(f"UPDATE deployments SET revision_id = '{second}', status = 'Running', reason = NULL")

    def test_its_check_of_actors_is_back(self, former: Installation) -> None:
        with pytest.raises(pg.CheckViolation):
            former.add("deployment_tasks", **task_values(former, acting_deployment_id=former.deployment))

    def test_its_chart_discovery_can_record_a_chart_again(self, former: Installation) -> None:
        values = {"image_tag": "1", "image_digest": "sha256:2", "helm_registry_id": former.registry}
        for number in range(2):
            former.add("helm_charts", **values, created_at=day(number), available=True, error=None)
        assert len([row for row in former.rows("helm_charts") if row["image_tag"] == "1"]) == 2

    def test_a_resource_type_that_comes_again_gets_the_new_spec(self, former: Installation) -> None:
        for number in range(2):
            former.execute(f"""
                INSERT INTO deployment_resource_types (env_id, deployment_kind_id, key, spec)
                VALUES ('{former.env}', '{former.kind}', 'shop', '{{"v": {number}}}')
            """)
        assert [row["spec"] for row in former.rows("deployment_resource_types")] == [{"v": 1}]

    def test_columns_take_null_where_it_writes_null(self, former: Installation) -> None:
        former.add("users", display_name="x", email="x", is_admin=None, is_active=None)
        former.add("envs", name="x", auto_add_new_users=None)

    @pytest.mark.parametrize("channel", ["db_notifications", "db_deployments_notifications"])
    def test_its_channels_are_served(
        self, used: Used, former: Installation, empty_database: Database, channel: str
    ) -> None:
        with empty_database.dedicated() as connection:
            connection.execute(f"LISTEN {channel}".encode())
            former.execute("UPDATE deployments SET reason = 'x'")
            (told,) = (json.loads(each.payload) for each in connection.notifies(timeout=5, stop_after=1))
        assert told.pop("timestamp")
        env = {} if channel == "db_notifications" else {"env_id": str(used.world.env)}
        row = {"operation": "UPDATE", "schema": "public", "table": "deployments"}
        assert told == {**row, **env, "data": {"id": str(used.deployment)}}

    def test_a_secret_that_changes_gets_the_time_of_the_change(self, former: Installation) -> None:
        (before, *_) = former.rows("secrets")
        former.execute("UPDATE secrets SET contents = 'new'")
        (after, *_) = former.rows("secrets")
        assert after["updated_at"] > before["updated_at"]

    def test_the_report_says_what_was_done(self, used: Used) -> None:
        assert used.done is not None
        assert (used.done.version, used.done.decrypted, used.done.ended_tasks) == (RELEASED, 4, 0)
        assert {"alembic_version", "helm_charts.warnings", "deployment_tasks.claimed_by"} <= set(
            used.done.dropped
        )

    def test_platz_can_adopt_it_again(
        self, former: Installation, empty_database: Database, database: Database
    ) -> None:
        former.add("deployment_tasks", **task_values(former))
        tables = ("deployments", "deployment_tasks", "secrets", "settings", "users", "bots", "bot_tokens")
        before = {table: former.rows(table) for table in tables}
        migrate(empty_database)
        assert picture(empty_database, *EVERYTHING) == picture(database, *EVERYTHING)
        for table, rows in before.items():
            assert [{name: row[name] for name in rows[0]} for row in former.rows(table)] == rows, table

    def test_it_is_not_handed_back_twice(self, used: Used) -> None:
        with pytest.raises(NothingToHandBack):
            hand_back(used)


def test_tasks_of_bots_name_the_user_who_made_the_bots_token(used: Used, former: Installation) -> None:
    world = used.world
    with world.database.transaction() as connection:
        connection.execute(
            text("UPDATE deployment_tasks SET acting_user_id = NULL, acting_bot_id = :bot"), {"bot": used.bot}
        )
    done = hand_back(used)
    (task,) = former.rows("deployment_tasks")
    assert task["acting_user_id"] == world.env_admin.id
    assert done.tasks_with_another_actor == 1
    (left,) = former.rows("adoption_leftovers")
    assert left["row_as_it_was"]["acting_bot_id"] == str(used.bot)


def test_tasks_whose_bot_is_gone_name_the_oldest_admin(used: Used, former: Installation) -> None:
    former.execute("UPDATE users SET created_at = now() - interval '1 year' WHERE is_admin")
    former.execute("UPDATE deployment_tasks SET acting_user_id = NULL")
    hand_back(used)
    assert [row["acting_user_id"] for row in former.rows("deployment_tasks")] == [used.world.admin.id]


def test_what_was_running_ends_because_that_server_never_resumes_a_task(
    used: Used, former: Installation
) -> None:
    former.execute("UPDATE deployment_tasks SET status = 'Started', started_at = now(), finished_at = NULL")
    former.execute("UPDATE deployments SET status = 'Upgrading'")
    assert hand_back(used).ended_tasks == 1
    (task,), (deployment,) = former.rows("deployment_tasks"), former.rows("deployments")
    assert (task["status"], deployment["status"]) == ("Failed", "Error")
    assert task["reason"] == deployment["reason"]
    assert "went back to the former server" in task["reason"]


def test_a_database_of_the_newest_version_keeps_its_version_and_providers(
    former: Installation, empty_database: Database
) -> None:
    former.add("helm_registries", domain_name="o", repo_name="o", kind_id=former.kind, provider="Oci")
    migrate(empty_database)
    done = hand_back_to_former(empty_database, Cipher([Fernet.generate_key().decode()]))
    assert (done.version, done.registries_not_of_ecr) == ("20260613184500", 0)
    assert sorted(row["provider"] for row in former.rows("helm_registries")) == ["Ecr", "Oci"]


def test_a_release_without_providers_is_told_what_it_can_not_use(used: Used, former: Installation) -> None:
    former.execute("UPDATE helm_registries SET provider = 'Oci'")
    assert hand_back(used).registries_not_of_ecr == len(former.rows("helm_registries"))


def test_a_database_that_platz_made_goes_over_too(database: Database) -> None:
    done = hand_back_to_former(database, Cipher([Fernet.generate_key().decode()]))
    assert done.version == RELEASED
    migrate(database)
    with database.reading() as connection:
        assert connection.execute(text("SELECT name FROM envs")).scalars().all() == ["Default"]


class TestRefusals:
    """A hand-back that is refused changes nothing."""

    @pytest.fixture(autouse=True)
    def unchanged(self, used: Used, former: Installation) -> Iterator[None]:
        before = picture(used.world.database, *EVERYTHING), former.rows("secrets"), former.rows("deployments")
        yield
        after = picture(used.world.database, *EVERYTHING), former.rows("secrets"), former.rows("deployments")
        assert after == before

    def test_while_a_process_holds_a_lease(self, used: Used) -> None:
        keeper = LeaseKeeper(used.world.database, lambda _lost: None)
        assert keeper.try_acquire("charts")
        with pytest.raises(StillInUse, match="stop every one of them first"):
            hand_back(used)
        keeper.stop()

    def test_while_a_process_is_connected(self, used: Used) -> None:
        with Database(used.world.database.address).dedicated(), pytest.raises(StillInUse):
            hand_back(used)

    def test_without_the_key(self, used: Used) -> None:
        with pytest.raises(Undecipherable):
            hand_back_to_former(used.world.database, Cipher([Fernet.generate_key().decode()]))
        with used.world.database.reading() as connection:
            stored = connection.execute(text("SELECT contents FROM secrets WHERE name = 'n'")).scalar_one()
        assert stored.startswith(PREFIX)


@pytest.mark.parametrize(
    "made", ["SELECT 1", "CREATE TABLE __diesel_schema_migrations AS SELECT '20260613184500' AS version"]
)
def test_only_a_database_of_platz_can_be_handed_back(empty_database: Database, made: str) -> None:
    with empty_database.dedicated() as connection:
        connection.execute(made.encode())
    with pytest.raises(NothingToHandBack):
        hand_back_to_former(empty_database, Cipher([Fernet.generate_key().decode()]))
