"""What an identity may do: the named checks of auth.md section 6 and the operations that combine them.

Invariant: every check reads the database at the time of the request with one statement, so a right that is
taken away is gone at once. A check that fails raises `Denied` with the contract's sentence for the user and
a reason for the log; it raises `NotFound` when the cluster it is about does not exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, and_, false, literal, select

from platz.db import schema
from platz.db.enums import DeploymentRole, EnvUserRole
from platz.errors import Denied, NotFound, Unauthenticated
from platz.identities import Bot, ClusterId, Deployment, EnvId, Identity, KindId, User, UserId


def require_active_user(connection: Connection, identity: Identity) -> UserId:
    """Return the id of the active user behind the identity; bots and deployments are denied."""
    if not isinstance(identity, User):
        raise Denied(reason=f"{_name(identity)} is not a user")
    active = select(schema.users.c.is_active).where(schema.users.c.id == identity.id)
    if not connection.scalar(active):
        raise Unauthenticated("Bearer authentication error: Unknown user")
    return identity.id


def is_site_admin(connection: Connection, identity: Identity) -> bool:
    """Tell whether the identity is an active user who administers the installation."""
    if not isinstance(identity, User):
        return False
    users = schema.users
    admin = select(users.c.is_admin).where(users.c.id == identity.id, users.c.is_active)
    return bool(connection.scalar(admin))


def require_site_admin(connection: Connection, identity: Identity) -> None:
    """Pass active users with is_admin; bots and deployments are denied."""
    if not is_site_admin(connection, identity):
        raise Denied(reason=f"{_name(identity)} is not a site admin")


def require_env_admin(connection: Connection, env_id: EnvId, identity: Identity) -> None:
    """Pass users with role Admin in the environment, and site admins; bots and deployments are denied."""
    if not isinstance(identity, User) or not _administers(connection, env_id, identity):
        raise Denied(reason=f"{_name(identity)} is not an admin of env {env_id}")


def require_deployment_owner(
    connection: Connection, cluster_id: ClusterId, kind_id: KindId, identity: Identity
) -> None:
    """Pass owners of the kind in the cluster's environment and admins; bots and deployments are denied."""
    require_deployment_role(connection, cluster_id, kind_id, DeploymentRole.OWNER, identity)


def require_deployment_maintainer(
    connection: Connection, cluster_id: ClusterId, kind_id: KindId, identity: Identity
) -> None:
    """Pass whoever has a role on the kind, admins, every bot, and deployments of the same environment."""
    require_deployment_role(connection, cluster_id, kind_id, DeploymentRole.MAINTAINER, identity)


def require_deployment_role(
    connection: Connection, cluster_id: ClusterId, kind_id: KindId, role: DeploymentRole, identity: Identity
) -> None:
    """Pass who has at least ``role`` on the kind in the cluster's environment.

    This is also the rule for an action's `allowed_role` (chart-extensions.md section 8.3): there, bots and
    other deployments count as maintainers.
    """
    standing = _standing(connection, cluster_id, kind_id, identity)
    if standing is None:
        raise NotFound
    if not standing.suffices_for(role):
        where = f"of kind {kind_id} in cluster {cluster_id} (env {standing.env_id})"
        raise Denied(reason=f"{_name(identity)} is not {role.value} {where}")


def require_enabling(
    connection: Connection, cluster_id: ClusterId, kind_id: KindId, identity: Identity
) -> None:
    """Check the right to enable or disable a deployment: users must own it, others may as maintainers do."""
    role = DeploymentRole.OWNER if isinstance(identity, User) else DeploymentRole.MAINTAINER
    require_deployment_role(connection, cluster_id, kind_id, role, identity)


def require_resource_editor(
    connection: Connection,
    *,
    cluster_id: ClusterId | None,
    kind_id: KindId | None,
    allowed_role: DeploymentRole | None,
    identity: Identity,
) -> None:
    """Check the right to create, update or delete a deployment resource.

    ``cluster_id`` and ``kind_id`` are those of the managing deployment; without one, only site admins and
    bots pass. ``allowed_role`` is what the type's lifecycle says for the operation, and binds users only.
    """
    if cluster_id is None or kind_id is None:
        if not isinstance(identity, Bot):
            require_site_admin(connection, identity)
        return
    role = allowed_role if isinstance(identity, User) and allowed_role else DeploymentRole.MAINTAINER
    require_deployment_role(connection, cluster_id, kind_id, role, identity)


