"""Create, update and delete an environment.

Source: docs/contract/http-api.md, "Environments".
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from platz.access import permissions
from platz.access.visibility import scope_of
from platz.changes.dependants import refuse_if_used
from platz.changes.reinstalls import reinstall
from platz.db.enums import EnvUserRole
from platz.db.tables import clusters, deployments, envs
from platz.errors import NotFound, Rejected
from platz.identities import EnvId, Identity, User
from platz.json import JsonValue


@dataclass(frozen=True, kw_only=True)
class NewEnv:
    """The requested environment."""

    name: str
    auto_add_new_users: bool = False


@dataclass(frozen=True, kw_only=True)
class EnvUpdate:
    """The requested changes; None means "not given"."""

    name: str | None = None
    node_selector: JsonValue = None
    tolerations: JsonValue = None
    auto_add_new_users: bool | None = None


def create_env(connection: Connection, identity: Identity, new: NewEnv) -> EnvId:
    """Insert the environment; its creator, if a user, becomes its first admin.

    Raises Denied, Rejected (empty name), Conflict (name taken).
    """
    permissions.require_site_admin(connection, identity)
    _check_name(new.name)
    env_id = envs.insert_new(connection, name=new.name, auto_add_new_users=new.auto_add_new_users)
    if isinstance(identity, User):
        envs.add_member(connection, env_id, identity.id, EnvUserRole.ADMIN)
    return env_id


def update_env(connection: Connection, identity: Identity, env_id: EnvId, update: EnvUpdate) -> None:
    """Save the given fields.

    If a node selector or tolerations are given, even unchanged ones, every enabled deployment of the environment is
    reinstalled, as the frontend announces. Raises NotFound, Denied, Rejected (empty name), Conflict (name taken).
    """
    _require_site_admin(connection, identity, env_id)
    if not envs.lock(connection, env_id):
        raise NotFound
    given = {column: value for column, value in vars(update).items() if value is not None}
    if update.name is not None:
        _check_name(update.name)
    envs.save(connection, env_id, given)
    placement = [words for column, words in _PLACEMENT.items() if column in given]
    if placement:
        clusters.lock_of_env(connection, env_id)
        present = [row.id for row in deployments.of_env(connection, env_id) if row.enabled]
        locked = deployments.lock(connection, present).values()
        reinstall(connection, locked, f"Env {', '.join(placement)} updated", identity)


def delete_env(connection: Connection, identity: Identity, env_id: EnvId) -> None:
    """Delete the environment; its clusters then belong to none.

    Raises NotFound, Denied, Conflict (the environment has deployments).
    """
    _require_site_admin(connection, identity, env_id)
    if not envs.lock(connection, env_id, exclusive=True):
        raise NotFound
    clusters.lock_of_env(connection, env_id)
    refusal = "This environment can't be deleted because it has active deployments"
    refuse_if_used(refusal, deployments.of_env(connection, env_id))
    clusters.detach_from_env(connection, env_id)
    envs.remove(connection, env_id)


_PLACEMENT = {"node_selector": "node selector", "tolerations": "tolerations"}


def _require_site_admin(connection: Connection, identity: Identity, env_id: EnvId) -> None:
    """Raise NotFound for an environment that the identity does not see, else Denied unless it is a site admin."""
    scope_of(connection, identity).require(env_id)
    permissions.require_site_admin(connection, identity)


def _check_name(name: str) -> None:
    if not name.strip():
        raise Rejected("The name must not be empty", field="name")
