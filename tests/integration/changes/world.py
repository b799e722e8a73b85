"""A small world for tests of changes: two environments, their clusters, a kind, charts and people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Concatenate, ParamSpec, TypeVar
from uuid import UUID

from cryptography.fernet import Fernet
from sqlalchemy import Connection, Row, Table, insert, select, text

from platz.changes.deployments import DeploymentUpdate, NewDeployment, create_deployment, update_deployment
from platz.config import Role
from platz.db import schema
from platz.db.database import Database
from platz.db.encryption import Cipher
from platz.db.enums import DeploymentRole, EnvUserRole, TaskStatus
from platz.db.leases import LeaseKeeper, cluster_lease
from platz.db.tables import tasks
from platz.identities import (
    Bot,
    BotId,
    ChartId,
    ClusterId,
    DeploymentId,
    EnvId,
    Identity,
    KindId,
    TaskId,
    User,
    UserId,
)
from platz.tasks.operations import Operation, from_json

P = ParamSpec("P")
T = TypeVar("T")


def cipher_with_a_key() -> Cipher:
    return Cipher([Fernet.generate_key().decode()])


@dataclass
class World:
    """Ids of what exists, and words to change it; ``cipher`` is the installation's."""

    database: Database
    env: EnvId
    other_env: EnvId
    cluster: ClusterId
    second_cluster: ClusterId
    foreign_cluster: ClusterId
    stray_cluster: ClusterId
    kind: KindId
    registry: UUID
    chart: ChartId
    next_chart: ChartId
    admin: User
    env_admin: User
    owner: User
    maintainer: User
    viewer: User
    bot: Bot
    cipher: Cipher = field(default_factory=cipher_with_a_key)

    @classmethod
    def build(cls, database: Database) -> World:
        with database.transaction() as connection:
            make = Maker(connection)
            env, other_env = make.env("Production"), make.env("Staging")
            kind = make.kind("WebShop")
            registry = make.registry("web-shop-chart", kind)
            chart = make.chart(registry, "1.0.0")
            world = cls(
                database=database,
                env=env,
                other_env=other_env,
                cluster=make.cluster("blue", env),
                second_cluster=make.cluster("green", env),
                foreign_cluster=make.cluster("red", other_env),
                stray_cluster=make.cluster("grey", None),
                kind=kind,
                registry=registry,
                chart=chart,
                next_chart=make.chart(registry, "1.1.0"),
                admin=make.user("admin", is_admin=True),
                env_admin=make.member("env-admin", env, EnvUserRole.ADMIN),
                owner=make.member("owner", env),
                maintainer=make.member("maintainer", env),
                viewer=make.member("viewer", env),
                bot=make.bot("robot"),
            )
            make.grant(world.owner, env, kind, DeploymentRole.OWNER)
            make.grant(world.maintainer, env, kind, DeploymentRole.MAINTAINER)
        return world

    @contextmanager
    def making(self):
        with self.database.transaction() as connection:
            yield Maker(connection)

    def do(self, change: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a change or a query in a transaction of its own."""
        with self.database.transaction() as connection:
            return change(connection, *args, **kwargs)

    @contextmanager
    def served(self, *clusters: ClusterId) -> Iterator[None]:
        """Hold the leases of clusters, as the process that serves them does."""
        leases = LeaseKeeper(self.database, lambda _: None)
        leases.start()
        try:
            assert all(leases.try_acquire(cluster_lease(cluster, Role.DEPLOY)) for cluster in clusters)
            yield
        finally:
            leases.stop()

    def create(self, name: str = "blue", *, by: Identity | None = None, **fields: Any) -> DeploymentId:
        given = {"kind_id": self.kind, "cluster_id": self.cluster, "helm_chart_id": self.chart} | fields
        new = NewDeployment(name=name, **given)
        return self.do(create_deployment, by or self.admin, new, cipher=self.cipher)

    def update(self, deployment_id: DeploymentId, *, by: Identity | None = None, **fields: Any) -> None:
        update = DeploymentUpdate(**fields)
        self.do(update_deployment, by or self.admin, deployment_id, update, cipher=self.cipher)

    def installed(self, name: str = "blue", **fields: Any) -> DeploymentId:
        """Create a deployment whose Install is done."""
        deployment_id = self.create(name, **fields)
        self.settle(deployment_id)
        return deployment_id

    def settle(self, deployment_id: DeploymentId) -> None:
        """Finish the deployment's waiting tasks, and make the last Install or Upgrade its revision."""
        with self.database.transaction() as connection:
            connection.execute(
                text(
                    "update deployment_tasks set status = 'Done', finished_at = now()"
                    " where deployment_id = :id and status = 'Pending'"
                ),
                {"id": deployment_id},
            )
            connection.execute(
                text(
                    "update deployments d set status = 'Running', revision_id = case when enabled then ("
                    " select id from deployment_tasks t where t.deployment_id = d.id"
                    " and (operation ? 'Install' or operation ? 'Upgrade')"
                    " order by created_at desc limit 1) end where id = :id"
                ),
                {"id": deployment_id},
            )

    def find(self, table: Table, row_id: UUID) -> Row[Any] | None:
        """A row as the database has it, with all its columns; None when it is gone."""
        with self.database.reading() as connection:
            return connection.execute(select(table).where(table.c.id == row_id)).first()

    def stored(self, table: Table, row_id: UUID) -> Row[Any]:
        """The same for a row that must be there."""
        row = self.find(table, row_id)
        assert row is not None
        return row

    def row(self, deployment_id: DeploymentId) -> Row[Any] | None:
        return self.find(schema.deployments, deployment_id)

    def tasks(self, deployment_id: DeploymentId, *, pending: bool = True) -> list[Row[Any]]:
        """The waiting tasks, or all of them, in the order of the queue."""
        table = schema.deployment_tasks
        query = select(table).where(table.c.deployment_id == deployment_id)
        if pending:
            query = query.where(table.c.status == TaskStatus.PENDING)
        with self.database.reading() as connection:
            return [*connection.execute(query.order_by(table.c.execute_at, table.c.created_at, table.c.id))]

    def creator(self, task_id: TaskId) -> Identity | None:
        task = self.do(tasks.get, task_id)
        assert task is not None
        return task.creator

    def operations(self, deployment_id: DeploymentId) -> list[Operation]:
        """The waiting operations, in the order of the queue."""
        return [from_json(task.operation) for task in self.tasks(deployment_id)]

    def names(self, deployment_id: DeploymentId) -> list[str]:
        return [type(operation).__name__ for operation in self.operations(deployment_id)]


@dataclass
class Maker:
    """Inserts rows of the world."""

    connection: Connection

    def env(self, name: str) -> EnvId:
        return EnvId(self._insert(schema.envs, name=name))

    def cluster(self, name: str, env: EnvId | None, **columns: Any) -> ClusterId:
        values = {
            "provider_id": f"local:{name}",
            "name": name,
            "region_name": "local",
            "env_id": env,
            "ignore": False,
        }
        return ClusterId(self._insert(schema.k8s_clusters, **values | columns))

    def kind(self, name: str) -> KindId:
        return KindId(self._insert(schema.deployment_kinds, name=name))

    def registry(self, repo: str, kind: KindId) -> UUID:
        return self._insert(
            schema.helm_registries, domain_name="registry.test", repo_name=repo, kind_id=kind, provider="Oci"
        )

    def chart(self, registry: UUID, tag: str, **columns: Any) -> ChartId:
        values = {
            "helm_registry_id": registry,
            "image_tag": tag,
            "image_digest": f"sha256:{tag}",
            "created_at": text("now()"),
        }
        return ChartId(self._insert(schema.helm_charts, **values | columns))

    def user(self, name: str, *, is_admin: bool = False) -> User:
        values = {"display_name": name, "email": f"{name}@example.com", "is_admin": is_admin}
        return User(id=UserId(self._insert(schema.users, **values)))

    def member(self, name: str, env: EnvId, role: EnvUserRole = EnvUserRole.USER) -> User:
        user = self.user(name)
        self._insert(schema.env_user_permissions, env_id=env, user_id=user.id, role=role)
        return user

    def grant(self, user: User, env: EnvId, kind: KindId, role: DeploymentRole) -> None:
        self._insert(schema.deployment_permissions, env_id=env, user_id=user.id, kind_id=kind, role=role)

    def bot(self, name: str) -> Bot:
        return Bot(id=BotId(self._insert(schema.bots, display_name=name)))

    def secret(self, env: EnvId, name: str = "token", contents: str = "s3cret") -> UUID:
        return self._insert(schema.secrets, env_id=env, collection="Tokens", name=name, contents=contents)

    def resource_type(self, kind: KindId, key: str, env: EnvId | None = None, **spec: Any) -> UUID:
        return self._insert(
            schema.deployment_resource_types,
            env_id=env,
            deployment_kind_id=kind,
            key=key,
            spec=resource_spec(**spec),
        )

    def resource(
        self, type_id: UUID, deployment: DeploymentId | None, name: str = "thing", **columns: Any
    ) -> UUID:
        values = {"type_id": type_id, "deployment_id": deployment, "name": name, "sync_status": "Ready"}
        return self._insert(schema.deployment_resources, **values | columns)

    def _insert(self, table: Any, **values: Any) -> UUID:
        return self.connection.scalars(insert(table).values(**values).returning(table.c.id)).one()


def resource_spec(**changes: Any) -> dict[str, Any]:
    spec = {
        "name_singular": "Campaign",
        "name_plural": "Campaigns",
        "fontawesome_icon": "bullhorn",
        "global": False,
        "values_ui": {"inputs": [], "outputs": {"values": [], "secrets": {}}},
        "lifecycle": {"create": None, "update": None, "delete": None},
    }
    return spec | changes


def select_input(input_id: str, collection: object, *, array: bool = False, **changes: Any) -> dict[str, Any]:
    """A CollectionSelect input in stored form."""
    declared = {
        "id": input_id,
        "type": "array" if array else "CollectionSelect",
        "itemType": "CollectionSelect" if array else None,
        "collection": collection,
        "label": input_id,
    }
    return declared | changes


def values_ui(*inputs: dict[str, Any]) -> dict[str, Any]:
    return {"inputs": list(inputs), "outputs": {"values": [], "secrets": {}}}


def features(**changes: Any) -> dict[str, Any]:
    """A v0 features document."""
    return {"standard_ingress": False} | changes
