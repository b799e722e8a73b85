"""The resource types that a chart declares: looked at before a release, and recorded after it has succeeded.

Source: docs/contract/workers.md, "Recording resource types".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from sqlalchemy import Connection

from platz.db.tables import deployment_resource_types
from platz.db.tables.charts import ChartRow
from platz.identities import EnvId
from platz.json import JsonObject
from platz.tasks.task_target import TaskTarget


def require_agreeing_types(connection: Connection, target: TaskTarget, chart: ChartRow) -> None:
    """Raise `Conflict` if a declared type is global and the stored one is not, or vice versa; write nothing."""
    for key, env_id, _ in _declared(target, chart):
        kind_id = target.deployment.kind_id
        deployment_resource_types.require_agreeing(connection, env_id=env_id, kind_id=kind_id, key=key)


def save_resource_types(connection: Connection, target: TaskTarget, chart: ChartRow) -> None:
    """Insert or update each type; raise `Conflict` if a type is global and the stored one is not, or vice versa."""
    for key, env_id, spec in _declared(target, chart):
        deployment_resource_types.upsert(
            connection, env_id=env_id, kind_id=target.deployment.kind_id, key=key, spec=spec
        )


def _declared(target: TaskTarget, chart: ChartRow) -> Iterator[tuple[str, EnvId | None, JsonObject]]:
    """Yield key, environment (None: global) and spec of each type that the chart declares."""
    for entry in cast("list[JsonObject]", chart.resource_types or []):
        spec = cast("JsonObject", entry["spec"])
        yield str(entry["key"]), None if spec.get("global") else target.env.id, spec
