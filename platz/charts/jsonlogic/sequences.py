"""JsonLogic's operators on lists and texts.

Invariant: a rule that runs for each element sees only that element as its data (in ``reduce``, ``current`` and
``accumulator``); it can't reach the outer config.

Source: docs/contract/chart-extensions.md, "Operators".
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from platz.charts.jsonlogic.comparisons import strictly_equal
from platz.charts.jsonlogic.conversions import number_of, text_of, truthy
from platz.charts.jsonlogic.evaluation import Scope
from platz.charts.jsonlogic.rules import Rule
from platz.json import JsonValue

_FAR = 2**53


def contains(values: list[JsonValue]) -> JsonValue:
    """``in``: whether argument 2 contains argument 1: a text as text, a list as a strictly equal element."""
    match values:
        case [wanted, str() as text, *_]:
            return text_of(wanted) in text
        case [wanted, list() as elements, *_]:
            return any(strictly_equal(wanted, element) for element in elements)
        case _:
            return False


def substring(values: list[JsonValue]) -> JsonValue:
    """``substr``: a negative start or length counts from the end, whose position is the text's size in UTF-8 bytes."""
    text = text_of(values[0]) if values else "undefined"
    size = len(text.encode(errors="surrogatepass"))
    start = _integer(values, 1, default=0)
    begin = start if start >= 0 else max(size + start, 0)
    length = _integer(values, 2, default=_FAR)
    end = begin + length if length >= 0 else max(size + length, 0)
    return text[begin:end]


def merged(values: list[JsonValue]) -> JsonValue:
    """``merge``: one list of the elements of list arguments and of the other arguments themselves."""
    result: list[JsonValue] = []
    for value in values:
        result.extend(value if isinstance(value, list) else [value])
    return result


def mapped(scope: Scope, arguments: Sequence[Rule]) -> JsonValue:
    """``map``: argument 2 evaluated for each element."""
    elements = scope.argument(arguments, 0)
    if not isinstance(elements, list):
        return []
    return [scope.inside(element).argument(arguments, 1) for element in elements]


def filtered(scope: Scope, arguments: Sequence[Rule]) -> JsonValue:
    """``filter``: the elements for which argument 2 is truthy."""
    elements = scope.argument(arguments, 0)
    if not isinstance(elements, list):
        return []
    return [element for element in elements if truthy(scope.inside(element).argument(arguments, 1))]


def reduced(scope: Scope, arguments: Sequence[Rule]) -> JsonValue:
    """``reduce``: the elements folded with argument 2, starting from argument 3."""
    elements = scope.argument(arguments, 0)
    accumulator = scope.argument(arguments, 2)
    for element in elements if isinstance(elements, list) else []:
        inside = scope.inside({"current": element, "accumulator": accumulator})
        accumulator = inside.argument(arguments, 1)
    return accumulator


def all_hold(scope: Scope, arguments: Sequence[Rule]) -> JsonValue:
    """``all``: whether argument 2 is truthy for every element, or character of a text; false if there are none."""
    elements = scope.argument(arguments, 0)
    if not isinstance(elements, list | str) or not elements:
        return False
    return all(_outcomes(scope, arguments, list(elements)))


def some_holds(scope: Scope, arguments: Sequence[Rule]) -> JsonValue:
    """``some``: whether argument 2 is truthy for any element; false if argument 1 is not a list."""
    elements = scope.argument(arguments, 0)
    return isinstance(elements, list) and any(_outcomes(scope, arguments, elements))


def none_holds(scope: Scope, arguments: Sequence[Rule]) -> JsonValue:
    """``none``: whether argument 2 is truthy for no element; true if argument 1 is not a list."""
    elements = scope.argument(arguments, 0)
    return not isinstance(elements, list) or not any(_outcomes(scope, arguments, elements))


def _outcomes(scope: Scope, arguments: Sequence[Rule], elements: Sequence[JsonValue]) -> Iterator[bool]:
    """Tell for each element whether argument 2 is truthy; a missing argument 2 is null, which is not."""
    return (truthy(scope.inside(element).argument(arguments, 1)) for element in elements)


def _integer(values: list[JsonValue], position: int, *, default: int) -> int:
    """Truncate an argument to an integer; return ``default`` if it is missing or can't be converted."""
    number = number_of(values[position]) if position < len(values) else None
    if number is None:
        return default
    return 0 if math.isnan(number) else math.trunc(min(max(number, -_FAR), _FAR))
