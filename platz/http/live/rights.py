"""Reads the rights of connected clients again, and decides when.

Invariant: a change that may revoke a right takes effect before any event that came with or after it is passed on.
Reading takes a few statements for all clients together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from platz.access.tokens import Tokens
from platz.access.visibility import Scope, living_scopes
from platz.db import schema
from platz.db.database import Database
from platz.db.events import RowChange
from platz.http.live.connected_client import LiveClient
from platz.identities import Bot, BotId, Deployment, DeploymentId, Identity, User, UserId


@dataclass(frozen=True, kw_only=True)
class CurrentRights:
    """The rights in the database: the scopes of those who may still sign in, and the key that tokens need."""

    scopes: Mapping[Identity, Scope]
    key_fingerprint: str


class RightsReader:
    """Reads the rights of many identities at once; blocking, so it is called on a thread."""

    def __init__(self, database: Database, tokens: Tokens) -> None:
        self._database = database
        self._tokens = tokens

    def __call__(self, identities: Iterable[Identity]) -> CurrentRights:
        """Return the current rights; raise `Retryable` when the database does not answer."""
        fingerprint = self._tokens.key_fingerprint()
        with self._database.reading() as connection:
            return CurrentRights(scopes=living_scopes(connection, identities), key_fingerprint=fingerprint)


def may_have_lost_rights(change: RowChange) -> Callable[[LiveClient], bool] | None:
    """Return whose rights a change may affect; None when it can't affect any."""
    match change.table:
        case schema.users.name:
            return _is(User(id=UserId(change.id)))
        case schema.bots.name:
            return _is(Bot(id=BotId(change.id)))
        case schema.deployments.name:  # also when it is disabled, or moved to another environment
            return _is(Deployment(id=DeploymentId(change.id)))
        case schema.k8s_clusters.name:
            return lambda client: isinstance(client.identity, Deployment)
        case schema.env_user_permissions.name:
            return lambda client: isinstance(client.identity, User)
        case schema.settings.name:
            return lambda _client: True
        case _:
            return None


def _is(identity: Identity) -> Callable[[LiveClient], bool]:
    return lambda client: client.identity == identity
