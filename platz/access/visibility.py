"""What an identity may see: one answer for REST reads, live events and tasks (auth.md section 6.2).

Invariant: a row belongs to one environment or to none. Site admins, bots and deployments see every row;
any other user sees the rows of the environments in which the user has a permission of any role. Rows of
`GLOBAL_TABLES` belong to no environment and are open to everyone who is signed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, func, select

from platz.db import schema
from platz.db.tables import accounts
from platz.errors import NotFound
from platz.identities import Bot, BotId, Deployment, DeploymentId, EnvId, Identity, User, UserId

GLOBAL_TABLES = frozenset({
    "users", "bots", "settings", "deployment_kinds", "deployment_resource_types", "helm_registries",
    "helm_charts", "helm_tag_formats", "k8s_clusters", "k8s_resources",
})  # fmt: skip
ENV_TABLES = frozenset({
    "deployments", "deployment_tasks", "deployment_resources", "deployment_permissions", "envs",
    "env_user_permissions", "secrets",
})  # fmt: skip
TABLES = GLOBAL_TABLES | ENV_TABLES


@dataclass(frozen=True, kw_only=True)
class Scope:
    """The environments that an identity sees; ``everything`` includes rows that have none."""

    everything: bool = False
    env_ids: frozenset[EnvId] = frozenset()

    def sees(self, env_id: EnvId | None) -> bool:
        """Tell whether a row of this environment is visible; a row without one is only for ``everything``."""
        return self.everything or env_id in self.env_ids

    def require(self, env_id: EnvId | None) -> None:
        """Raise `NotFound`, exactly as for a missing row, when a row of this environment is hidden."""
        if not self.sees(env_id):
            raise NotFound

    def sees_change(self, table: str, env_id: EnvId | None) -> bool:
        """Tell whether a change of a row may be told (http-api.md section 8.3)."""
        return self.everything or table in GLOBAL_TABLES or env_id in self.env_ids


EVERYTHING = Scope(everything=True)
NOTHING = Scope()


def scope_of(connection: Connection, identity: Identity) -> Scope:
    """Return what the identity sees now; nothing when it no longer exists or is not active."""
    if isinstance(identity, User):
        return living_scope(connection, identity) or NOTHING
    return EVERYTHING


def living_scope(connection: Connection, identity: Identity) -> Scope | None:
    """Return what the identity sees now; None when it may not sign in any more. One small statement."""
    seen = accounts.visible_scope(connection, identity)
    return None if seen is None else _scope(seen.everything, seen.env_ids)


def living_scopes(connection: Connection, identities: Iterable[Identity]) -> Mapping[Identity, Scope]:
    """Return the scope of each identity that may still sign in; the others are left out.

    At most one statement for each kind of identity, so that thousands of live clients can be checked at once.
    """
    everyone = set(identities)
    users = [identity.id for identity in everyone if isinstance(identity, User)]
    bots = [identity.id for identity in everyone if isinstance(identity, Bot)]
    deployments = [identity.id for identity in everyone if isinstance(identity, Deployment)]
    living = _user_scopes(connection, users) if users else {}
    if bots:
        found = connection.scalars(select(schema.bots.c.id).where(schema.bots.c.id.in_(bots)))
        living.update({Bot(id=BotId(bot)): EVERYTHING for bot in found})
    if deployments:
        ids = select(schema.deployments.c.id).where(schema.deployments.c.id.in_(deployments))
        living.update({Deployment(id=DeploymentId(own)): EVERYTHING for own in connection.scalars(ids)})
    return living


def _user_scopes(connection: Connection, ids: Iterable[UserId]) -> dict[Identity, Scope]:
    users, permissions = schema.users, schema.env_user_permissions
    statement = (
        select(users.c.id, users.c.is_admin, func.array_agg(permissions.c.env_id))
        .select_from(users.outerjoin(permissions, permissions.c.user_id == users.c.id))
        .where(users.c.id.in_(list(ids)), users.c.is_active)
        .group_by(users.c.id)
    )
    rows = connection.execute(statement)
    return {User(id=UserId(user)): _scope(admin, envs) for user, admin, envs in rows}


def _scope(everything: bool, env_ids: Iterable[UUID | None]) -> Scope:
    if everything:
        return EVERYTHING
    return Scope(env_ids=frozenset(EnvId(env_id) for env_id in env_ids if env_id is not None))
