"""The table of JsonLogic's operators.

Invariant: arguments are evaluated from left to right. Operators made with `_eager`, and ``missing``, evaluate all of
them; the others evaluate only those that they need. Superfluous arguments are ignored.

Source: docs/contract/chart-extensions.md, "Operators".
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

from platz.charts.jsonlogic import arithmetic, comparisons, sequences
from platz.charts.jsonlogic.conversions import number_of, text_of, truthy
from platz.charts.jsonlogic.evaluation import Budget, Operator, Scope
from platz.charts.jsonlogic.lookup import Nothing, find
from platz.charts.jsonlogic.rules import Rule, parse_rule
from platz.charts.patterns import InvalidPattern, compile_pattern
from platz.json import JsonValue

_MAX_QUOTA = 2**53


def parse(rule: JsonValue) -> Rule:
    """Parse a rule; raise `InvalidRule`."""
    return parse_rule(rule, OPERATORS)


def evaluate(rule: Rule, data: JsonValue, budget: Budget) -> JsonValue:
    """Evaluate a rule; raise `InvalidRule` if it fails or exceeds the budget."""
    return Scope(data, budget, OPERATORS).value(rule)


def _var(scope: Scope, arguments: Sequence[Rule]) -> JsonValue:
    path = scope.argument(arguments, 0)
    if path is None or path == "":
        return scope.data
    found = find(scope.data, path)
    return scope.argument(arguments, 1) if isinstance(found, Nothing) else found


def _missing(scope: Scope, arguments: Sequence[Rule]) -> JsonValue:
    first = scope.values(arguments[:1])
    keys = first[0] if first and isinstance(first[0], list) else [*first, *scope.values(arguments[1:])]
    return [key for key in keys if isinstance(find(scope.data, key), Nothing)]


def _missing_some(scope: Scope, arguments: Sequence[Rule]) -> JsonValue:
    quota = _quota(scope.argument(arguments, 0))
    keys = scope.argument(arguments, 1)
    missing: list[JsonValue] = []
    for key in keys if isinstance(keys, list) else []:
        if quota <= 0:
            return []
        if isinstance(find(scope.data, key), Nothing):
            missing.append(key)
        else:
            quota -= 1
    return missing


def _quota(value: JsonValue) -> int:
    number = number_of(value)
    if number is None or math.isnan(number):
        return 0
    return math.ceil(min(max(number, 0.0), _MAX_QUOTA))


def _if(scope: Scope, arguments: Sequence[Rule]) -> JsonValue:
    if len(arguments) == 1:
        return scope.value(arguments[0])
    for position in range(0, len(arguments) - 1, 2):
        if truthy(scope.value(arguments[position])):
            return scope.value(arguments[position + 1])
    return scope.value(arguments[-1]) if len(arguments) % 2 else None


def _and(scope: Scope, arguments: Sequence[Rule]) -> JsonValue:
    return _first(scope, arguments, stops_at=False)


def _or(scope: Scope, arguments: Sequence[Rule]) -> JsonValue:
    return _first(scope, arguments, stops_at=True)


def _first(scope: Scope, arguments: Sequence[Rule], *, stops_at: bool) -> JsonValue:
    result: JsonValue = None
    for argument in arguments:
        result = scope.value(argument)
        if truthy(result) is stops_at:
            break
    return result


def _eager(
    apply: Callable[[list[JsonValue]], JsonValue], *, least: int = 0, most: int | None = None
) -> Operator:
    """Make an operator that needs the values of its arguments: at most the first ``most``.

    With fewer than ``least`` arguments it is false, and none is evaluated.
    """

    def operator(scope: Scope, arguments: Sequence[Rule]) -> JsonValue:
        return False if len(arguments) < least else apply(scope.values(arguments[:most]))

    return operator


def _first_only(apply: Callable[[JsonValue], JsonValue]) -> Operator:
    return lambda scope, arguments: apply(scope.argument(arguments, 0))


def _two(apply: Callable[[JsonValue, JsonValue], bool]) -> Operator:
    """Make an equality operator, for which a missing argument counts as null."""
    return lambda scope, arguments: apply(scope.argument(arguments, 0), scope.argument(arguments, 1))


def _chain(compare: Callable[[JsonValue, JsonValue], bool], max_arguments: int) -> Operator:
    """Make an operator that holds for each neighbouring pair of the first ``max_arguments``; false below two.

    An argument behind a pair that does not hold is not evaluated.
    """

    def apply(scope: Scope, arguments: Sequence[Rule]) -> JsonValue:
        if len(arguments) < 2:
            return False
        values = map(scope.value, arguments[:max_arguments])
        return all(compare(left, right) for left, right in pairwise(values))

    return apply


def _of_texts(compare: Callable[[str, str], bool]) -> Callable[[JsonValue, JsonValue], bool]:
    return lambda left, right: compare(text_of(left), text_of(right))


def _cat(values: list[JsonValue]) -> JsonValue:
    return "".join(map(text_of, values))


def _match(values: list[JsonValue]) -> JsonValue:
    if len(values) < 2:
        return False
    flags = values[2] if len(values) > 2 and isinstance(values[2], str) else ""
    try:
        pattern = compile_pattern(text_of(values[1]), flags=flags.replace("g", "", 1))
    except InvalidPattern:
        return False
    return pattern.search(text_of(values[0])) is not None


OPERATORS: dict[str, Operator] = {
    "var": _var,
    "missing": _missing,
    "missing_some": _missing_some,
    "if": _if,
    "and": _and,
    "or": _or,
    "==": _two(comparisons.loosely_equal),
    "!=": _two(lambda left, right: not comparisons.loosely_equal(left, right)),
    "===": _two(comparisons.strictly_equal),
    "!==": _two(lambda left, right: not comparisons.strictly_equal(left, right)),
    "<": _chain(comparisons.less, 3),
    "<=": _chain(comparisons.less_or_equal, 3),
    ">": _chain(comparisons.greater, 2),
    ">=": _chain(comparisons.greater_or_equal, 2),
    "!": _first_only(lambda value: not truthy(value)),
    "!!": _first_only(truthy),
    "log": _first_only(lambda value: value),
    "cat": _eager(_cat),
    "match": _eager(_match, least=2, most=3),
    "in": _eager(sequences.contains, least=2, most=2),
    "substr": _eager(sequences.substring, most=3),
    "merge": _eager(sequences.merged),
    "+": _eager(arithmetic.add),
    "*": _eager(arithmetic.multiply),
    "-": _eager(arithmetic.subtract, most=2),
    "/": _eager(arithmetic.divide, most=2),
    "%": _eager(arithmetic.remainder, most=2),
    "min": _eager(arithmetic.minimum),
    "max": _eager(arithmetic.maximum),
    "map": sequences.mapped,
    "filter": sequences.filtered,
    "reduce": sequences.reduced,
    "all": sequences.all_hold,
    "some": sequences.some_holds,
    "none": sequences.none_holds,
    **{
        name: _chain(_of_texts(compare), 3 if name in {"jp_ver_lt", "jp_ver_le"} else 2)
        for name, compare in comparisons.VERSION_COMPARISONS.items()
    },
}
