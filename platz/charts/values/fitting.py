"""The values that Platz adds on its own, reduced to those that the chart can take.

Invariant: what is left keeps the type of the chart's default, and violates nothing in the chart's schema that the
chart's defaults and the user's values do not violate without it. What users enter is never left out.

Source: docs/contract/chart-extensions.md, "What a chart can take".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from platz.charts.reading.json_text import copied
from platz.charts.reading.problems import place_text
from platz.charts.values.json_schema import judge_of
from platz.charts.values.own_values import OwnValues, with_defaults
from platz.charts.values.schema_judgement import TooCostly
from platz.json import JsonObject, JsonValue, merged_values


@dataclass(frozen=True, kw_only=True, eq=False)
class Part:
    """One value that Platz adds: it is added whole or not at all. Each is equal to itself only."""

    path: tuple[str, ...]
    value: JsonValue

    @property
    def top(self) -> str:
        """The top-level key that the part belongs to."""
        return self.path[0]


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """The parts that the chart can take, as one document, and sentences about the others."""

    values: JsonObject
    left_out: tuple[str, ...] = ()


def fitted(parts: Sequence[Part], own: OwnValues, *, entered: JsonObject, override: JsonObject) -> Fitted:
    """Return what the chart can take.

    ``entered`` holds what users filled in, which replaces whole top-level keys; ``override`` is laid over everything.
    """
    of_its_type = [part for part in parts if _has_type_of_default(part, own.defaults)]
    kept = _Choice(own, entered, override).of(of_its_type)
    added = set(kept)
    sentences = [
        f"The chart can't take {place_text(part.path)}, so Platz leaves it out."
        for part in parts
        if part not in added
    ]
    return Fitted(values=assembled(kept), left_out=tuple(sentences))


def assembled(parts: Iterable[Part]) -> JsonObject:
    """Return one document of all parts; a later one replaces an earlier one at its path."""
    document: JsonObject = {}
    for part in parts:
        _place(part, document)
    return document


def first_blocked(parts: Iterable[Part]) -> Part | None:
    """Return the first part whose path leads through something that is not an object."""
    document: JsonObject = {}
    return next((part for part in parts if not _place(part, document)), None)


def _place(part: Part, document: JsonObject) -> bool:
    node: JsonValue = document
    for key in part.path[:-1]:
        node = node.setdefault(key, {}) if isinstance(node, dict) else None
    if not isinstance(node, dict):
        return False
    node[part.path[-1]] = copied(part.value)
    return True


class _Choice:
    """The choice of parts that the schema allows."""

    def __init__(self, own: OwnValues, entered: JsonObject, override: JsonObject) -> None:
        self._own = own
        self._entered = entered
        self._override = override
        self._judge = judge_of(own.schema)

    def of(self, parts: list[Part]) -> list[Part]:
        """Return the allowed parts; all of them if the schema can't be judged."""
        if self._own.schema is True:
            return parts
        try:
            return self._allowed(parts)
        except TooCostly:
            return parts

    def _allowed(self, parts: list[Part]) -> list[Part]:
        self._without = self._judged([])
        kept = parts
        for _, members in groupby(parts, key=lambda part: part.top):
            kept = self._reduced(kept, list(members))
        if not self._wrong(kept):
            return kept
        return self._grown([], [list(members) for _, members in groupby(kept, key=lambda part: part.top)])

    def _reduced(self, kept: list[Part], members: list[Part]) -> list[Part]:
        """Leave out what is wrong among the parts of one top-level key, and as little else as possible."""
        left_out = set(members)
        others = [part for part in kept if part not in left_out]
        wrong, wrong_without = self._wrong(kept), self._wrong(others)
        if wrong <= wrong_without:
            return kept
        for part in members:
            fewer = [other for other in kept if other is not part]
            if (wrong_now := self._wrong(fewer)) < wrong:
                kept, wrong = fewer, wrong_now
        return kept if wrong <= wrong_without else self._grown(others, [[part] for part in members])

    def _grown(self, kept: list[Part], candidates: list[list[Part]]) -> list[Part]:
        """Add what makes nothing worse."""
        wrong = self._wrong(kept)
        for candidate in candidates:
            if self._wrong([*kept, *candidate]) <= wrong:
                kept = [*kept, *candidate]
        return kept

    def _wrong(self, parts: list[Part]) -> int:
        return len(self._judged(parts) - self._without)

    def _judged(self, parts: list[Part]) -> frozenset[object]:
        self._judge.spend(len(parts))
        values = merged_values({**assembled(parts), **self._entered}, self._override)
        return frozenset(self._judge.violations(with_defaults(values, self._own.defaults)))


def _has_type_of_default(part: Part, defaults: JsonObject) -> bool:
    """Tell whether the part is of the same type as the chart's default, as far as there is one."""
    node: JsonValue = defaults
    for key in part.path:
        if node is None:
            return True
        if not isinstance(node, dict):
            return False
        node = node.get(key)
    return _is_like(part.value, node)


def _is_like(value: JsonValue, default: JsonValue) -> bool:
    """Compare types, in lists also those of the items; null tells no type.

    Charts write any empty collection for "nothing", so it is no reason to leave out items that are there.
    """
    match value, default:
        case (None, _) | (_, None):
            return True
        case (list() | dict(), list() | dict()) if type(value) is not type(default):
            return bool(value) and not default
        case list(), list():
            return not default or all(any(_is_like_item(item, known) for known in default) for item in value)
        case (bool(), _) | (_, bool()):
            return isinstance(value, bool) and isinstance(default, bool)
        case int() | float(), int() | float():
            return True
        case _:
            return type(value) is type(default)


def _is_like_item(item: JsonValue, known: JsonValue) -> bool:
    if isinstance(item, dict) and isinstance(known, dict):
        return all(_is_like_item(item[key], known[key]) for key in item.keys() & known.keys())
    return _is_like(item, known)
