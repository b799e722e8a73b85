"""The resource types that a chart declares, recorded after each successful release.

Source: docs/contract/workers.md, "Recording resource types".
"""

from __future__ import annotations

from typing import cast

from sqlalchemy import Connection

from platz.db.tables import deployment_resource_types
from platz.db.tables.charts import ChartRow
from platz.json import JsonObject
from platz.tasks.task_target import TaskTarget


def save_resource_types(connection: Connection, target: TaskTarget, chart: ChartRow) -> None:
    """Insert or update each type; raise `Conflict` if a type is global and the stored one is not, or vice versa."""
    for entry in cast("list[JsonObject]", chart.resource_types or []):
        spec = cast("JsonObject", entry["spec"])
        deployment_resource_types.upsert(
            connection,
            env_id=None if spec.get("global") else target.env.id,
            kind_id=target.deployment.kind_id,
            key=str(entry["key"]),
            spec=spec,
        )
