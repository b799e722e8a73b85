"""The syntax of a chart's files: JSON or YAML text to a JSON-like value.

Invariant: both syntaxes give the same kinds of value (`platz.json.JsonValue`, with `Mapping` for repeated or non-text
keys), at most 128 levels deep and within the byte limit. Errors name the line where it is known.

Source: docs/contract/chart-extensions.md, "Syntax of the files".
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable

import orjson

from platz.charts.reading.json_text import MAX_NESTING, exceeds_nesting
from platz.charts.reading.mapping import Mapping
from platz.charts.reading.problems import InvalidDocument, Place, invalid, quoted
from platz.charts.reading.yaml_events import YamlDocument, read_yaml
from platz.charts.reading.yaml_scalars import plain_value
from platz.json import JsonValue

MAX_FILE_BYTES = 512 * 1024
"""Bytes of one extension file; real files have a few thousand."""
MAX_VALUES_BYTES = 2 * 1024 * 1024
"""Bytes of a chart's values, or of their schema; the largest that are known have some 600 thousand."""


def read_json_file(content: bytes, *, max_bytes: int = MAX_FILE_BYTES) -> JsonValue:
    """Read strict JSON: one value, no comments, no byte order mark; raise `InvalidDocument`."""
    _text(content, max_bytes)  # refuses a file that is too large or not UTF-8, as for YAML
    try:
        plain = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise invalid(
            f"This is not JSON: {quoted(error.msg, marks='')}.",
            "Check the quotes, commas and brackets there and just before.",
            line=error.lineno,
        ) from error
    if exceeds_nesting(plain):
        raise invalid(f"Values nest deeper than {MAX_NESTING} levels.", "Flatten the document.")
    if rb"\u0000" in content and _holds_nul(plain):
        raise invalid("A text holds a NUL character, which can't be stored.", r"Leave \u0000 out.")
    try:
        return json.loads(content, object_pairs_hook=_object, parse_int=_integer)
    except ValueError as error:
        raise invalid("This is not JSON: a number is too large.", "Put it in quotes.") from error


def read_yaml_file(
    content: bytes, *, resolve: Callable[[str], JsonValue] = plain_value, max_bytes: int = MAX_FILE_BYTES
) -> YamlDocument:
    """Read exactly one YAML document; raise `InvalidDocument`."""
    return read_yaml(_text(content, max_bytes), resolve=resolve)


def lines_of(content: bytes) -> dict[Place, int]:
    """Return the line of every place in the file, or an empty dict if the file can't be read."""
    try:  # JSON is read as YAML here: nearly all JSON is valid YAML
        return read_yaml(_text(content), with_lines=True).lines
    except InvalidDocument:
        return {}


def _text(content: bytes, max_bytes: int = MAX_FILE_BYTES) -> str:
    if len(content) > max_bytes:
        raise invalid(f"The file is larger than {max_bytes // 1024} KiB.", "Shorten it.")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise invalid("The file is not UTF-8 text.", "Save it as UTF-8.", line=line) from error


def _holds_nul(value: JsonValue) -> bool:
    match value:
        case str():
            return "\0" in value
        case list():
            return any(map(_holds_nul, value))
        case dict():
            return any("\0" in key or _holds_nul(item) for key, item in value.items())
        case _:
            return False


def _object(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    values = dict(pairs)
    if len(values) == len(pairs):
        return values
    seen: set[str] = set()
    repeated = {key for key, _ in pairs if key in seen or seen.add(key)}
    return Mapping(values, repeated=repeated)


def _integer(digits: str) -> int | float:
    """Read an integer; one outside 64 bits becomes a float, as it always has.

    Source: docs/contract/chart-extensions.md, "Syntax of the files".
    """
    number = int(digits)
    if -(2**63) <= number < 2**64:
        return number
    rounded = float(digits)
    if math.isinf(rounded):
        raise ValueError(digits)
    return rounded
