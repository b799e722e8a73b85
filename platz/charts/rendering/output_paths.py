"""The tree of values into which outputs are written.

Invariant: an output whose path can't be followed is dropped silently, but what was created along the path stays.
Values are copied, so the inputs are never changed; the total size of copies and padding is limited.

Source: docs/contract/chart-extensions.md, "Output paths".
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from platz.charts.reading.json_text import copied, weight
from platz.charts.rendering.rendering_errors import RenderingErrorCode, RenderingFailed
from platz.json import JsonObject, JsonValue

MAX_CELLS = 1024
"""The maximum number of cells of one list."""

MAX_WEIGHT = 2_000_000
"""The maximum number of all values, plus one for every 16 characters: far more than a Helm release can store."""

_INDEX = re.compile(r"\+?[0-9]+", re.ASCII)


class ValuesTree:
    """The object into which outputs are written."""

    def __init__(self) -> None:
        self.root: JsonObject = {}
        self._weight = 0

    def write(self, path: Sequence[str], value: JsonValue) -> None:
        """Write ``value`` at ``path``, creating missing containers; an empty path writes nothing.

        Raise `RenderingFailed` if the tree grows too large.
        """
        if not path:
            return
        node: JsonObject | list[JsonValue] | None = self.root
        for position, segment in enumerate(path[:-1]):
            self._charge(1)
            node = self._descend(node, segment, opens_list=is_list_segment(path[position + 1]))
            if node is None:
                return
        self._place(node, path[-1], value)

    def _descend(
        self, node: JsonObject | list[JsonValue], segment: str, *, opens_list: bool
    ) -> JsonObject | list[JsonValue] | None:
        if isinstance(node, dict):
            if segment not in node:
                node[segment] = [] if opens_list else {}
            return _container(node[segment])
        index = self._cell(node, segment)
        if index is None:
            return None
        if node[index] is None:
            node[index] = [] if opens_list else {}
        return _container(node[index])

    def _place(self, node: JsonObject | list[JsonValue], segment: str, value: JsonValue) -> None:
        self._charge(weight(value))
        if isinstance(node, dict):
            node[segment] = copied(value)
            return
        index = self._cell(node, segment)
        if index is not None:
            node[index] = copied(value)

    def _cell(self, cells: list[JsonValue], segment: str) -> int | None:
        """Return the index of the cell that a bracket segment selects, padding the list; None if it selects none."""
        match _content(segment):
            case "+":
                return self._padded(cells, len(cells)) if len(cells) < MAX_CELLS else None
            case "=":
                return self._padded(cells, max(len(cells) - 1, 0))
            case content:
                index = _index(content)
                return None if index is None else self._padded(cells, index)

    def _padded(self, cells: list[JsonValue], index: int) -> int:
        missing = max(index + 1 - len(cells), 0)
        self._charge(missing)
        cells.extend([None] * missing)
        return index

    def _charge(self, cost: int) -> None:
        self._weight += cost
        if self._weight > MAX_WEIGHT:
            raise RenderingFailed(RenderingErrorCode.TOO_LARGE)


def is_list_segment(segment: str) -> bool:
    """Tell whether a segment has the form for lists: ``[...]``."""
    return segment.startswith("[") and segment.endswith("]")


def selects_cell(segment: str) -> bool:
    """Tell whether the content of a bracket segment can select a cell."""
    content = _content(segment)
    return content in {"+", "="} or _index(content) is not None


def _content(segment: str) -> str:
    return segment[1:-1] if is_list_segment(segment) else ""


def _index(content: str) -> int | None:
    """Read a list index below the limit (leading zeros and one ``+`` are allowed); return None for other text."""
    if not _INDEX.fullmatch(content) or len(content.lstrip("+0")) > 4:
        return None
    index = int(content)
    return index if index < MAX_CELLS else None


def _container(value: JsonValue) -> JsonObject | list[JsonValue] | None:
    return value if isinstance(value, dict | list) else None
