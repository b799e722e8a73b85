"""What a reader of the lists has missed: the rows that changed since a moment, and the rows of environments.

Invariant: a moment is the oldest transaction that was under way at the time, so a row that a later transaction wrote
counts as changed, and no change is left out. A row tells by itself which transaction wrote it (its `xmin`); deletions
and moves between environments, which a row can't tell, are in `change_records`.

Source: docs/contract/http-api.md, "Bringing a page up to date".
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection, text

from platz.db.events import RowChange
from platz.identities import EnvId

KEPT_FOR = timedelta(days=8)
"""How long deletions are recorded: longer than a user's access token, and so any open page, lasts."""

_NO_ENV = "NULL::uuid"
_HOME = "(SELECT home.env_id FROM k8s_clusters home WHERE home.id = item.cluster_id)"
_MANAGER = (
    "(SELECT home.env_id FROM deployments manager JOIN k8s_clusters home ON home.id = manager.cluster_id"
    " WHERE manager.id = item.deployment_id)"
)
_ENV_OF_ROW = {
    "users": _NO_ENV,
    "bots": _NO_ENV,
    "deployment_kinds": _NO_ENV,
    "deployment_resource_types": _NO_ENV,
    "helm_registries": _NO_ENV,
    "helm_charts": _NO_ENV,
    "helm_tag_formats": _NO_ENV,
    "k8s_clusters": _NO_ENV,
    "envs": "item.id",
    "env_user_permissions": "item.env_id",
    "deployment_permissions": "item.env_id",
    "secrets": "item.env_id",
    "deployments": _HOME,
    "deployment_resources": _MANAGER,
    "deployment_tasks": _HOME,
    "k8s_resources": _HOME,
}
"""The tables that pages show, and how the environment of a row is found, as in the triggers of change events."""

_CONTENTS = (
    "envs",
    "env_user_permissions",
    "deployment_permissions",
    "secrets",
    "deployments",
    "deployment_resources",
    "k8s_resources",
)
"""The tables whose rows pages load for a whole environment; tasks are loaded for one deployment at a time."""

# The low 32 bits of a transaction's number are in each row; the difference modulo 2^32 tells which is later.
_LATER = "((item.xmin::text::bigint - :since) & 4294967295)"
_CHANGED = " UNION ALL ".join(
    f"SELECT '{table}', item.id, {env}, :since + {_LATER} FROM {table} item WHERE {_LATER} < 2147483648"  # noqa: S608 - constants
    for table, env in _ENV_OF_ROW.items()
)
_ROWS = " UNION ALL ".join(
    f"SELECT '{table}', item.id, {_ENV_OF_ROW[table]} FROM {table} item"  # noqa: S608 - constants
    f" WHERE :everything OR {_ENV_OF_ROW[table]} = ANY (:env_ids)"
    for table in _CONTENTS
)
_RECORDS = """
    SELECT table_name, operation, row_id, env_id, changed_in FROM change_records
    WHERE changed_in >= :since OR (changed_at > now() - interval '5 minutes' AND env_id = ANY (:env_ids))
    ORDER BY changed_in
"""


@dataclass(frozen=True, kw_only=True)
class DatedChange:
    """A change, and the number of the transaction that made it."""

    change: RowChange
    changed_in: int


def present_moment(connection: Connection) -> int:
    """Return the moment from which on changes must be told to somebody who reads the lists after this call."""
    statement = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
    return int(connection.execute(text(statement)).scalar_one())


def changed_since(connection: Connection, since: int) -> list[DatedChange]:
    """Return an update for each row that was written since that moment."""
    found = connection.execute(text(_CHANGED), {"since": since})
    return [
        _dated(table, "UPDATE", row_id, env_id, changed_in) for table, row_id, env_id, changed_in in found
    ]


def recorded_since(
    connection: Connection, since: int | None, *, env_ids: Collection[EnvId]
) -> list[DatedChange]:
    """Return the deletions and moves since that moment, and those of the last minutes in some environments.

    A row that moved is deleted in the environment that it left, and updated in the one that it came to.
    """
    bound = {"since": (1 << 62) if since is None else since, "env_ids": list(env_ids)}
    return [_dated(*row) for row in connection.execute(text(_RECORDS), bound)]


def rows_of(connection: Connection, env_ids: Collection[EnvId], *, everything: bool) -> list[RowChange]:
    """Return an insertion for each row of these environments that pages load at once; or of all there are."""
    found = connection.execute(text(_ROWS), {"env_ids": list(env_ids), "everything": everything})
    return [
        RowChange(table=table, operation="INSERT", id=row_id, env_id=env_id)
        for table, row_id, env_id in found
    ]


def forget_old_records(connection: Connection) -> None:
    """Delete the records that no open page can need any more."""
    connection.execute(text("DELETE FROM change_records WHERE changed_at < now() - :age"), {"age": KEPT_FOR})


def _dated(table: str, operation: str, row_id: UUID, env_id: EnvId | None, changed_in: int) -> DatedChange:
    change = RowChange(table=table, operation=operation, id=row_id, env_id=env_id)
    return DatedChange(change=change, changed_in=changed_in)