def require_task_cancel(
    connection: Connection,
    *,
    creator: Identity | None,
    cluster_id: ClusterId,
    kind_id: KindId,
    identity: Identity,
) -> None:
    """Check the right to cancel a task: its creator, a maintainer of its deployment, or a site admin.

    Unlike the other checks this raises `Denied` with the sentence of http-api.md section 7.13.
    """
    if identity == creator or is_site_admin(connection, identity):
        return
    try:
        require_deployment_maintainer(connection, cluster_id, kind_id, identity)
    except Denied as denied:
        sentence = "Only admin users can cancel tasks of other users"
        raise Denied(sentence, reason=denied.reason) from denied


@dataclass(frozen=True, kw_only=True)
class _Standing:
    """An identity's role on one kind in the environment of one cluster."""

    env_id: EnvId | None
    role: DeploymentRole | None

    def suffices_for(self, wanted: DeploymentRole) -> bool:
        if self.env_id is None or self.role is None:
            return False
        return self.role is DeploymentRole.OWNER or wanted is DeploymentRole.MAINTAINER


def _standing(
    connection: Connection, cluster_id: ClusterId, kind_id: KindId, identity: Identity
) -> _Standing | None:
    """Return None when there is no such cluster."""
    match identity:
        case User():
            statement = _user_standing(cluster_id, kind_id, identity)
        case Deployment():
            statement = _deployment_standing(cluster_id, identity)
        case Bot():
            statement = _bot_standing(cluster_id)
    row = connection.execute(statement).one_or_none()
    if row is None:
        return None
    env_id, owns, granted = row  # the columns: environment, admin of it, role granted on the kind
    role = DeploymentRole.OWNER if owns else DeploymentRole(granted) if granted else None
    return _Standing(env_id=env_id, role=role)


def _user_standing(cluster_id: ClusterId, kind_id: KindId, user: User) -> Select[Any, Any, Any]:
    clusters, users = schema.k8s_clusters, schema.users
    in_env, on_kind = schema.env_user_permissions, schema.deployment_permissions
    tables = (
        clusters.outerjoin(users, and_(users.c.id == user.id, users.c.is_active))
        .outerjoin(in_env, and_(in_env.c.env_id == clusters.c.env_id, in_env.c.user_id == users.c.id))
        .outerjoin(
            on_kind,
            and_(
                on_kind.c.env_id == clusters.c.env_id,
                on_kind.c.user_id == users.c.id,
                on_kind.c.kind_id == kind_id,
            ),
        )
    )
    owns = users.c.is_admin.is_(True) | (in_env.c.role == EnvUserRole.ADMIN.value)
    return (
        select(clusters.c.env_id, owns, on_kind.c.role).select_from(tables).where(clusters.c.id == cluster_id)
    )


def _deployment_standing(cluster_id: ClusterId, deployment: Deployment) -> Select[Any, Any, Any]:
    """A deployment is a maintainer in the environment of its own cluster, and nothing elsewhere."""
    clusters, own, home = schema.k8s_clusters, schema.deployments, schema.k8s_clusters.alias("home")
    at_home = (
        select(literal(DeploymentRole.MAINTAINER.value))
        .select_from(own.join(home, home.c.id == own.c.cluster_id))
        .where(own.c.id == deployment.id, home.c.env_id == clusters.c.env_id)
        .scalar_subquery()
    )
    return select(clusters.c.env_id, false(), at_home).where(clusters.c.id == cluster_id)


def _bot_standing(cluster_id: ClusterId) -> Select[Any, Any, Any]:
    """Every bot is a maintainer everywhere: the one place to tighten once bots have permissions."""
    clusters = schema.k8s_clusters
    maintainer = literal(DeploymentRole.MAINTAINER.value)
    return select(clusters.c.env_id, false(), maintainer).where(clusters.c.id == cluster_id)


def _administers(connection: Connection, env_id: EnvId, user: User) -> bool:
    users, in_env = schema.users, schema.env_user_permissions
    admin = select(users.c.is_admin.is_(True) | in_env.c.role.is_not(None)).select_from(
        users.outerjoin(
            in_env,
            and_(
                in_env.c.user_id == users.c.id,
                in_env.c.env_id == env_id,
                in_env.c.role == EnvUserRole.ADMIN.value,
            ),
        )
    )
    return bool(connection.scalar(admin.where(users.c.id == user.id, users.c.is_active)))


def _name(identity: Identity) -> str:
    return f"{type(identity).__name__.lower()} {identity.id}"
