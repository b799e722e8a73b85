"""The standing of an identity in the environment of a cluster: the facts to which `platz.access` applies its rules.

Invariant: each function reads the database with one small statement, so that a right that was just taken away no
longer counts.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Executable, and_, exists, false, func, select, true

from platz.db import schema
from platz.db.enums import DeploymentRole, EnvUserRole
from platz.db.rows import first_row
from platz.db.tables import accounts
from platz.identities import Bot, ClusterId, Deployment, EnvId, Identity, KindId, User, UserId


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The environment of a cluster (None when it has none), and the rights of an identity in it.

    ``is_seen``: the identity sees the cluster's deployments. ``administers``: it is an active user who is an admin of
    the environment or of the site. ``granted``: the role of an active member of the environment for one kind.
    ``is_home``: it is a deployment that lives in a cluster of this environment.
    """

    env_id: EnvId | None
    is_seen: bool = False
    administers: bool = False
    granted: DeploymentRole | None = None
    is_home: bool = False


def standing_of(
    connection: Connection, identity: Identity, cluster_id: ClusterId, kind_id: KindId
) -> Standing | None:
    """Return the identity's standing, or None when there is no such cluster."""
    return first_row(connection, _query(identity, cluster_id, kind_id), Standing)


@dataclass(frozen=True, kw_only=True)
class EnvStanding:
    """Whether an active user sees an environment, and whether the user is an admin of it or of the site."""

    is_seen: bool = False
    administers: bool = False


def env_standing_of(connection: Connection, user_id: UserId, env_id: EnvId) -> EnvStanding:
    """Return the user's standing in an environment, which need not exist."""
    users, in_env = schema.users, schema.env_user_permissions
    membership = and_(in_env.c.user_id == users.c.id, in_env.c.env_id == env_id)
    is_admin = users.c.is_admin.is_(True)
    query = (
        select(
            (is_admin | in_env.c.role.is_not(None)).label("is_seen"),
            func.coalesce(is_admin | (in_env.c.role == EnvUserRole.ADMIN), false()).label("administers"),
        )
        .select_from(users.outerjoin(in_env, membership))
        .where(users.c.id == user_id, users.c.is_active)
    )
    return first_row(connection, query, EnvStanding) or EnvStanding()


def _query(identity: Identity, cluster_id: ClusterId, kind_id: KindId) -> Executable:
    match identity:
        case User():
            return _of_user(identity, cluster_id, kind_id)
        case Deployment():
            return _of_deployment(identity, cluster_id)
        case Bot():
            clusters = schema.k8s_clusters
            return select(clusters.c.env_id, true().label("is_seen")).where(clusters.c.id == cluster_id)


def _of_user(user: User, cluster_id: ClusterId, kind_id: KindId) -> Executable:
    clusters, users = schema.k8s_clusters, schema.users
    in_env, on_kind = schema.env_user_permissions, schema.deployment_permissions
    tables = (
        clusters.outerjoin(users, and_(users.c.id == user.id, users.c.is_active))
        .outerjoin(in_env, and_(in_env.c.env_id == clusters.c.env_id, in_env.c.user_id == users.c.id))
        .outerjoin(
            on_kind,
            and_(
                on_kind.c.env_id == clusters.c.env_id,
                on_kind.c.user_id == in_env.c.user_id,  # a role on a kind counts for members only
                on_kind.c.kind_id == kind_id,
            ),
        )
    )
    is_admin = users.c.is_admin.is_(True)
    query = select(
        clusters.c.env_id,
        func.coalesce(is_admin | in_env.c.role.is_not(None), false()).label("is_seen"),
        func.coalesce(is_admin | (in_env.c.role == EnvUserRole.ADMIN), false()).label("administers"),
        on_kind.c.role.label("granted"),
    )
    return query.select_from(tables).where(clusters.c.id == cluster_id)


def _of_deployment(deployment: Deployment, cluster_id: ClusterId) -> Executable:
    clusters, own, home = schema.k8s_clusters, schema.deployments, schema.k8s_clusters.alias("home")
    is_home = exists(
        select(own.c.id)
        .join(home, home.c.id == own.c.cluster_id)
        .where(own.c.id == deployment.id, accounts.deployment_lives(), home.c.env_id == clusters.c.env_id)
    )
    return select(clusters.c.env_id, is_home.label("is_seen"), is_home.label("is_home")).where(
        clusters.c.id == cluster_id
    )
