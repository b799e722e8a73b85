"""The visibility of rows for an identity: the same rules for REST reads, live events and tasks.

Invariant: a row belongs to one environment or to none. Site admins and bots see every row, any other user those of the
environments in which the user has any role, a deployment those of its own environment. Rows of `GLOBAL_TABLES` are
visible to everyone who is signed in, even if they name an environment; of `CONFINED_TABLES`, a deployment sees only
its own environment's.

Source: docs/contract/auth.md, "Visibility scope".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from platz.access.tokens import PageState
from platz.db import schema
from platz.db.lists.missed_changes import present_moment
from platz.db.tables import accounts, clusters
from platz.db.tables.accounts import VisibleScope
from platz.errors import NotFound
from platz.identities import Bot, ClusterId, Deployment, EnvId, Identity

GLOBAL_TABLES = frozenset(
    table.name
    for table in (
        schema.users,
        schema.bots,
        schema.settings,
        schema.deployment_kinds,
        schema.deployment_resource_types,
        schema.helm_registries,
        schema.helm_charts,
        schema.helm_tag_formats,
        schema.k8s_clusters,
    )
)

CONFINED_TABLES = frozenset({schema.k8s_clusters.name, schema.deployment_resource_types.name})
"""The global tables whose rows name an environment. Their events don't, so deployments are not told of any."""


@dataclass(frozen=True, kw_only=True)
class Scope:
    """The environments that an identity sees; ``everything`` includes rows that have none.

    ``confined``: the identity is a deployment, which sees nothing that belongs to another environment.
    """

    everything: bool = False
    env_ids: frozenset[EnvId] = frozenset()
    confined: bool = False

    def sees(self, env_id: EnvId | None) -> bool:
        """Return whether a row of this environment is visible; a row without one needs ``everything``."""
        return self.everything or env_id in self.env_ids

    def require(self, env_id: EnvId | None) -> None:
        """Raise `NotFound`, exactly as for a missing row, when a row of this environment is hidden."""
        if not self.sees(env_id):
            raise NotFound

    def sees_change(self, table: str, env_id: EnvId | None) -> bool:
        """Return whether the identity may hear of a change of a row.

        Source: docs/contract/http-api.md, "Event frames".
        """
        is_global = table in GLOBAL_TABLES and not (self.confined and table in CONFINED_TABLES)
        return self.everything or is_global or env_id in self.env_ids


EVERYTHING = Scope(everything=True)
NOTHING = Scope()


def scope_of(connection: Connection, identity: Identity) -> Scope:
    """Return what the identity sees now: nothing for a user who is not active or was deleted.

    A deployment counts as deleted when it is disabled or being deleted. Whether a bot still exists is not checked.
    """
    if isinstance(identity, Bot):
        return EVERYTHING
    return living_scope(connection, identity) or NOTHING


def sees_cluster(connection: Connection, identity: Identity, cluster_id: ClusterId) -> bool:
    """Return whether the identity sees what is in a cluster: its deployments, tasks and workloads."""
    cluster = clusters.get(connection, cluster_id)
    return scope_of(connection, identity).sees(cluster.env_id if cluster else None)


def living_scope(connection: Connection, identity: Identity) -> Scope | None:
    """Return what the identity sees now, or None when it may not sign in any more, with one small statement."""
    seen = accounts.visible_scope(connection, identity)
    return None if seen is None else _scope(identity, seen)


def living_scopes(connection: Connection, identities: Iterable[Identity]) -> Mapping[Identity, Scope]:
    """Return the scope of each identity that may still sign in; the others are left out.

    Runs at most one statement for each kind of identity, so that thousands of live clients can be checked at once.
    """
    seen = accounts.visible_scopes(connection, identities)
    return {identity: _scope(identity, scope) for identity, scope in seen.items()}


def page_state(connection: Connection, identity: Identity) -> PageState:
    """Return what a page of this identity shows that loads its lists after this call."""
    since = present_moment(connection)  # first: what is granted or changed meanwhile is told again
    seen = scope_of(connection, identity)
    return PageState(since=since, everything=seen.everything, env_ids=seen.env_ids)


def _scope(identity: Identity, seen: VisibleScope) -> Scope:
    if seen.everything:
        return EVERYTHING
    return Scope(env_ids=seen.env_ids, confined=isinstance(identity, Deployment))
