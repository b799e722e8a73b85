"""The rule that a deployment's inputs select items of its own environment only.

Source: docs/contract/chart-extensions.md, "Items of other environments".
"""

from __future__ import annotations

from sqlalchemy import Connection

from platz.charts.documents.ui_schema import parse_ui_schema
from platz.charts.reading.problems import InvalidDocument
from platz.charts.rendering.foreign_items import refuse_foreign_items
from platz.db.encryption import Cipher
from platz.db.tables import clusters
from platz.db.tables.charts import ChartRow
from platz.identities import ClusterId
from platz.json import JsonValue
from platz.tasks.chart_items import DatabaseCollections


def refuse_foreign_selection(
    connection: Connection, chart: ChartRow, cluster_id: ClusterId, config: JsonValue, *, cipher: Cipher
) -> None:
    """Raise `Rejected` if the config selects an item of another environment than the cluster's.

    A chart without a readable form selects nothing.
    """
    cluster = clusters.get(connection, cluster_id)
    if chart.values_ui is None or cluster is None or cluster.env_id is None:
        return
    try:
        schema = parse_ui_schema(chart.values_ui)
    except InvalidDocument:
        return
    items = DatabaseCollections(connection, cipher)
    refuse_foreign_items(schema, config, env_id=cluster.env_id, collections=items)
