"""Create, update and delete a secret.

Invariant: the contents of a secret reach the database encrypted, and no error or log contains them.

Source: docs/contract/http-api.md, "Secrets".
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection

from platz.access import permissions
from platz.changes.dependants import refuse_if_used, secret_item
from platz.changes.reinstalls import reinstall_dependants
from platz.db.dependants import dependants_of
from platz.db.encryption import Cipher
from platz.db.tables import secrets
from platz.db.tables.secrets import SecretId, SecretRow
from platz.errors import NotFound
from platz.identities import EnvId, Identity


@dataclass(frozen=True, kw_only=True)
class NewSecret:
    """The requested secret."""

    env_id: EnvId
    collection: str
    name: str
    contents: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class SecretUpdate:
    """The requested changes; None means "not given"."""

    name: str | None = None
    contents: str | None = field(default=None, repr=False)


def create_secret(connection: Connection, identity: Identity, new: NewSecret, *, cipher: Cipher) -> SecretId:
    """Insert the secret. Raises Denied, Rejected (unknown environment), Conflict (name taken)."""
    permissions.require_env_admin(connection, new.env_id, identity)
    return secrets.insert_new(
        connection,
        env_id=new.env_id,
        collection=new.collection,
        name=new.name,
        contents=cipher.encrypt(new.contents),
    )


def update_secret(
    connection: Connection,
    identity: Identity,
    secret_id: SecretId,
    update: SecretUpdate,
    *,
    cipher: Cipher,
) -> None:
    """Save the given fields and reinstall every enabled deployment that uses the secret, even when nothing is given.

    Raises NotFound, Denied, Conflict (name taken).
    """
    secret = _held(connection, identity, secret_id)
    changes: dict[str, str] = {}
    if update.name is not None:
        changes["name"] = update.name
    if update.contents is not None:
        changes["contents"] = cipher.encrypt(update.contents)
    secrets.save(connection, secret_id, changes)
    reason = f"{secret.collection} secret has been updated"
    reinstall_dependants(connection, secret_item(secret_id), reason, identity)


def delete_secret(connection: Connection, identity: Identity, secret_id: SecretId) -> None:
    """Delete the secret. Raises NotFound, Denied, Conflict (deployments use it)."""
    _held(connection, identity, secret_id)
    users = dependants_of(connection, secret_item(secret_id))
    refuse_if_used("This secret can't be deleted because other deployments depend on it", users)
    secrets.remove(connection, secret_id)


def _held(connection: Connection, identity: Identity, secret_id: SecretId) -> SecretRow:
    secret = secrets.lock(connection, secret_id)
    if secret is None:
        raise NotFound
    permissions.require_env_admin(connection, secret.env_id, identity)
    return secret
