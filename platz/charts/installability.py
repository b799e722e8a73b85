"""What makes Helm refuse a chart whatever its values are, told when the chart is found instead of at each install.

Source: Helm, `chart.Metadata.Validate` and the check of a chart's type before an install.
"""

from __future__ import annotations

import re

from platz.charts.archive import ChartFiles
from platz.charts.documents.chart_metadata import CHART_FILE
from platz.charts.reading.problems import InvalidDocument
from platz.charts.reading.syntax import read_yaml_file
from platz.charts.reading.yaml_scalars import plain_text
from platz.json import JsonObject

REFUSED = "Helm can't install this chart"
"""Begins each such message; a deployment of the chart is refused with it."""

_VERSION = re.compile(r"v?\d+(\.\d+){0,2}(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?", re.ASCII)


def refusal_of(files: ChartFiles) -> str | None:
    """Return why Helm refuses the chart, or None; also None for a Chart.yaml that can't be read."""
    content = files.files.get(CHART_FILE)
    try:
        document = read_yaml_file(content, resolve=plain_text).value if isinstance(content, bytes) else None
    except InvalidDocument:
        return None
    reason = _reason(document) if isinstance(document, dict) else None
    return f"{CHART_FILE}: {REFUSED}: {reason}" if reason else None


def is_refused(error: str | None) -> bool:
    """Tell whether the error of a chart's row means that no install can succeed."""
    return error is not None and REFUSED in error


def _reason(chart: JsonObject) -> str | None:
    name, version, kind = chart.get("name"), chart.get("version"), chart.get("type") or "application"
    if not isinstance(name, str) or not name:
        return "it has no name. Write one, as in name: shop."
    if "/" in name or name in {".", ".."}:
        return "its name holds a path. Write a name without slashes."
    if isinstance(version, str) and not _VERSION.fullmatch(version):
        return "its version is not a semantic version. Write one like 1.2.3."
    if kind == "library":
        return (
            "it is a library, which only gives templates to other charts. Deploy a chart that depends on it."
        )
    if kind != "application":
        return "Helm knows no such type of charts. Write type: application."
    return None
