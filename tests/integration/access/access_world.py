"""Two environments, their clusters, one kind, and one identity of every standing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Table, insert

from platz.db import schema
from platz.db.database import Database
from platz.identities import Bot, BotId, ClusterId, Deployment, DeploymentId, EnvId, KindId, User, UserId


@dataclass(frozen=True, kw_only=True)
class AccessWorld:
    """`home` is the environment in which the people have their roles; `abroad` is another one."""

    home: EnvId
    abroad: EnvId
    home_cluster: ClusterId
    abroad_cluster: ClusterId
    stray_cluster: ClusterId
    kind: KindId
    other_kind: KindId
    admin: User
    env_admin: User
    owner: User
    maintainer: User
    viewer: User
    outsider: User
    inactive_admin: User
    bot: Bot
    home_deployment: Deployment
    abroad_deployment: Deployment


def build(database: Database) -> AccessWorld:
    """Insert it all."""
    with database.transaction() as connection:
        make = Maker(connection)
        home, abroad = EnvId(make.env()), EnvId(make.env())
        kind, other_kind = KindId(make.kind()), KindId(make.kind())
        home_cluster, abroad_cluster = make.cluster(home), make.cluster(abroad)
        chart = make.chart(kind)
        return AccessWorld(
            home=home,
            abroad=abroad,
            home_cluster=ClusterId(home_cluster),
            abroad_cluster=ClusterId(abroad_cluster),
            stray_cluster=ClusterId(make.cluster(None)),
            kind=kind,
            other_kind=other_kind,
            admin=make.user(is_admin=True),
            env_admin=make.member(home, "Admin"),
            owner=make.member(home, "User", kind=kind, role="Owner"),
            maintainer=make.member(home, "User", kind=kind, role="Maintainer"),
            viewer=make.member(home, "User"),
            outsider=make.user(),
            inactive_admin=make.user(is_admin=True, is_active=False),
            bot=Bot(id=BotId(make.row(schema.bots, display_name="robot"))),
            home_deployment=make.deployment(home_cluster, kind, chart),
            abroad_deployment=make.deployment(abroad_cluster, kind, chart),
        )


class Maker:
    """Inserts rows with as little as possible in each."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def row(self, table: Table, **values: Any) -> UUID:
        return self.connection.execute(insert(table).values(**values).returning(table.c.id)).scalar_one()

    def env(self, **values: Any) -> UUID:
        return self.row(schema.envs, name=f"env-{uuid4()}", **values)

    def kind(self) -> UUID:
        return self.row(schema.deployment_kinds, name=f"Kind{uuid4().hex}")

    def cluster(self, env_id: UUID | None) -> UUID:
        name = f"cluster-{uuid4()}"
        return self.row(schema.k8s_clusters, provider_id=name, name=name, region_name="local", env_id=env_id)

    def chart(self, kind_id: UUID) -> UUID:
        registry = self.row(
            schema.helm_registries, domain_name="localhost", repo_name=str(uuid4()), kind_id=kind_id
        )
        return self.row(
            schema.helm_charts,
            created_at=datetime(2024, 3, 9, tzinfo=UTC),
            helm_registry_id=registry,
            image_digest="sha256:0",
            image_tag="1.0.0",
        )

    def user(self, **values: Any) -> User:
        name = f"user-{uuid4()}"
        return User(
            id=UserId(self.row(schema.users, display_name=name, email=f"{name}@example.com", **values))
        )

    def member(
        self, env_id: UUID, env_role: str, *, kind: UUID | None = None, role: str | None = None
    ) -> User:
        user = self.user()
        self.row(schema.env_user_permissions, env_id=env_id, user_id=user.id, role=env_role)
        if kind is not None:
            self.row(schema.deployment_permissions, env_id=env_id, user_id=user.id, kind_id=kind, role=role)
        return user

    def deployment(self, cluster_id: UUID, kind_id: UUID, chart_id: UUID) -> Deployment:
        name = f"d-{uuid4().hex[:8]}"
        row = self.row(
            schema.deployments, name=name, cluster_id=cluster_id, kind_id=kind_id, helm_chart_id=chart_id
        )
        return Deployment(id=DeploymentId(row))
