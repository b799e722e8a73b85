"""JsonLogic's operators on lists and texts.

Invariant: inside the rules that run for each element the data is the element only; the outer config is not
reachable from there.

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
    """``in``: a text contains the argument's text, or a list an element strictly equal to it."""
    match values:
        case [wanted, str() as text, *_]:
            return text_of(wanted) in text
        case [wanted, list() as elements, *_]:
            return any(strictly_equal(wanted, element) for element in elements)
        case _:
            return False


def substring(values: list[JsonValue]) -> JsonValue:
    """``substr``: what is negative counts from the end, measured in UTF-8 bytes (an [Uncertain] edge)."""
    text = text_of(values[0]) if values else "undefined"
    size = len(text.encode(errors="surrogatepass"))
    start = _integer(values, 1, default=0)
    begin = start if start >= 0 else max(size + start, 0)
    length = _integer(values, 2, default=_FAR)
    end = begin + length if length >= 0 else max(size + length, 0)
    return text[begin:end]


def merged(values: list[JsonValue]) -> JsonValue:
    """``merge``: list arguments contribute their elements, others themselves."""
    result: list[JsonValue] = []
    for value in values:
        result.extend(value if isinstance(value, list) else [value])
    return result


def mapped(scope: Scope, arguments: Sequence[Rule]) -> JsonValue:
    """``map``."""
    elements = scope.argument(arguments, 0)
    if not isinstance(elements, list):
        return []
    return [scope.inside(element).argument(arguments, 1) for element in elements]


def filtered(scope: Scope, arguments: Sequence[Rule]) -> JsonValue:
    """``filter``."""
    elements = scope.argument(arguments, 0)
    if not isinstance(elements, list):
        return []
    return [element for element in elements if truthy(scope.inside(element).argument(arguments, 1))]


def reduced(scope: Scope, arguments: Sequence[Rule]) -> JsonValue:
    """``reduce``."""
    elements = scope.argument(arguments, 0)
    accumulator = scope.argument(arguments, 2)
    for element in elements if isinstance(elements, list) else []:
        inside = scope.inside({"current": element, "accumulator": accumulator})
        accumulator = inside.argument(arguments, 1)
    return accumulator


def all_hold(scope: Scope, arguments: Sequence[Rule]) -> JsonValue:
    """``all``: a text counts as the list of its characters; nothing holds for an empty list."""
    elements = scope.argument(arguments, 0)
    if not isinstance(elements, list | str) or not elements:
        return False
    return all(_outcomes(scope, arguments, list(elements)))


def some_holds(scope: Scope, arguments: Sequence[Rule]) -> JsonValue:
    """``some``."""
    elements = scope.argument(arguments, 0)
    return isinstance(elements, list) and any(_outcomes(scope, arguments, elements))


def none_holds(scope: Scope, arguments: Sequence[Rule]) -> JsonValue:
    """``none``: true also for what is not a list."""
    elements = scope.argument(arguments, 0)
    return not isinstance(elements, list) or not any(_outcomes(scope, arguments, elements))


def _outcomes(scope: Scope, arguments: Sequence[Rule], elements: Sequence[JsonValue]) -> Iterator[bool]:
    """Whether argument 2 is truthy for each element; a missing one is null and so never."""
    return (truthy(scope.inside(element).argument(arguments, 1)) for element in elements)


def _integer(values: list[JsonValue], position: int, *, default: int) -> int:
    """Truncate an argument to an integer; ``default`` when it is missing or not convertible."""
    number = number_of(values[position]) if position < len(values) else None
    if number is None:
        return default
    return 0 if math.isnan(number) else math.trunc(min(max(number, -_FAR), _FAR))
