"""Advice on annotations of Chart.yaml that look as if they were for Platz.

Source: docs/contract/chart-extensions.md, "Chart.yaml".
"""

from __future__ import annotations

from collections.abc import Iterator

from platz.charts.archive import Unreadable
from platz.charts.documents.chart_metadata import ANNOTATIONS
from platz.charts.reading.problems import Complaint, InvalidDocument, quoted
from platz.charts.reading.spelling import did_you_mean
from platz.charts.reading.syntax import read_yaml_file

_PREFIX = "platz"


def advice_on_annotations(chart_file: bytes | Unreadable | None) -> Iterator[Complaint]:
    """Yield advice on the annotations whose names begin like those that Platz reads."""
    known = list(ANNOTATIONS.values())
    for key in _annotations(chart_file):
        if key.casefold().startswith(_PREFIX) and key not in known:
            yield Complaint(
                place=("annotations", key),
                message=f"The annotation {quoted(key)} is not read.",
                remedy=did_you_mean(key, known, otherwise=f"Platz reads {', '.join(known)}."),
            )


def _annotations(chart_file: bytes | Unreadable | None) -> list[str]:
    try:
        document = read_yaml_file(chart_file).value if isinstance(chart_file, bytes) else None
    except InvalidDocument:
        return []
    annotations = document.get("annotations") if isinstance(document, dict) else None
    return list(annotations) if isinstance(annotations, dict) else []
