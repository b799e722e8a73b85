"""The features of a stored chart, for the rules of a change.

Source: docs/contract/chart-extensions.md, "Features".
"""

from __future__ import annotations

from platz.charts.documents.features import Features, effective_features
from platz.charts.reading.problems import InvalidDocument
from platz.db.tables.charts import ChartRow
from platz.errors import Conflict


def features_of(chart: ChartRow) -> Features:
    """Return the effective features; raise Conflict if the stored document can't be read."""
    try:
        return effective_features(chart.features)
    except InvalidDocument as error:
        raise Conflict(f"The features of the chart {chart.image_tag} can't be read") from error
