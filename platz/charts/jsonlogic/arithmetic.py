"""JsonLogic's arithmetic.

Invariant: results are floats or null, except that ``*`` returns a single argument unchanged. Where the contract does
not say null, a result that is not finite makes the rule invalid.

Source: docs/contract/chart-extensions.md, "Operators".
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from platz.charts.jsonlogic.conversions import number_of, prefix_number
from platz.charts.jsonlogic.rules import InvalidRule
from platz.json import JsonValue


def add(values: Sequence[JsonValue]) -> JsonValue:
    """``+``: the sum of the prefix numbers of all arguments."""
    numbers = _all_numbers(values, prefix_number)
    return None if numbers is None else _finite(_sum(numbers))


def multiply(values: Sequence[JsonValue]) -> JsonValue:
    """``*``: the product of the prefix numbers of all arguments; a single argument is returned unchanged."""
    if len(values) < 2:
        return values[0] if values else None
    numbers = _all_numbers(values, prefix_number)
    return None if numbers is None else _finite(math.prod(numbers))


def subtract(values: Sequence[JsonValue]) -> JsonValue:
    """``-``: the difference of two numbers, or the negation of a single one."""
    numbers = _all_numbers(values[:2], number_of)
    match numbers:
        case [number]:
            return _finite(-number)
        case [minuend, subtrahend]:
            return _finite_or_null(minuend - subtrahend)
        case _:
            return None


def divide(values: Sequence[JsonValue]) -> JsonValue:
    """``/``: the quotient of two numbers; null for a division by zero."""
    numbers = _all_numbers(values[:2], number_of)
    match numbers:
        case [dividend, divisor] if divisor != 0:
            return _finite_or_null(dividend / divisor)
        case _:
            return None


def remainder(values: Sequence[JsonValue]) -> JsonValue:
    """``%``: the remainder, with the sign of the dividend; null for a zero divisor."""
    numbers = _all_numbers(values[:2], number_of)
    match numbers:
        case [dividend, divisor] if divisor != 0 and math.isfinite(dividend):
            return _finite_or_null(math.fmod(dividend, divisor))
        case _:
            return None


def minimum(values: Sequence[JsonValue]) -> JsonValue:
    """``min``: the smallest of the numbers; null without arguments."""
    return _extreme(values, min)


def maximum(values: Sequence[JsonValue]) -> JsonValue:
    """``max``: the largest of the numbers; null without arguments."""
    return _extreme(values, max)


def _extreme(values: Sequence[JsonValue], choose: Callable[[list[float]], float]) -> JsonValue:
    numbers = _all_numbers(values, number_of)
    if not numbers:
        return None
    return choose([_finite(number) for number in numbers])


def _all_numbers(
    values: Sequence[JsonValue], convert: Callable[[JsonValue], float | None]
) -> list[float] | None:
    numbers = [convert(value) for value in values]
    known = [number for number in numbers if number is not None]
    return known if len(known) == len(numbers) else None


def _sum(numbers: list[float]) -> float:
    total = 0.0
    for number in numbers:  # from left to right and uncorrected, as the contract's engine adds
        total += number
    return total


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise InvalidRule("The rule's arithmetic does not end in a finite number.")
    return number


def _finite_or_null(number: float) -> float | None:
    return number if math.isfinite(number) else None
