"""Quantities of resources, such as `500m` and `1Gi`: their amounts, and the one spelling in which they are stored.

Invariant: two spellings of one amount in the same family of suffixes have the same canonical form.
Source: Kubernetes "Quantity" (apimachinery, `resource.Quantity`).
"""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, Decimal
from typing import Any

_FORM = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))([numkMGTPE]|[KMGTPE]i|[eE][+-]?\d+)?")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}


def is_quantity(value: Any) -> bool:
    """Tell whether a JSON value can be read as a quantity."""
    if isinstance(value, int | float):
        return not isinstance(value, bool)
    return isinstance(value, str) and _FORM.fullmatch(value) is not None


def amount(value: Any) -> Decimal:
    """Return a quantity's amount; one that can't be read is 0."""
    found = _FORM.fullmatch(str(value))
    if found is None:
        return Decimal(0)
    number, suffix = Decimal(found[1]), found[2] or ""
    if suffix in _BINARY:
        return number * 2 ** _BINARY[suffix]
    exponent = _DECIMAL[suffix] if suffix in _DECIMAL else int(suffix[1:])
    return number.scaleb(exponent)


def canonical(value: Any) -> str:
    """Return the spelling that a server stores: the largest suffix of its family that leaves no fraction."""
    found = _FORM.fullmatch(str(value))
    if found is None:
        return str(value)
    total, suffix = amount(value), found[2] or ""
    if suffix in _BINARY and abs(total) >= 1024:
        return _in_binary(total)
    if suffix[:1] in {"e", "E"} and suffix != "E":
        return _with_exponent(total)
    return _in_decimal(total)


def _in_binary(total: Decimal) -> str:
    if total != total.to_integral_value():
        return _in_decimal(total)
    for suffix, power in reversed(_BINARY.items()):
        if total % 2**power == 0:
            return f"{int(total) >> power}{suffix}"
    return str(int(total))


def _in_decimal(total: Decimal) -> str:
    if total == 0:
        return "0"
    fine = (total * 10**9).to_integral_value(rounding=ROUND_CEILING)
    for suffix, power in sorted(_DECIMAL.items(), key=lambda entry: -entry[1]):
        if fine % 10 ** (power + 9) == 0:
            return f"{int(fine / 10 ** (power + 9))}{suffix}"
    return f"{int(fine)}n"


def _with_exponent(total: Decimal) -> str:
    for power in range(18, -1, -3):
        scaled = total.scaleb(-power)
        if scaled == scaled.to_integral_value():
            return f"{int(scaled)}e{power}" if power else str(int(scaled))
    return _in_decimal(total)
