"""The permissions of identities: the named checks of docs/contract/auth.md, "Permission checks", and combinations.

Invariant: every check reads the database at the time of the request, so a revoked right is gone at once. A check that
fails raises `Denied`, with the contract's sentence for the user and a reason for the log; but about what the identity
does not see it says `NotFound`, exactly as about what does not exist.
"""

from __future__ import annotations

from sqlalchemy import Connection

from platz.access.visibility import scope_of
from platz.db.enums import DeploymentRole
from platz.db.standing import EnvStanding, Standing, env_standing_of, standing_of
from platz.db.tables import accounts
from platz.errors import Denied, NotFound, Unauthenticated
from platz.identities import Bot, ClusterId, Deployment, DeploymentId, EnvId, Identity, KindId, User, UserId


def require_active_user(connection: Connection, identity: Identity) -> UserId:
    """Return the id of an active user; bots and deployments are denied.

    Raises `Unauthenticated` for a user who is not active.
    """
    if not isinstance(identity, User):
        raise Denied(reason=f"{_name(identity)} is not a user")
    if not accounts.is_active(connection, identity.id):
        raise Unauthenticated("Bearer authentication error: Unknown user")
    return identity.id


def is_site_admin(connection: Connection, identity: Identity) -> bool:
    """Return whether the identity is an active user who is a site admin."""
    return isinstance(identity, User) and accounts.is_site_admin(connection, identity.id)


def require_site_admin(connection: Connection, identity: Identity) -> None:
    """Accept active users who are site admins; bots and deployments are denied."""
    if not is_site_admin(connection, identity):
        raise Denied(reason=f"{_name(identity)} is not a site admin")


def require_env_admin(connection: Connection, env_id: EnvId, identity: Identity) -> None:
    """Accept active users who are admins of the environment or of the site; bots and deployments are denied."""
    standing = (
        env_standing_of(connection, identity.id, env_id) if isinstance(identity, User) else EnvStanding()
    )
    if standing.administers:
        return
    if not standing.is_seen:
        scope_of(connection, identity).require(env_id)
    raise Denied(reason=f"{_name(identity)} is not an admin of env {env_id}")


def require_deployment_owner(
    connection: Connection,
    cluster_id: ClusterId,
    kind_id: KindId,
    identity: Identity,
    *,
    deployment_id: DeploymentId | None = None,
) -> None:
    """Accept owners of the kind in the cluster's environment, and admins; bots and deployments are denied."""
    require_deployment_role(
        connection, cluster_id, kind_id, DeploymentRole.OWNER, identity, deployment_id=deployment_id
    )


def require_deployment_maintainer(
    connection: Connection,
    cluster_id: ClusterId,
    kind_id: KindId,
    identity: Identity,
    *,
    deployment_id: DeploymentId | None = None,
) -> None:
    """Accept users with any role for the kind, admins, every bot, and the deployment ``deployment_id`` itself."""
    require_deployment_role(
        connection, cluster_id, kind_id, DeploymentRole.MAINTAINER, identity, deployment_id=deployment_id
    )


def require_deployment_role(
    connection: Connection,
    cluster_id: ClusterId,
    kind_id: KindId,
    role: DeploymentRole,
    identity: Identity,
    *,
    deployment_id: DeploymentId | None = None,
) -> None:
    """Accept identities with at least ``role`` for the kind in the cluster's environment.

    Every bot, and the deployment ``deployment_id`` itself, count as maintainers. This is also the rule for an action's
    `allowed_role`.

    Source: docs/contract/chart-extensions.md, "Invoking an action".
    """
    standing = standing_of(connection, identity, cluster_id, kind_id)
    if standing is None or not standing.is_seen:
        raise NotFound
    if not _suffices(_role(identity, standing, deployment_id), role):
        where = f"of kind {kind_id} in cluster {cluster_id} (env {standing.env_id})"
        raise Denied(reason=f"{_name(identity)} is not {role.value} {where}")


def require_enabling(
    connection: Connection,
    cluster_id: ClusterId,
    kind_id: KindId,
    identity: Identity,
    *,
    deployment_id: DeploymentId | None = None,
) -> None:
    """Check the right to enable or disable a deployment: users must be owners, others count as maintainers."""
    role = DeploymentRole.OWNER if isinstance(identity, User) else DeploymentRole.MAINTAINER
    require_deployment_role(connection, cluster_id, kind_id, role, identity, deployment_id=deployment_id)


def require_rollback(
    connection: Connection,
    cluster_id: ClusterId,
    kind_id: KindId,
    identity: Identity,
    *,
    deployment_id: DeploymentId,
) -> None:
    """Check the right to bring back an earlier revision of a deployment: whoever may upgrade it has it."""
    require_deployment_maintainer(connection, cluster_id, kind_id, identity, deployment_id=deployment_id)


def require_resource_editor(
    connection: Connection,
    *,
    cluster_id: ClusterId | None,
    kind_id: KindId | None,
    allowed_role: DeploymentRole | None,
    identity: Identity,
    deployment_id: DeploymentId | None = None,
) -> None:
    """Check the right to create, update or delete a deployment resource.

    ``deployment_id``, ``cluster_id`` and ``kind_id`` are of the managing deployment; without one, the resource is seen
    by site admins and bots only. ``allowed_role`` is the role in the type's lifecycle for this operation, and applies
    only to users.
    """
    if cluster_id is None or kind_id is None:
        scope_of(connection, identity).require(None)
        return
    role = allowed_role if isinstance(identity, User) and allowed_role else DeploymentRole.MAINTAINER
    require_deployment_role(connection, cluster_id, kind_id, role, identity, deployment_id=deployment_id)


def require_task_cancel(
    connection: Connection,
    *,
    creator: Identity | None,
    cluster_id: ClusterId,
    kind_id: KindId,
    identity: Identity,
    deployment_id: DeploymentId | None = None,
) -> None:
    """Check the right to cancel a task: its creator, a maintainer of its deployment, or a site admin has it.

    Unlike the other checks, this one raises `Denied` with the sentence of docs/contract/http-api.md, "Deployment
    tasks".
    """
    if identity == creator or is_site_admin(connection, identity):
        return
    try:
        require_deployment_maintainer(connection, cluster_id, kind_id, identity, deployment_id=deployment_id)
    except Denied as denied:
        sentence = "Only admin users can cancel tasks of other users"
        raise Denied(sentence, reason=denied.reason) from denied


def _role(
    identity: Identity, standing: Standing, deployment_id: DeploymentId | None
) -> DeploymentRole | None:
    """Return the identity's role for the kind; in a cluster without an environment, nobody has one."""
    if standing.env_id is None:
        return None
    match identity:
        case User():
            return DeploymentRole.OWNER if standing.administers else standing.granted
        case Deployment():
            is_own = standing.is_home and identity.id == deployment_id
            return DeploymentRole.MAINTAINER if is_own else None
        case Bot():  # every bot is a maintainer in every environment; restrict it here once bots have permissions
            return DeploymentRole.MAINTAINER


def _suffices(role: DeploymentRole | None, wanted: DeploymentRole) -> bool:
    return role is DeploymentRole.OWNER or (role is not None and wanted is DeploymentRole.MAINTAINER)


def _name(identity: Identity) -> str:
    return f"{type(identity).__name__.lower()} {identity.id}"
