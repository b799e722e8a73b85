"""An existing Platz database is taken over without loss, whatever its lost constraints let in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from cryptography.fernet import Fernet
from former_platz import Installation, Row, day

from platz.db.database import Database
from platz.db.encryption import Cipher
from platz.db.migrations import MigrationFailed, migrate
from platz.db.schema import FORMER_TABLES


@pytest.fixture
def former(empty_database: Database) -> Iterator[Installation]:
    installation = Installation(empty_database)
    installation.build()
    yield installation
    installation.close()


@pytest.fixture
def adopt(empty_database: Database) -> Any:
    return lambda: migrate(empty_database)


def leftovers(former: Installation, table: str) -> list[Row]:
    return [row for row in former.rows("adoption_leftovers") if row["table_name"] == table]


def present(former: Installation, table: str, row_id: UUID) -> Row:
    row = former.row(table, row_id)
    assert row is not None
    return row


def test_a_database_without_duplicates_keeps_every_row_as_it_was(former: Installation, adopt: Any) -> None:
    deployment = former.add_deployment(
        description_md="*mine*", config={"size": 1}, reported_status={"error": None}
    )
    task = former.add_task(deployment, reason="done", started_at=day(1), finished_at=day(2))
    former.execute(f"UPDATE deployments SET revision_id = '{task}'")
    former.add("user_tokens", user_id=former.user, secret_hash="h")
    bot = former.add("bots", display_name="ci")
    former.add("bot_tokens", bot_id=bot, created_by_user_id=former.user, secret_hash="h")
    former.add("env_user_permissions", env_id=former.env, user_id=former.user, role="Admin")
    role = {"env_id": former.env, "user_id": former.user, "kind_id": former.kind}
    former.add("deployment_permissions", **role, role="Owner")
    former.add("helm_tag_formats", pattern=".*")
    kind = former.add(
        "deployment_resource_types", deployment_kind_id=former.kind, key="shop", env_id=former.env
    )
    former.add("deployment_resources", type_id=kind, deployment_id=deployment, name="n", props={"a": 1})
    former.add(
        "k8s_resources",
        cluster_id=former.cluster,
        deployment_id=deployment,
        kind="Job",
        api_version="batch/v1",
        name="j",
        status_color=["Success"],
        metadata={"name": "j"},
    )
    former.add("secrets", env_id=former.env, collection="c", name="n", contents="plain")
    former.add("settings", key="jwt_secret", value="c2VjcmV0")
    before = {table: former.rows(table) for table in FORMER_TABLES}
    adopt()
    assert all(before.values()), "every table is put to the test"
    for table, rows in before.items():
        known = [{name: row[name] for name in rows[0]} for row in former.rows(table)]
        assert known == rows, table


def test_nothing_is_seeded_into_an_adopted_database(former: Installation, adopt: Any) -> None:
    adopt()
    assert [row["name"] for row in former.rows("envs")] == ["Production"]
    assert former.rows("helm_tag_formats") == []


def test_the_version_before_the_last_is_adopted_too(former: Installation, adopt: Any) -> None:
    former.execute("DELETE FROM __diesel_schema_migrations WHERE version = '20260613184500'")
    adopt()
    assert present(former, "users", former.user)


def test_the_former_version_table_stays(former: Installation, adopt: Any) -> None:
    adopt()
    former.execute("SELECT version FROM __diesel_schema_migrations")


def test_flags_that_were_null_get_their_defaults(former: Installation, adopt: Any) -> None:
    former.execute("UPDATE users SET is_admin = NULL, is_active = NULL")
    former.execute("UPDATE envs SET auto_add_new_users = NULL")
    former.execute("UPDATE k8s_clusters SET ignore = NULL")
    deployment = former.add_deployment(enabled=None, status=None)
    adopt()
    user = present(former, "users", former.user)
    assert (user["is_admin"], user["is_active"]) == (False, True)
    assert present(former, "envs", former.env)["auto_add_new_users"] is False
    assert present(former, "k8s_clusters", former.cluster)["ignore"] is True
    row = present(former, "deployments", deployment)
    assert (row["enabled"], row["status"]) == (True, "Unknown")


def test_words_that_nobody_knows_become_harmless(former: Installation, adopt: Any) -> None:
    deployment = former.add_deployment(status="Dancing")
    task = former.add_task(deployment, status="Cancelled")
    former.add("env_user_permissions", env_id=former.env, user_id=former.user, role="Root")
    adopt()
    assert present(former, "deployments", deployment)["status"] == "Unknown"
    assert present(former, "deployment_tasks", task)["status"] == "Failed"
    assert [row["role"] for row in former.rows("env_user_permissions")] == ["User"]


def test_a_secret_that_looks_encrypted_stays_what_it_is(former: Installation, adopt: Any) -> None:
    contents = "platz-encrypted:AAAA"
    secret = former.add("secrets", env_id=former.env, collection="c", name="n", contents=contents)
    adopt()
    assert (
        Cipher([Fernet.generate_key().decode()]).decrypt(present(former, "secrets", secret)["contents"])
        == contents
    )


class TestAccounts:
    """Accounts whose addresses differ only in case."""

    @pytest.fixture
    def twin(self, former: Installation) -> UUID:
        return former.add(
            "users", display_name="Ann 2", email="ANN@example.com", is_admin=True, created_at=day(1)
        )

    def test_the_oldest_stays_with_the_rights_of_both(
        self, former: Installation, twin: UUID, adopt: Any
    ) -> None:
        former.add("env_user_permissions", env_id=former.env, user_id=twin, role="Admin", created_at=day(1))
        former.add("env_user_permissions", env_id=former.env, user_id=former.user, role="User")
        kind = {"env_id": former.env, "kind_id": former.kind}
        former.add("deployment_permissions", **kind, user_id=twin, role="Maintainer")
        adopt()
        (user,) = former.rows("users")
        assert (user["id"], user["display_name"], user["is_admin"]) == (former.user, "Ann", True)
        (permission,) = former.rows("env_user_permissions")
        assert (permission["user_id"], permission["role"]) == (former.user, "Admin")
        assert [row["user_id"] for row in former.rows("deployment_permissions")] == [former.user]

    def test_tokens_and_history_go_along(self, former: Installation, twin: UUID, adopt: Any) -> None:
        token = former.add("user_tokens", user_id=twin, secret_hash="h")
        bot = former.add("bots", display_name="ci")
        bot_token = former.add("bot_tokens", bot_id=bot, created_by_user_id=twin, secret_hash="h")
        task = former.add_task(former.add_deployment(), acting_user_id=twin, canceled_by_user_id=twin)
        adopt()
        assert present(former, "user_tokens", token)["user_id"] == former.user
        assert present(former, "bot_tokens", bot_token)["created_by_user_id"] == former.user
        row = present(former, "deployment_tasks", task)
        assert (row["acting_user_id"], row["canceled_by_user_id"]) == (former.user, former.user)

    def test_the_account_that_goes_is_written_down(
        self, former: Installation, twin: UUID, adopt: Any
    ) -> None:
        adopt()
        (left,) = leftovers(former, "users")
        assert left["row_as_it_was"]["display_name"] == "Ann 2"
        assert (UUID(left["row_as_it_was"]["id"]), left["kept_instead"]) == (twin, former.user)

    def test_what_a_deactivated_account_could_do_does_not_come_back(
        self, former: Installation, twin: UUID, adopt: Any
    ) -> None:
        former.execute(f"UPDATE users SET is_active = false WHERE id = '{twin}'")
        token = former.add("user_tokens", user_id=twin, secret_hash="h")
        former.add("env_user_permissions", env_id=former.env, user_id=twin, role="Admin")
        adopt()
        (user,) = former.rows("users")
        assert (user["is_active"], user["is_admin"]) == (True, False)
        assert former.rows("env_user_permissions") == []
        assert former.row("user_tokens", token) is None
        assert len(leftovers(former, "user_tokens")) == 1

    def test_an_old_deactivated_account_does_not_lend_its_rights_to_the_newer_active_one(
        self, former: Installation, twin: UUID, adopt: Any
    ) -> None:
        former.execute(f"UPDATE users SET is_active = id = '{twin}', is_admin = id <> '{twin}'")
        former.add("env_user_permissions", env_id=former.env, user_id=former.user, role="Admin")
        adopt()
        (user,) = former.rows("users")
        assert (user["id"], user["is_active"], user["is_admin"]) == (former.user, True, False)
        assert former.rows("env_user_permissions") == []

    def test_two_deactivated_accounts_stay_deactivated(
        self, former: Installation, twin: UUID, adopt: Any
    ) -> None:
        former.execute("UPDATE users SET is_active = false")
        former.add("env_user_permissions", env_id=former.env, user_id=twin, role="Admin")
        adopt()
        (user,) = former.rows("users")
        assert (user["is_active"], user["is_admin"]) == (False, True)
        assert [row["role"] for row in former.rows("env_user_permissions")] == ["Admin"]


def test_the_stronger_of_two_roles_for_one_kind_stays(former: Installation, adopt: Any) -> None:
    role = {"env_id": former.env, "user_id": former.user, "kind_id": former.kind}
    oldest = former.add("deployment_permissions", **role, role="Maintainer", created_at=day(0))
    former.add("deployment_permissions", **role, role="Owner", created_at=day(1))
    former.add("deployment_permissions", **role, role="Owner", created_at=day(2))
    adopt()
    (row,) = former.rows("deployment_permissions")
    assert (row["id"], row["role"]) == (oldest, "Owner")
    assert len(leftovers(former, "deployment_permissions")) == 2


def test_a_chart_that_was_recorded_twice_keeps_its_id_and_gets_what_was_read_last(
    former: Installation, adopt: Any
) -> None:
    same = {"image_tag": "1.0", "image_digest": "sha256:1"}
    oldest = former.add_chart(**same, error="no such blob", created_at=day(0))
    newest = former.add_chart(**same, values_ui={"inputs": []}, parsed_version="1.0", created_at=day(2))
    former.add_chart(**same, error="again", created_at=day(1))
    deployment = former.add_deployment(helm_chart_id=newest)
    upgrade = {"helm_chart_id": str(newest), "prev_helm_chart_id": str(newest), "config_inputs": {"a": 1}}
    tasks = {
        name: former.add_task(deployment, operation={name: arguments})
        for name, arguments in {
            "Install": {"helm_chart_id": str(newest), "config_inputs": {}},
            "Upgrade": upgrade,
            "InvokeAction": {"helm_chart_id": str(newest), "action_id": "a", "body": {}},
        }.items()
    }
    adopt()
    chart = present(former, "helm_charts", oldest)
    assert (chart["error"], chart["values_ui"], chart["parsed_version"]) == (None, {"inputs": []}, "1.0")
    assert len([row for row in former.rows("helm_charts") if row["image_tag"] == "1.0"]) == 1
    assert present(former, "deployments", deployment)["helm_chart_id"] == oldest
    for name, task in tasks.items():
        operation = present(former, "deployment_tasks", task)["operation"]
        assert operation[name]["helm_chart_id"] == str(oldest)
    expected = {**upgrade, "helm_chart_id": str(oldest), "prev_helm_chart_id": str(oldest)}
    assert present(former, "deployment_tasks", tasks["Upgrade"])["operation"] == {"Upgrade": expected}
    assert len(leftovers(former, "helm_charts")) == 2


class TestDeploymentsWithoutAChart:
    """`helm_chart_id` could be NULL."""

    def test_the_chart_of_the_revision_is_taken(self, former: Installation, adopt: Any) -> None:
        running, newer = former.add_chart(), former.add_chart()
        deployment = former.add_deployment(helm_chart_id=None)
        revision = former.add_task(deployment, operation={"Install": {"helm_chart_id": str(running)}})
        former.add_task(
            deployment,
            operation={"Upgrade": {"helm_chart_id": str(newer)}},
            status="Failed",
            created_at=day(9),
        )
        former.execute(f"UPDATE deployments SET revision_id = '{revision}'")
        adopt()
        assert present(former, "deployments", deployment)["helm_chart_id"] == running

    def test_else_the_newest_of_its_kind(self, former: Installation, adopt: Any) -> None:
        newest = former.add_chart(created_at=day(5))
        deployment = former.add_deployment(helm_chart_id=None)
        adopt()
        assert present(former, "deployments", deployment)["helm_chart_id"] == newest

    def test_else_one_that_says_so(self, former: Installation, adopt: Any) -> None:
        kind = former.add("deployment_kinds", name="Orphan")
        deployment = former.add_deployment(helm_chart_id=None, kind_id=kind)
        adopt()
        chart = present(former, "helm_charts", present(former, "deployments", deployment)["helm_chart_id"])
        assert "not recorded" in chart["error"]
        assert chart["available"] is False


class TestResourceTypes:
    """Types that were declared twice."""

    def test_the_oldest_stays_with_the_newest_spec(self, former: Installation, adopt: Any) -> None:
        same = {"deployment_kind_id": former.kind, "key": "shop", "env_id": former.env}
        oldest = former.add("deployment_resource_types", **same, spec={"v": 1}, created_at=day(0))
        newest = former.add("deployment_resource_types", **same, spec={"v": 2}, created_at=day(1))
        item = former.add("deployment_resources", type_id=newest, name="n")
        adopt()
        (row,) = former.rows("deployment_resource_types")
        assert (row["id"], row["spec"]) == (oldest, {"v": 2})
        assert present(former, "deployment_resources", item)["type_id"] == oldest

    def test_two_global_ones_are_the_same_too(self, former: Installation, adopt: Any) -> None:
        for _ in range(2):
            former.add("deployment_resource_types", deployment_kind_id=former.kind, key="shop")
        adopt()
        assert len(former.rows("deployment_resource_types")) == 1

    def test_a_global_one_takes_the_place_of_those_of_environments(
        self, former: Installation, adopt: Any
    ) -> None:
        same = {"deployment_kind_id": former.kind, "key": "shop"}
        of_env = former.add(
            "deployment_resource_types", **same, env_id=former.env, spec={"v": 9}, created_at=day(0)
        )
        everywhere = former.add("deployment_resource_types", **same, spec={"v": 1}, created_at=day(1))
        items = [former.add("deployment_resources", type_id=each, name="n") for each in (everywhere, of_env)]
        adopt()
        (row,) = former.rows("deployment_resource_types")
        assert (row["id"], row["env_id"], row["spec"]) == (everywhere, None, {"v": 1})
        names = {present(former, "deployment_resources", item)["name"] for item in items}
        assert len(names) == 2
        assert any(name.startswith("n (") for name in names)

    def test_those_of_different_environments_stay(self, former: Installation, adopt: Any) -> None:
        other = former.add("envs", name="Test")
        for env in (former.env, other):
            former.add("deployment_resource_types", deployment_kind_id=former.kind, key="shop", env_id=env)
        adopt()
        assert len(former.rows("deployment_resource_types")) == 2


class TestDeploymentsOfOneNamespace:
    """Deployments of the same cluster, kind and name."""

    def test_the_one_that_helm_touched_last_stays(self, former: Installation, adopt: Any) -> None:
        old, last = (former.add_deployment(name="a") for _ in range(2))
        for number, deployment in enumerate([old, last]):
            task = former.add_task(deployment, finished_at=day(number))
            former.execute(f"UPDATE deployments SET revision_id = '{task}' WHERE id = '{deployment}'")
        adopt()
        assert [row["id"] for row in former.rows("deployments")] == [last]

    def test_an_enabled_one_is_preferred(self, former: Installation, adopt: Any) -> None:
        former.add_deployment(name="a", enabled=False, created_at=day(0))
        enabled = former.add_deployment(name="a", created_at=day(1))
        adopt()
        assert [row["id"] for row in former.rows("deployments")] == [enabled]

    def test_else_the_oldest_stays(self, former: Installation, adopt: Any) -> None:
        oldest = former.add_deployment(name="", created_at=day(0))
        former.add_deployment(name="", created_at=day(1))
        adopt()
        assert [row["id"] for row in former.rows("deployments")] == [oldest]

    def test_history_and_everything_else_goes_to_it(self, former: Installation, adopt: Any) -> None:
        kept = former.add_deployment(name="a")
        gone = former.add_deployment(name="a", created_at=day(1), description_md="d", config={"x": 1})
        bystander = former.add_deployment(name="b", config={"uses": str(gone)})
        task = former.add_task(gone)
        acted = former.add_task(
            bystander,
            acting_deployment_id=gone,
            canceled_by_deployment_id=gone,
            status="Canceled",
            operation={"Install": {"config_inputs": {"uses": [str(gone)]}}},
        )
        kind = former.add("deployment_resource_types", deployment_kind_id=former.kind, key="shop")
        item = former.add("deployment_resources", type_id=kind, deployment_id=gone, name="n")
        workload = former.add(
            "k8s_resources",
            cluster_id=former.cluster,
            deployment_id=gone,
            kind="Job",
            api_version="batch/v1",
            name="j",
            status_color=[],
            metadata={},
        )
        adopt()
        for table, row in (
            ("deployment_tasks", task),
            ("deployment_resources", item),
            ("k8s_resources", workload),
        ):
            assert present(former, table, row)["deployment_id"] == kept
        row = present(former, "deployment_tasks", acted)
        assert (row["acting_deployment_id"], row["canceled_by_deployment_id"]) == (kept, kept)
        assert row["operation"]["Install"]["config_inputs"] == {"uses": [str(kept)]}
        assert present(former, "deployments", bystander)["config"] == {"uses": str(kept)}
        assert present(former, "deployments", kept)["description_md"] == "d"
        (left,) = leftovers(former, "deployments")
        assert (left["row_as_it_was"]["config"], left["kept_instead"]) == ({"x": 1}, kept)

    def test_what_the_other_still_had_to_do_does_not_hit_it(self, former: Installation, adopt: Any) -> None:
        kept = former.add_deployment(name="a")
        gone = former.add_deployment(name="a", enabled=False)
        waiting = former.add_task(gone, status="Pending")
        running = former.add_task(gone, status="Started", started_at=day(1))
        own = former.add_task(kept, status="Pending")
        adopt()
        assert present(former, "deployment_tasks", waiting)["status"] == "Canceled"
        assert present(former, "deployment_tasks", running)["status"] == "Failed"
        assert present(former, "deployment_tasks", own)["status"] == "Pending"


class TestAbandonedTasks:
    """Tasks that a crash left `Started`."""

    def test_one_that_later_tasks_overtook_is_failed(self, former: Installation, adopt: Any) -> None:
        deployment = former.add_deployment()
        abandoned = former.add_task(deployment, status="Started", started_at=day(1))
        former.add_task(deployment, status="Done", started_at=day(2), finished_at=day(3))
        adopt()
        row = present(former, "deployment_tasks", abandoned)
        assert row["status"] == "Failed"
        assert row["finished_at"] is not None
        assert "stopped" in row["reason"]

    def test_the_last_one_stays_started_for_recovery(self, former: Installation, adopt: Any) -> None:
        deployment = former.add_deployment()
        former.add_task(deployment, status="Started", started_at=day(1))
        last = former.add_task(deployment, status="Started", first_attempted_at=day(2), finished_at=day(2))
        adopt()
        started = [row for row in former.rows("deployment_tasks") if row["status"] == "Started"]
        assert [row["id"] for row in started] == [last]
        assert (started[0]["started_at"], started[0]["finished_at"]) == (day(2), None)


def test_a_failing_adoption_leaves_the_database_as_it_was(former: Installation, adopt: Any) -> None:
    former.execute("CREATE TABLE deployment_tasks_due (id uuid)")  # stands in the way of an index
    twins = [former.add("users", display_name="B", email=email) for email in ("b@x", "B@x")]
    with pytest.raises(MigrationFailed, match="it is as it was before"):
        adopt()
    assert all(former.row("users", twin) for twin in twins)
    assert {
        row["tgname"] for row in former.select("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")
    } >= {
        "notify_changes",
        "deployment_resource_types_rules",
    }


def test_tables_and_views_beside_those_of_platz_are_left_alone(former: Installation, adopt: Any) -> None:
    former.execute("CREATE VIEW all_users AS SELECT id, email FROM users")
    former.execute("CREATE TABLE notes (id int PRIMARY KEY, of_user uuid REFERENCES users (id))")
    former.execute(f"INSERT INTO notes VALUES (1, '{former.user}')")
    adopt()
    assert [row["id"] for row in former.rows("all_users")] == [former.user]
    assert [row["of_user"] for row in former.rows("notes")] == [former.user]
