"""Conversion of YAML text to one JSON-like value, event by event, within limits.

Invariant: the limits below bound time and memory for any text: nothing recurses, only dicts, lists and scalars are
constructed, and an alias counts as much as the value that it repeats.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from platz.charts.reading.json_text import MAX_NESTING, weight
from platz.charts.reading.mapping import Mapping
from platz.charts.reading.problems import InvalidDocument, Place, invalid, quoted
from platz.charts.reading.yaml_parser import (
    Alias,
    CollectionEnds,
    CollectionStarts,
    DocumentStarts,
    Event,
    Scalar,
    parse_events,
)
from platz.charts.reading.yaml_scalars import NotOfThisTag, plain_value, tagged_value
from platz.json import JsonValue

MAX_WEIGHT = 200_000
"""Values of a document after expanding its aliases, plus one for every 16 characters of text."""

_LIST_TAG = "tag:yaml.org,2002:seq"
_MAPPING_TAG = "tag:yaml.org,2002:map"
_SURROGATES = re.compile("[\ud800-\udfff]")
_NUL = "\0"


@dataclass(kw_only=True)
class YamlDocument:
    """The single document of a YAML text."""

    value: JsonValue
    is_empty: bool
    """Whether there is nothing but white space and comments, or a document start with nothing behind it."""
    lines: dict[Place, int] = field(default_factory=dict[Place, int])


@dataclass(frozen=True, kw_only=True, slots=True)
class _Finished:
    """A complete value, with its weight and the number of levels of collections in it."""

    value: JsonValue
    weight: int
    height: int = 0


@dataclass(kw_only=True)
class _Open:
    """A collection that has started but not ended."""

    place: Place
    anchor: str | None
    items: list[JsonValue] | None
    pairs: list[tuple[JsonValue, JsonValue]]
    key: JsonValue = None
    has_key: bool = False
    weight: int = 1
    height: int = 1

    def finished(self) -> _Finished:
        return _Finished(value=self._value(), weight=self.weight, height=self.height)

    def _value(self) -> JsonValue:
        if self.items is not None:
            return self.items
        texts = {key: value for key, value in self.pairs if isinstance(key, str)}
        if len(texts) == len(self.pairs):
            return texts
        times = Counter(key for key, _ in self.pairs if isinstance(key, str))
        repeated = [key for key, count in times.items() if count > 1]
        return Mapping(texts, repeated=repeated, has_other_keys=times.total() < len(self.pairs))

    def add(self, added: _Finished) -> None:
        self.weight += added.weight
        self.height = max(self.height, added.height + 1)
        if self.items is not None:
            self.items.append(added.value)
        elif self.has_key:
            self.pairs.append((self.key, added.value))
            self.has_key = False
        else:
            self.key, self.has_key = added.value, True

    def awaits_key(self) -> bool:
        return self.items is None and not self.has_key

    def next_place(self) -> Place:
        """Return the place of the next value; a key has the place of its mapping."""
        if self.items is not None:
            return (*self.place, len(self.items))
        return (*self.place, self.key) if self.has_key and isinstance(self.key, str) else self.place


def read_yaml(
    text: str, *, resolve: Callable[[str], JsonValue] = plain_value, with_lines: bool = False
) -> YamlDocument:
    """Read exactly one YAML document; raise `InvalidDocument` with the line.

    ``resolve`` turns plain scalars into values. ``with_lines`` records the line of every place.
    """
    return _Builder(resolve, with_lines=with_lines).build(parse_events(text))


class _Builder:
    def __init__(self, resolve: Callable[[str], JsonValue], *, with_lines: bool) -> None:
        self._resolve = resolve
        self._with_lines = with_lines
        self._lines: dict[Place, int] = {}
        self._open: list[_Open] = []
        self._anchors: dict[str, _Finished] = {}
        self._documents = 0
        self._value: JsonValue = None
        self._is_empty = True
        self._weight = 0

    def build(self, events: Iterable[Event]) -> YamlDocument:
        for event in events:
            match event:
                case DocumentStarts():
                    self._start_document(event)
                case CollectionStarts():
                    self._start(event)
                case CollectionEnds():
                    ended = self._open.pop()
                    self._finish(ended.finished(), anchor=ended.anchor, newly_counted=1)
                case Scalar():
                    self._scalar(event)
                case Alias():
                    self._alias(event)
        return YamlDocument(value=self._value, is_empty=self._is_empty, lines=self._lines)

    def _start_document(self, event: DocumentStarts) -> None:
        self._documents += 1
        if self._documents > 1:
            raise invalid(
                "A second YAML document starts here.",
                "Keep one document in a file; several entries are written as one list.",
                line=event.line,
            )

    def _start(self, event: CollectionStarts) -> None:
        place = self._next_place(event.line)
        self._require_room(1, event.line)
        if event.tag not in {None, "!", _LIST_TAG if event.is_list else _MAPPING_TAG}:
            raise _unknown_tag(event)
        if event.anchor:
            self._anchors.pop(
                event.anchor, None
            )  # from here on the name means this collection, which is still unfinished
        self._open.append(
            _Open(place=place, anchor=event.anchor, items=[] if event.is_list else None, pairs=[])
        )

    def _scalar(self, event: Scalar) -> None:
        self._next_place(event.line)
        value = self._scalar_value(event)
        if self._with_lines and self._open and self._open[-1].awaits_key() and isinstance(value, str):
            self._lines.setdefault((*self._open[-1].place, value), event.line)
        cost = weight(value)
        self._finish(_Finished(value=value, weight=cost), anchor=event.anchor, newly_counted=cost)
        if not self._open:
            self._is_empty = value is None and not event.text

    def _scalar_value(self, event: Scalar) -> JsonValue:
        if _SURROGATES.search(event.text):
            raise invalid(
                "The text holds half of a surrogate pair.", "Write the whole character.", line=event.line
            )
        if _NUL in event.text:
            raise invalid(
                "The text holds a NUL character, which can't be stored.", "Leave it out.", line=event.line
            )
        if event.tag is None:
            return self._resolve(event.text) if event.is_plain else event.text
        try:
            return tagged_value(event.tag, event.text)
        except NotOfThisTag:
            raise _unknown_tag(event) from None

    def _alias(self, event: Alias) -> None:
        self._next_place(event.line)
        found = self._anchors.get(event.name)
        if found is None:
            raise invalid(
                f"The alias {quoted('*' + event.name)} names nothing that was finished before it.",
                "Define the anchor first, outside of itself.",
                line=event.line,
            )
        self._require_room(found.height, event.line)
        self._finish(found, anchor=None, newly_counted=found.weight)

    def _require_room(self, levels: int, line: int) -> None:
        """Raise `InvalidDocument` if this many more levels inside the open collections nest too deep."""
        if len(self._open) + levels > MAX_NESTING:
            raise invalid(
                f"Values nest deeper than {MAX_NESTING} levels.", "Flatten the document.", line=line
            )

    def _finish(self, finished: _Finished, *, anchor: str | None, newly_counted: int) -> None:
        """Add a finished value to the innermost open collection, or make it the document's value."""
        self._weight += newly_counted
        if self._weight > MAX_WEIGHT:
            raise invalid("The document has too many values.", "Shorten it, or use fewer aliases.")
        if anchor:
            self._anchors[anchor] = finished
        if self._open:
            self._open[-1].add(finished)
        else:
            self._value, self._is_empty = finished.value, False

    def _next_place(self, line: int) -> Place:
        if not self._with_lines:
            return ()
        place = self._open[-1].next_place() if self._open else ()
        self._lines.setdefault(place, line)
        return place


def _unknown_tag(event: Scalar | CollectionStarts) -> InvalidDocument:
    shown = (event.tag or "").replace("tag:yaml.org,2002:", "!!")
    return invalid(
        f"The tag {quoted(shown)} can't be used for this value.",
        "Leave the tag out; Platz knows !!str, !!int, !!float, !!bool, !!null, !!seq and !!map only.",
        line=event.line,
    )
