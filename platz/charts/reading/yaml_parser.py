"""The only module for charts' files that uses the YAML library: it turns the library's untyped events into typed ones.

Invariant: every error of the library becomes `InvalidDocument`. Events come one at a time, so nothing is parsed after
a consumer stops. The parser is libyaml, on which chart authors' own tools are built (tabs may separate tokens, a key
stays on one line); `yaml_scalars` decides what scalars mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import yaml

from platz.charts.reading.problems import invalid, quoted

_yaml: Any = yaml  # its events carry no types
_REMEDY = "Check the indentation, quotes and brackets there and just before."


@dataclass(slots=True)
class DocumentStarts:
    """A document begins."""

    line: int


@dataclass(slots=True)
class CollectionStarts:
    """A list or a mapping begins."""

    line: int
    is_list: bool
    anchor: str | None
    tag: str | None


@dataclass(slots=True)
class CollectionEnds:
    """The innermost open collection ends."""


@dataclass(slots=True)
class Scalar:
    """A scalar; ``is_plain`` if it has neither quotes nor a tag, so that its text decides its type."""

    line: int
    text: str
    is_plain: bool
    anchor: str | None
    tag: str | None


@dataclass(slots=True)
class Alias:
    """A repetition of the value that was anchored under a name."""

    line: int
    name: str


Event: TypeAlias = DocumentStarts | CollectionStarts | CollectionEnds | Scalar | Alias


def parse_events(text: str) -> Iterator[Event]:
    """Yield the events of a YAML text; raise `InvalidDocument`."""
    try:
        for event in _yaml.parse(text, Loader=_yaml.CSafeLoader):
            translated = _translated(event)
            if translated is not None:
                yield translated
    except yaml.MarkedYAMLError as error:
        raise invalid(
            f"This is not YAML: {_reason(error)}.", _REMEDY, line=_error_line(error, text)
        ) from error
    except yaml.YAMLError as error:
        raise invalid(f"This is not YAML: {quoted(str(error), marks='')}.", _REMEDY) from error


def _translated(event: Any) -> Event | None:  # the library's events carry no types
    line = event.start_mark.line + 1
    match type(event).__name__:
        case "ScalarEvent":
            is_plain = bool(event.implicit[0]) and event.tag is None
            return Scalar(line, str(event.value), is_plain, event.anchor, _tag(event))
        case "SequenceStartEvent" | "MappingStartEvent" as kind:
            return CollectionStarts(line, kind == "SequenceStartEvent", event.anchor, _tag(event))
        case "SequenceEndEvent" | "MappingEndEvent":
            return CollectionEnds()
        case "AliasEvent":
            return Alias(line, event.anchor)
        case "DocumentStartEvent":
            return DocumentStarts(line)
        case _:
            return None


def _tag(event: Any) -> str | None:  # as above
    return None if event.tag is None else str(event.tag)


def _reason(error: Any) -> str:  # as above
    return quoted(str(error.problem or error.context), marks="")


def _error_line(error: Any, text: str) -> int | None:  # as above
    """Return the line of the problem; a problem at the end of the text belongs to the last line that is not blank."""
    mark = error.problem_mark or error.context_mark
    return None if mark is None else min(mark.line + 1, max(len(text.rstrip().splitlines()), 1))
