"""The keywords of a JSON Schema about single values: their type, content, length and size."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from platz.charts.values.schema_judgement import Case, Keyword, Violation, as_list, width
from platz.charts.values.schema_patterns import matches
from platz.json import JsonObject, JsonValue

_TYPES: dict[str, Callable[[JsonValue], bool]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "integer": lambda value: (
        not isinstance(value, bool)
        and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))
    ),
}


def same_value(case: Case, one: JsonValue, other: JsonValue) -> bool:
    """Compare as JSON Schema does: numbers by value, everything else by type and content."""
    case.judge.spend(1 + width(one))
    match one, other:
        case (bool(), _) | (_, bool()):
            return one is other
        case list(), list():
            return len(one) == len(other) and all(map(partial(same_value, case), one, other))
        case dict(), dict():
            return one.keys() == other.keys() and all(same_value(case, one[key], other[key]) for key in one)
        case _:
            return one == other


def _type(case: Case, names: JsonValue) -> list[Violation]:
    known = [_TYPES[name] for name in as_list(names) or [names] if isinstance(name, str) and name in _TYPES]
    return [] if not known or any(fits(case.value) for fits in known) else case.wrong("type")


def _enum(case: Case, choices: JsonValue) -> list[Violation]:
    offered = any(same_value(case, case.value, choice) for choice in as_list(choices))
    return [] if offered else case.wrong("enum")


def _const(case: Case, wanted: JsonValue) -> list[Violation]:
    return [] if same_value(case, case.value, wanted) else case.wrong("const")


def _pattern(case: Case, pattern: JsonValue) -> list[Violation]:
    if not isinstance(case.value, str) or not isinstance(pattern, str):
        return []
    return [] if matches(case, pattern, case.value) else case.wrong("pattern", pattern)


def _bound(keyword: str, kind: type[str | list[JsonValue] | JsonObject], *, is_least: bool) -> Keyword:
    def judge(case: Case, limit: JsonValue) -> list[Violation]:
        if not isinstance(case.value, kind) or isinstance(limit, bool) or not isinstance(limit, int | float):
            return []
        size = len(case.value)
        return [] if (size >= limit if is_least else size <= limit) else case.wrong(keyword)

    return judge


def _numeric(keyword: str, meets: Callable[[float, float], bool]) -> Keyword:
    def judge(case: Case, limit: JsonValue) -> list[Violation]:
        number, bound = _number(case.value), _number(limit)
        return [] if number is None or bound is None or meets(number, bound) else case.wrong(keyword)

    return judge


def _number(value: JsonValue) -> int | float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


VALUE_KEYWORDS: Mapping[str, Keyword] = {
    "type": _type,
    "enum": _enum,
    "const": _const,
    "pattern": _pattern,
    "minLength": _bound("minLength", str, is_least=True),
    "maxLength": _bound("maxLength", str, is_least=False),
    "minItems": _bound("minItems", list, is_least=True),
    "maxItems": _bound("maxItems", list, is_least=False),
    "minProperties": _bound("minProperties", dict, is_least=True),
    "maxProperties": _bound("maxProperties", dict, is_least=False),
    "minimum": _numeric("minimum", lambda number, bound: number >= bound),
    "maximum": _numeric("maximum", lambda number, bound: number <= bound),
    "exclusiveMinimum": _numeric("exclusiveMinimum", lambda number, bound: number > bound),
    "exclusiveMaximum": _numeric("exclusiveMaximum", lambda number, bound: number < bound),
}
