"""Queries about accounts, whether identities still exist, and what they may see.

Invariant: one person has one account, whatever the letter case of the e-mail address (unique on `lower(email)`).

Source: docs/contract/auth.md, "Identities and credentials", "Finding or creating the user".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, func, literal, select
from sqlalchemy.dialects.postgresql import insert

from platz.db import schema
from platz.db.enums import DeploymentStatus, EnvUserRole
from platz.db.rows import columns_of, driver_row, first_row
from platz.identities import Bot, BotId, Deployment, DeploymentId, EnvId, Identity, User, UserId

users = schema.users


@dataclass(frozen=True, kw_only=True)
class AccountRow:
    """The columns of `users` that are read at sign-in."""

    id: UserId
    is_active: bool


@dataclass(frozen=True, kw_only=True)
class DeploymentAccountRow:
    """The facts that a deployment may read about itself."""

    id: DeploymentId
    name: str


@dataclass(frozen=True, kw_only=True)
class VisibleScope:
    """The rows that an identity may see: all of them, or those of some environments."""

    everything: bool
    env_ids: frozenset[EnvId]


def deployment_lives() -> ColumnElement[bool]:
    """Return the condition for deployments whose credentials count: neither disabled nor being deleted."""
    own = schema.deployments
    return own.c.enabled & (own.c.status != DeploymentStatus.DELETING)


def deployment_account(connection: Connection, deployment_id: DeploymentId) -> DeploymentAccountRow | None:
    """The deployment's id and name, or None."""
    own = schema.deployments
    query = select(own.c.id, own.c.name).where(own.c.id == deployment_id)
    return first_row(connection, query, DeploymentAccountRow)


VISIBLE_SCOPE_SQL: Mapping[type[Identity], str] = {
    User: """
        SELECT is_admin AS everything,
            ARRAY(SELECT env_id FROM env_user_permissions WHERE user_id = users.id) AS env_ids
        FROM users WHERE id = %(caller)s::uuid AND is_active
    """,
    Bot: "SELECT true AS everything, '{}'::uuid[] AS env_ids FROM bots WHERE id = %(caller)s::uuid",
    Deployment: """
        SELECT false AS everything, array_remove(ARRAY[home.env_id], NULL) AS env_ids
        FROM deployments own JOIN k8s_clusters home ON home.id = own.cluster_id
        WHERE own.id = %(caller)s::uuid AND own.enabled AND own.status <> 'Deleting'
    """,
}
"""The statement that returns ``everything`` and ``env_ids`` of the identity ``%(caller)s``, or no row when the identity
may not sign in any more. Other statements build on it."""


def visible_scope(connection: Connection, identity: Identity) -> VisibleScope | None:
    """Return the scope of the identity, or None when it does not exist or is not active."""
    row = driver_row(connection, VISIBLE_SCOPE_SQL[type(identity)], {"caller": identity.id})
    return None if row is None else VisibleScope(everything=row[0], env_ids=frozenset(row[1]))


def visible_scopes(connection: Connection, identities: Iterable[Identity]) -> dict[Identity, VisibleScope]:
    """Return the scope of each identity, leaving out those that do not exist or are not active.

    Runs at most one statement for each kind of identity.
    """
    wanted = set(identities)
    people = [identity.id for identity in wanted if isinstance(identity, User)]
    bots = [identity.id for identity in wanted if isinstance(identity, Bot)]
    deployments = [identity.id for identity in wanted if isinstance(identity, Deployment)]
    everything = VisibleScope(everything=True, env_ids=frozenset())
    seen = _user_scopes(connection, people) if people else {}
    if bots:
        found = connection.scalars(select(schema.bots.c.id).where(schema.bots.c.id.in_(bots)))
        seen |= {Bot(id=BotId(bot)): everything for bot in found}
    return seen | (_deployment_scopes(connection, deployments) if deployments else {})


def _user_scopes(connection: Connection, ids: Collection[UserId]) -> dict[Identity, VisibleScope]:
    permissions = schema.env_user_permissions
    query = (
        select(users.c.id, users.c.is_admin, func.array_agg(permissions.c.env_id))
        .select_from(users.outerjoin(permissions, permissions.c.user_id == users.c.id))
        .where(users.c.id.in_(ids), users.c.is_active)
        .group_by(users.c.id)
    )
    return {
        User(id=UserId(user)): VisibleScope(
            everything=is_admin, env_ids=frozenset(EnvId(env_id) for env_id in env_ids if env_id is not None)
        )
        for user, is_admin, env_ids in connection.execute(query)
    }


def _deployment_scopes(connection: Connection, ids: Collection[DeploymentId]) -> dict[Identity, VisibleScope]:
    own, home = schema.deployments, schema.k8s_clusters
    query = (
        select(own.c.id, home.c.env_id)
        .join(home, home.c.id == own.c.cluster_id)
        .where(own.c.id.in_(ids), deployment_lives())
    )
    return {
        Deployment(id=DeploymentId(deployment)): VisibleScope(
            everything=False, env_ids=frozenset() if env_id is None else frozenset({EnvId(env_id)})
        )
        for deployment, env_id in connection.execute(query)
    }


def is_active(connection: Connection, user_id: UserId) -> bool:
    """Return whether the user exists and is active."""
    return bool(connection.scalar(select(users.c.is_active).where(users.c.id == user_id)))


def is_site_admin(connection: Connection, user_id: UserId) -> bool:
    """Return whether the user exists, is active and is a site admin."""
    query = select(users.c.is_admin).where(users.c.id == user_id, users.c.is_active)
    return bool(connection.scalar(query))


def find_by_email(connection: Connection, email: str) -> AccountRow | None:
    """Return the account of an e-mail address in any letter case, or None."""
    query = select(*columns_of(users, AccountRow)).where(func.lower(users.c.email) == func.lower(email))
    return first_row(connection, query, AccountRow)


def create_if_absent(
    connection: Connection, *, email: str, display_name: str, is_admin: bool
) -> AccountRow | None:
    """Insert the account; return None when there already is one for this e-mail address."""
    statement = (
        insert(users)
        .values(email=email, display_name=display_name, is_admin=is_admin)
        .on_conflict_do_nothing()
        .returning(*columns_of(users, AccountRow))
    )
    return first_row(connection, statement, AccountRow)


def join_open_envs(connection: Connection, user_id: UserId) -> None:
    """Give a new user the role `User` in every environment that adds new users automatically."""
    envs, permissions = schema.envs, schema.env_user_permissions
    open_envs = select(
        envs.c.id, literal(str(user_id)).cast(users.c.id.type), literal(EnvUserRole.USER.value)
    )
    statement = insert(permissions).from_select(
        ["env_id", "user_id", "role"], open_envs.where(envs.c.auto_add_new_users)
    )
    connection.execute(statement.on_conflict_do_nothing())
