"""Who can give a right: the names that a refusal tells.

Invariant: one small statement; only names that every signed-in identity may read.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from platz.db.rows import driver_row
from platz.identities import ClusterId, KindId

MOST_NAMES = 3

_QUERY = f"""
    SELECT kind.name, env.name, ARRAY(
        SELECT person.display_name FROM env_user_permissions granted JOIN users person ON person.id = granted.user_id
        WHERE granted.env_id = home.env_id AND granted.role = 'Admin' AND person.is_active
        ORDER BY person.display_name, person.id LIMIT {MOST_NAMES})
    FROM k8s_clusters home LEFT JOIN envs env ON env.id = home.env_id, deployment_kinds kind
    WHERE home.id = %(cluster)s::uuid AND kind.id = %(kind)s::uuid
"""  # noqa: S608 (a constant)


@dataclass(frozen=True, kw_only=True)
class Grantors:
    """The names of a kind and an environment (None: the cluster has none), and those of some of its admins."""

    kind: str
    env: str | None
    admins: tuple[str, ...]


def grantors_of(connection: Connection, cluster_id: ClusterId, kind_id: KindId) -> Grantors | None:
    """Return the names, or None when there is no such cluster or kind."""
    row = driver_row(connection, _QUERY, {"cluster": cluster_id, "kind": kind_id})
    return None if row is None else Grantors(kind=row[0], env=row[1], admins=tuple(row[2]))
