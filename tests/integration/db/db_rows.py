"""Makes the rows that the database's tests need, with as little as possible in each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Table, insert, text

from platz.db import schema
from platz.db.tables.lease_rows import Lease
from platz.identities import ClusterId, DeploymentId, EnvId, TaskId

LEASE = Lease(name="platz:cluster:of-the-tests", epoch=0)
"""Its epoch is one that the database never draws."""

LONG_AGO = datetime(2024, 3, 9, 12, 34, 56, tzinfo=UTC)


def add(connection: Connection, table: Table, **values: object) -> UUID:
    """Insert one row and give its id."""
    inserted: Any = connection.execute(insert(table).values(**values).returning(table.c.id)).scalar_one()
    return UUID(str(inserted))


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What tasks and deployments stand on."""

    env: EnvId
    cluster: ClusterId
    kind: UUID
    registry: UUID
    chart: UUID
    user: UUID


def lay_ground(connection: Connection) -> Ground:
    """Insert a lease, an environment, a cluster in it, a kind, a registry, a chart and a user."""
    connection.execute(
        text(
            "INSERT INTO platz_leases (name, epoch, holder) OVERRIDING SYSTEM VALUE"
            " VALUES (:name, :epoch, :holder) ON CONFLICT DO NOTHING"
        ),
        {"name": LEASE.name, "epoch": LEASE.epoch, "holder": uuid4()},
    )
    env = add(connection, schema.envs, name=f"env-{uuid4()}")
    kind = add(connection, schema.deployment_kinds, name=f"Kind-{uuid4()}")
    registry = add(connection, schema.helm_registries, domain_name="r", repo_name=str(uuid4()), kind_id=kind)
    return Ground(
        env=EnvId(env),
        cluster=ClusterId(add_cluster(connection, env)),
        kind=kind,
        registry=registry,
        chart=add_chart(connection, registry),
        user=add(connection, schema.users, display_name="U", email=f"{uuid4()}@x"),
    )


def add_cluster(connection: Connection, env: UUID | None) -> UUID:
    """Insert a cluster."""
    return add(
        connection, schema.k8s_clusters, provider_id=str(uuid4()), name="c", region_name="r", env_id=env
    )


def add_chart(connection: Connection, registry: UUID) -> UUID:
    """Insert a chart."""
    return add(
        connection,
        schema.helm_charts,
        created_at=LONG_AGO,
        helm_registry_id=registry,
        image_tag=str(uuid4()),
        image_digest="sha256:0",
    )


def add_deployment(connection: Connection, ground: Ground, **values: object) -> DeploymentId:
    """Insert a deployment in the ground's cluster."""
    defaults = {
        "name": f"d-{uuid4()}",
        "kind_id": ground.kind,
        "cluster_id": ground.cluster,
        "helm_chart_id": ground.chart,
    }
    return DeploymentId(add(connection, schema.deployments, **{**defaults, **values}))


def add_task(
    connection: Connection, ground: Ground, deployment: UUID, *, after: float = 0, **values: object
) -> TaskId:
    """Insert a pending task that became due ``after`` seconds after `LONG_AGO`."""
    defaults = {
        "deployment_id": deployment,
        "cluster_id": ground.cluster,
        "acting_user_id": ground.user,
        "operation": {"Uninstall": {}},
        "status": "Pending",
        "execute_at": LONG_AGO + timedelta(seconds=after),
        "created_at": LONG_AGO,
    }
    return TaskId(add(connection, schema.deployment_tasks, **{**defaults, **values}))
