"""Values of YAML scalars: the YAML 1.2 core schema with the additions of
docs/contract/chart-extensions.md, "Syntax of the files".

Invariant: a plain scalar that the tables below don't match is text: ``yes``, ``0755``, ``1_000``, ``12:30:45``,
``2024-05-06``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from platz.json import JsonValue

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {text: text.lower() == "true" for text in ("true", "True", "TRUE", "false", "False", "FALSE")}
_INTEGERS = (
    (re.compile(r"[+-]?0x[0-9a-fA-F]+", re.ASCII), 16),
    (re.compile(r"[+-]?0o[0-7]+", re.ASCII), 8),
    (re.compile(r"[+-]?0b[01]+", re.ASCII), 2),
    (re.compile(r"[+-]?(?:0|[1-9][0-9]*)", re.ASCII), 10),
)
_LEADING_ZERO = re.compile(r"[+-]?0[0-9]+", re.ASCII)
_FLOAT = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
_SPECIAL_FLOATS = {
    **{sign + text: math.inf for sign in ("", "+") for text in (".inf", ".Inf", ".INF")},
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
}
_MAX_NUMBER_LENGTH = 1000


class NotOfThisTag(ValueError):
    """A scalar's text does not fit its explicit tag."""


def plain_value(text: str) -> JsonValue:
    """Return the value of a plain scalar."""
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    integer = _integer(text)
    if integer is not None:
        return integer
    number = _float(text)
    return text if number is None else number


def plain_text(text: str) -> JsonValue:
    """Return a plain scalar as text, even if it looks like a number or boolean (for Chart.yaml); null stays null."""
    return None if text in _NULLS else text


def tagged_value(tag: str, text: str) -> JsonValue:
    """Return the value of a scalar with one of the standard tags; raise `NotOfThisTag`."""
    resolve = _TAGS.get(tag)
    if resolve is None:
        raise NotOfThisTag
    return resolve(text)


def _integer(text: str) -> int | None:
    if len(text) > _MAX_NUMBER_LENGTH:
        return None
    for spelling, base in _INTEGERS:
        if spelling.fullmatch(text):
            return int(text, base)
    return None


def _float(text: str) -> float | None:
    if text in _SPECIAL_FLOATS:
        return _SPECIAL_FLOATS[text]
    if len(text) > _MAX_NUMBER_LENGTH or _LEADING_ZERO.fullmatch(text) or not _FLOAT.fullmatch(text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def _tagged_integer(text: str) -> JsonValue:
    return _required(_integer(text))


def _tagged_float(text: str) -> JsonValue:
    integer = _integer(text)
    return _required(_float(text) if integer is None else float(integer))


def _tagged_boolean(text: str) -> JsonValue:
    return _required(_BOOLEANS.get(text))


def _tagged_null(text: str) -> JsonValue:
    if text not in _NULLS:
        raise NotOfThisTag
    return None


def _required(value: JsonValue) -> JsonValue:
    if value is None:
        raise NotOfThisTag
    return value


_TAGS: dict[str, Callable[[str], JsonValue]] = {
    "!": str,
    "tag:yaml.org,2002:str": str,
    "tag:yaml.org,2002:int": _tagged_integer,
    "tag:yaml.org,2002:float": _tagged_float,
    "tag:yaml.org,2002:bool": _tagged_boolean,
    "tag:yaml.org,2002:null": _tagged_null,
}
