"""JsonLogic rules as a tree.

Invariant: the whole rule is parsed before anything is evaluated, and one unknown operator anywhere makes the rule
invalid. Lists are opaque constants: operators inside them are not even parsed.

Source: docs/contract/chart-extensions.md, "Parsing of rules".
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeAlias

from platz.charts.reading.json_text import exceeds_nesting
from platz.charts.reading.problems import quoted
from platz.charts.reading.spelling import did_you_mean
from platz.json import JsonValue


class InvalidRule(Exception):
    """The rule is invalid or its evaluation fails; the input that it guards is hidden."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that stands for itself."""

    value: JsonValue


@dataclass(frozen=True, slots=True)
class Operation:
    """An operator with its arguments."""

    operator: str
    arguments: tuple[Rule, ...]


Rule: TypeAlias = "Constant | Operation"

NULL = Constant(None)


def parse_rule(rule: JsonValue, operators: Collection[str]) -> Rule:
    """Parse a rule that may use these operators; raise `InvalidRule`."""
    if exceeds_nesting(rule):
        raise InvalidRule("The rule nests too deep.")
    return _parse(rule, operators)


def _parse(rule: JsonValue, operators: Collection[str]) -> Rule:
    if not isinstance(rule, dict) or len(rule) != 1:
        return Constant(rule)
    ((operator, value),) = rule.items()
    if operator not in operators:
        asked = did_you_mean(operator, operators)
        raise InvalidRule(f"There is no operator {quoted(operator)}. {asked}".strip())
    match value:
        case list():
            return Operation(operator, tuple([_parse(argument, operators) for argument in value]))
        case None:
            return Operation(operator, ())
        case _:
            return Operation(operator, (_parse(value, operators),))
