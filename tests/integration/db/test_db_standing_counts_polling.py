"""Small queries over several tables: the standing of an identity, the counts of the metrics, the polled deployments."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from db_rows import Ground, add, add_chart, add_cluster, add_deployment, add_task, lay_ground
from sqlalchemy import text, update

from platz.db import schema
from platz.db.counts import count
from platz.db.database import Database
from platz.db.enums import DeploymentRole, DeploymentStatus, TaskStatus
from platz.db.polling import poll_candidates
from platz.db.standing import Standing, env_standing_of, standing_of
from platz.identities import Bot, BotId, ClusterId, Deployment, EnvId, KindId, User, UserId

FEATURES = {"status": {"endpoint": "standard_ingress", "path": "/s", "refresh_interval_secs": 5}}


@pytest.fixture
def ground(database: Database) -> Ground:
    with database.transaction() as connection:
        return lay_ground(connection)


class TestStanding:
    """What somebody is in the environment of a cluster."""

    def user(self, database: Database, **values: object) -> User:
        with database.transaction() as connection:
            return User(
                id=UserId(add(connection, schema.users, display_name="x", email=str(uuid4()), **values))
            )

    def admin_of(self, database: Database, user: User, env: UUID, role: str = "Admin") -> None:
        with database.transaction() as connection:
            add(connection, schema.env_user_permissions, user_id=user.id, env_id=env, role=role)

    def standing(
        self, database: Database, ground: Ground, identity: User | Bot | Deployment
    ) -> Standing | None:
        with database.reading() as connection:
            return standing_of(connection, identity, ground.cluster, KindId(ground.kind))

    def test_nobody_in_particular(self, database: Database, ground: Ground) -> None:
        assert self.standing(database, ground, self.user(database)) == Standing(env_id=ground.env)

    def test_a_site_admin_administers_every_environment(self, database: Database, ground: Ground) -> None:
        standing = self.standing(database, ground, self.user(database, is_admin=True))
        assert standing == Standing(env_id=ground.env, is_seen=True, administers=True)

    @pytest.mark.parametrize(("role", "administers"), [("Admin", True), ("User", False)])
    def test_a_role_in_the_environment(
        self, database: Database, ground: Ground, role: str, *, administers: bool
    ) -> None:
        user = self.user(database)
        self.admin_of(database, user, ground.env, role)
        standing = self.standing(database, ground, user)
        assert standing == Standing(env_id=ground.env, is_seen=True, administers=administers)
        with database.reading() as connection:
            assert env_standing_of(connection, user.id, ground.env).administers is administers

    def test_a_role_elsewhere_counts_nothing(self, database: Database, ground: Ground) -> None:
        user = self.user(database)
        with database.transaction() as connection:
            elsewhere = lay_ground(connection)
        self.admin_of(database, user, elsewhere.env)
        assert self.standing(database, ground, user) == Standing(env_id=ground.env)
        with database.reading() as connection:
            assert not env_standing_of(connection, user.id, ground.env).administers

    @pytest.mark.parametrize("role", DeploymentRole)
    def test_a_role_for_the_kind_counts_for_members_only(
        self, database: Database, ground: Ground, role: DeploymentRole
    ) -> None:
        user = self.user(database)
        with database.transaction() as connection:
            values = {"user_id": user.id, "env_id": ground.env, "role": role.value}
            add(connection, schema.deployment_permissions, **values, kind_id=ground.kind)
        assert self.standing(database, ground, user) == Standing(env_id=ground.env)
        self.admin_of(database, user, ground.env, "User")
        expected = Standing(env_id=ground.env, is_seen=True, granted=role)
        assert self.standing(database, ground, user) == expected

    def test_a_role_for_another_kind_counts_nothing(self, database: Database, ground: Ground) -> None:
        user = self.user(database)
        with database.transaction() as connection:
            other = add(connection, schema.deployment_kinds, name="Other")
            values = {"user_id": user.id, "env_id": ground.env, "role": "Owner"}
            add(connection, schema.deployment_permissions, **values, kind_id=other)
        assert self.standing(database, ground, user) == Standing(env_id=ground.env)

    def test_a_deactivated_user_is_nobody(self, database: Database, ground: Ground) -> None:
        user = self.user(database, is_admin=True, is_active=False)
        self.admin_of(database, user, ground.env)
        assert self.standing(database, ground, user) == Standing(env_id=ground.env)
        with database.reading() as connection:
            assert not env_standing_of(connection, user.id, ground.env).administers

    def test_an_unknown_user_is_nobody(self, database: Database, ground: Ground) -> None:
        assert self.standing(database, ground, User(id=UserId(uuid4()))) == Standing(env_id=ground.env)

    def test_a_bot_has_no_rights_of_its_own(self, database: Database, ground: Ground) -> None:
        assert self.standing(database, ground, Bot(id=BotId(uuid4()))) == Standing(
            env_id=ground.env, is_seen=True
        )

    def test_a_deployment_is_at_home_in_its_environment_only(
        self, database: Database, ground: Ground
    ) -> None:
        with database.transaction() as connection:
            elsewhere = lay_ground(connection)
            here, there = add_deployment(connection, ground), add_deployment(connection, elsewhere)
            neighbour = add_deployment(connection, ground, cluster_id=add_cluster(connection, ground.env))
        for deployment, is_home in ((here, True), (neighbour, True), (there, False)):
            standing = self.standing(database, ground, Deployment(id=deployment))
            assert standing == Standing(env_id=ground.env, is_seen=is_home, is_home=is_home)

    def test_a_cluster_without_an_environment_is_nobody_s_home(
        self, database: Database, ground: Ground
    ) -> None:
        with database.transaction() as connection:
            stray = ClusterId(add_cluster(connection, None))
            deployment = add_deployment(connection, ground, cluster_id=stray)
        with database.reading() as connection:
            own = standing_of(connection, Deployment(id=deployment), stray, KindId(ground.kind))
            users = standing_of(connection, self.user(database), stray, KindId(ground.kind))
        assert own == users == Standing(env_id=None)

    def test_an_unknown_cluster_gives_none(self, database: Database, ground: Ground) -> None:
        with database.reading() as connection:
            for identity in (User(id=UserId(ground.user)), Bot(id=BotId(uuid4()))):
                assert standing_of(connection, identity, ClusterId(uuid4()), KindId(ground.kind)) is None
            assert not env_standing_of(connection, UserId(ground.user), EnvId(uuid4())).administers


class TestCounts:
    """The counts of the metrics."""

    def test_an_empty_installation(self, database: Database) -> None:
        with database.reading() as connection:
            counts = count(connection)
        assert (counts.tasks, counts.deployments, counts.cluster_names) == ({}, {}, ())

    def test_tasks_by_status_and_deployments_by_place(self, database: Database, ground: Ground) -> None:
        with database.transaction() as connection:
            connection.execute(text("UPDATE deployment_kinds SET name = 'Shop'"))
            running = [add_deployment(connection, ground, status="Running") for _ in range(2)]
            add_deployment(connection, ground)
            for deployment in running:
                add_task(connection, ground, deployment)
            add_task(connection, ground, running[0], status="Done")
            counts = count(connection)
        assert counts.tasks == {TaskStatus.PENDING: 2, TaskStatus.DONE: 1}
        assert counts.deployments == {
            ("Shop", DeploymentStatus.RUNNING, "c"): 2,
            ("Shop", DeploymentStatus.UNKNOWN, "c"): 1,
        }
        assert counts.cluster_names == ("c",)

    def test_clusters_of_one_name_are_counted_together(self, database: Database, ground: Ground) -> None:
        with database.transaction() as connection:
            twin = add_cluster(connection, None)
            for cluster in (ground.cluster, twin):
                add_deployment(connection, ground, cluster_id=cluster)
            counts = count(connection)
        assert list(counts.deployments.values()) == [2]
        assert counts.cluster_names == ("c",)


class TestPolling:
    """Which deployments may have to be polled."""

    def with_revision(
        self, database: Database, ground: Ground, operation: str = "Install", **values: object
    ) -> UUID:
        with database.transaction() as connection:
            charts = schema.helm_charts
            running = add_chart(connection, ground.registry)
            connection.execute(update(charts).where(charts.c.id == running).values(features=FEATURES))
            deployment = add_deployment(connection, ground, **values)
            document = {operation: {"helm_chart_id": str(running), "config_inputs": {}}}
            task = add_task(connection, ground, deployment, operation=document, status="Done")
            own = schema.deployments
            connection.execute(update(own).where(own.c.id == deployment).values(revision_id=task))
        return deployment

    @pytest.mark.parametrize("operation", ["Install", "Upgrade"])
    def test_the_features_are_those_of_the_revision(
        self, database: Database, ground: Ground, operation: str
    ) -> None:
        deployment = self.with_revision(database, ground, operation, name="blue")
        with database.reading() as connection:
            (candidate,) = poll_candidates(connection)
        assert (candidate.id, candidate.name, candidate.features) == (deployment, "blue", FEATURES)
        assert (candidate.has_revision, candidate.enabled, candidate.has_reported) == (True, True, False)

    def test_one_without_revision_has_no_features(self, database: Database, ground: Ground) -> None:
        with database.transaction() as connection:
            add_deployment(connection, ground, enabled=False, reported_status={"error": "x"})
            (candidate,) = poll_candidates(connection)
        assert (candidate.has_revision, candidate.features) == (False, None)
        assert (candidate.enabled, candidate.has_reported) == (False, True)

    def test_a_revision_whose_chart_is_gone_has_no_features(self, database: Database, ground: Ground) -> None:
        self.with_revision(database, ground)
        with database.transaction() as connection:
            connection.execute(text("DELETE FROM helm_charts WHERE features IS NOT NULL"))
            (candidate,) = poll_candidates(connection)
        assert (candidate.has_revision, candidate.features) == (True, None)

    def test_only_those_that_are_asked_for(self, database: Database, ground: Ground) -> None:
        first, second = (self.with_revision(database, ground) for _ in range(2))
        with database.reading() as connection:
            assert [each.id for each in poll_candidates(connection, [second])] == [second]
            assert [each.id for each in poll_candidates(connection, [uuid4()])] == []
            assert [each.id for each in poll_candidates(connection, [])] == []
            assert {each.id for each in poll_candidates(connection)} == {first, second}

    def test_the_domain_is_that_of_the_cluster(self, database: Database, ground: Ground) -> None:
        self.with_revision(database, ground)
        with database.transaction() as connection:
            connection.execute(update(schema.k8s_clusters).values(ingress_domain="example.com"))
            (candidate,) = poll_candidates(connection)
        assert candidate.ingress_domain == "example.com"
