"""Advice on files that look as if Platz read them, but have another name or place.

Source: docs/contract/chart-extensions.md, "Files that are read".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from platz.charts.archive import EXTENSION_DIRECTORY, LEGACY_LAYOUT, NEW_LAYOUT, ChartFiles
from platz.charts.reading.problems import Complaint, Problem, Severity, quoted
from platz.charts.reading.spelling import nearest

_SUFFIXES = frozenset({".yaml", ".yml", ".json"})
_SUFFIX = re.compile(r"\.(ya?ml|json)$", re.IGNORECASE)
_STEMS = {
    "values-ui": 0,
    "ui-schema": 0,
    "actions": 1,
    "actions-schema": 1,
    "features": 2,
    "resources": 3,
    "resource-types": 3,
}
"""What a file is called without its suffix, and the position of the file that is read in each layout."""
_NAMES_OF_CHARTS = frozenset({"values", "chart", "requirements", "values.schema"})


def advice_on_names(files: ChartFiles) -> Iterator[Problem]:
    """Yield advice on the names at the root of the chart and in its directory for Platz."""
    for name in files.names:
        if name.startswith(f"{EXTENSION_DIRECTORY}/"):
            if name not in NEW_LAYOUT:
                yield _not_read(
                    name, _right_name(name, files) or f"Platz reads {', '.join(NEW_LAYOUT)} only."
                )
        elif files.has_extension_directory and name in LEGACY_LAYOUT:
            yield _not_read(name, f"Move it into {EXTENSION_DIRECTORY}/, or remove one of the layouts.")
        elif name not in LEGACY_LAYOUT and (remedy := _right_name(name, files)):
            yield _not_read(name, remedy)


def _right_name(name: str, files: ChartFiles) -> str:
    """Return the remedy that names the file that is read instead, or an empty text."""
    path = PurePosixPath(name)
    stem = _SUFFIX.sub("", path.name)
    if path.suffix.lower() not in _SUFFIXES or stem.lower() in _NAMES_OF_CHARTS:
        return ""
    meant = nearest(stem, _STEMS)
    if meant is None:
        return ""
    position = _STEMS[meant]
    names = [NEW_LAYOUT[position]]
    if not files.has_extension_directory and position < len(LEGACY_LAYOUT):
        names.append(f"{LEGACY_LAYOUT[position]} (as JSON)")
    return f"Platz reads {' or '.join(names)}: rename it."


def _not_read(name: str, remedy: str) -> Problem:
    complaint = Complaint(place=(), message="This file is not read.", remedy=remedy)
    return Problem(severity=Severity.WARNING, file=quoted(name, marks=""), complaint=complaint)
