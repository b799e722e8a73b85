"""Decimals of UI schemas and status metrics: the accepted spellings and the one stored form.

Invariant: the stored form is plain decimal text, without exponent, ``+`` or leading zeros, and zero is
never negative; reading it again gives the same text.

Source: docs/contract/chart-extensions.md, "Decimals".
"""

from __future__ import annotations

import math
import re
from decimal import ROUND_HALF_UP, Context, Decimal

from platz.json import JsonValue

_SPELLING = re.compile(
    r"[+-]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?0*[0-9]{1,9})?", re.ASCII
)
_MAGNITUDE = 2**96
_MAX_FRACTION_DIGITS = 28
_EXACT = Context(prec=80, rounding=ROUND_HALF_UP)
_MAX_TEXT_LENGTH = 1000


def decimal_text(value: JsonValue) -> str | None:
    """Return the stored form of a number or numeric text, or None if it is not a decimal."""
    match value:
        case bool() | None:
            return None
        case int():
            return str(value) if abs(value) < _MAGNITUDE else None
        case float():
            return _float_text(value)
        case str():
            return _string_text(value)
        case _:
            return None


def _float_text(value: float) -> str | None:
    if not math.isfinite(value) or abs(value) >= _MAGNITUDE:
        return None
    text = _plain(Decimal(repr(value)))
    return text.rstrip("0").rstrip(".") if "." in text else text


def _string_text(text: str) -> str | None:
    if len(text) > _MAX_TEXT_LENGTH or not _SPELLING.fullmatch(text):
        return None
    number = Decimal(text.replace("_", ""))
    if number.is_zero():
        fraction_digits = min(max(-_exponent(number), 0), _MAX_FRACTION_DIGITS)
        return "0." + "0" * fraction_digits if fraction_digits else "0"
    if number.adjusted() > 30 or number.copy_abs() >= _MAGNITUDE:
        return None
    return _plain(number)


def _plain(number: Decimal) -> str:
    """Round to 28 fraction digits and a coefficient of 96 bits, and write without exponent."""
    if number.adjusted() < -_MAX_FRACTION_DIGITS - 1:
        return "0." + "0" * _MAX_FRACTION_DIGITS
    fraction_digits = min(max(-_exponent(number), 0), _MAX_FRACTION_DIGITS)
    rounded = _rounded(number, fraction_digits)
    while fraction_digits and rounded.scaleb(fraction_digits, _EXACT).copy_abs() >= _MAGNITUDE:
        fraction_digits -= 1
        rounded = _rounded(number, fraction_digits)
    text = format(rounded, "f")
    return text.removeprefix("-") if rounded.is_zero() else text


def _rounded(number: Decimal, fraction_digits: int) -> Decimal:
    return number.quantize(Decimal(1).scaleb(-fraction_digits), context=_EXACT)


def _exponent(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0
