"""Decoding of a document field by field, so that every problem in it is found in one go.

Invariant: a cursor never raises; it adds a complaint and goes on with a harmless placeholder, which is never used,
because `decoded` raises if there are complaints. Known keys may not repeat, and free JSON must be representable
as JSON.

Source: docs/contract/chart-extensions.md, "Syntax of the files".
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from enum import Enum, StrEnum
from itertools import islice
from typing import TypeVar

from platz.charts.reading.decimals import decimal_text
from platz.charts.reading.mapping import has_other_keys, repeated_keys
from platz.charts.reading.problems import Complaint, InvalidDocument, Place, described, quoted
from platz.charts.reading.spelling import did_you_mean, nearest
from platz.json import JsonObject, JsonValue

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

_MAX_COMPLAINTS = 50


class _Absent(Enum):
    ABSENT = "absent"


class Cursor:
    """One value of a document, with its place, while the document is read."""

    __slots__ = ("_complaints", "_value", "place")

    def __init__(self, value: JsonValue | _Absent, place: Place, complaints: list[Complaint]) -> None:
        self._value = value
        self.place = place
        self._complaints = complaints

    @property
    def value(self) -> JsonValue:
        """The value at this place; null for a missing key (for which there is a complaint already)."""
        return None if isinstance(self._value, _Absent) else self._value

    def complain(self, message: str, remedy: str) -> None:
        """Add a complaint about this place, unless the value is missing."""
        if not isinstance(self._value, _Absent) and len(self._complaints) < _MAX_COMPLAINTS:
            self._complaints.append(Complaint(place=self.place, message=message, remedy=remedy))

    def text(self) -> str:
        """Read text; numbers and booleans are not accepted."""
        if isinstance(self._value, str):
            return self._value
        self.complain(
            f"{described(self.value)} stands where text is expected.",
            "Write text, in quotes if it looks like a number, a boolean or null.",
        )
        return ""

    def flag(self) -> bool:
        """Read a boolean."""
        if isinstance(self._value, bool):
            return self._value
        self.complain(f"{described(self.value)} stands where a boolean is expected.", "Write true or false.")
        return False

    def count(self) -> int:
        """Read an integer from 0 to 2^64-1."""
        if isinstance(self._value, int) and not isinstance(self._value, bool) and 0 <= self._value < 2**64:
            return self._value
        self.complain(
            f"{described(self.value)} stands where an integer is expected.",
            "Write an integer that is not negative.",
        )
        return 0

    def decimal(self) -> str:
        """Read a decimal into its stored form.

        Source: docs/contract/chart-extensions.md, "Decimals".
        """
        text = decimal_text(self.value)
        if text is not None:
            return text
        self.complain(
            f"{described(self.value)} is not a decimal.",
            "Write a number such as 2.5, or the same in quotes; its magnitude must stay below 2^96.",
        )
        return "0"

    def choice(self, choices: type[E]) -> E:
        """Read one of the texts of an enumeration, spelled exactly."""
        known = list(choices)
        found = next((choice for choice in known if choice.value == self._value), None)
        if found is not None:
            return found
        self.complain(
            f"{described(self.value)} is not one of the choices.",
            f"{self.question(known)}Use one of: {', '.join(known)}.",
        )
        return known[0]

    def question(self, known: Collection[str]) -> str:
        """Ask, in front of a remedy, for the known name that the text here was probably meant to be."""
        is_heard = len(self._complaints) < _MAX_COMPLAINTS
        asked = did_you_mean(self._value, known) if is_heard and isinstance(self._value, str) else ""
        return f"{asked} " if asked else ""

    def json(self) -> JsonValue:
        """Read free JSON as plain dicts and lists: infinities and NaN become null, and the last of repeated keys wins.

        Source: docs/contract/chart-extensions.md, "Syntax of the files".
        """
        return self._free(self.value, self.place)

    def items(self) -> list[Cursor]:
        """Read a list; return one cursor for each element."""
        if isinstance(self._value, list):
            return [
                Cursor(item, (*self.place, index), self._complaints) for index, item in enumerate(self._value)
            ]
        self.complain(f"{described(self.value)} stands where a list is expected.", "Write a list.")
        return []

    def entries(self) -> list[tuple[str, Cursor]]:
        """Read an object with free keys, in document order."""
        mapping = self._mapping("an object")
        if has_other_keys(mapping):
            self.complain(
                "A key is not text.", "Put numbers, booleans and null in quotes when they are keys."
            )
        return [(key, Cursor(value, (*self.place, key), self._complaints)) for key, value in mapping.items()]

    def fields(self, *known: str, exact: bool = False) -> Fields:
        """Read an object with these known keys; ``exact`` refuses all others."""
        mapping = self._mapping(f"an object with {', '.join(known)}")
        self.refuse_repeated(*known)
        if exact:
            for key in islice((key for key in mapping if key not in known), _MAX_COMPLAINTS):
                asked = did_you_mean(key, known)
                remedy = f"{asked} Known keys are: {', '.join(known)}.".strip()
                self.complain(f"The key {quoted(key)} is not known here.", remedy)
            if has_other_keys(mapping):
                self.complain("A key is not text.", f"Known keys are: {', '.join(known)}.")
        return Fields(mapping, self, self._complaints, known=known, silent=not isinstance(self._value, dict))

    def refuse_repeated(self, *known: str) -> None:
        """Complain about each of these keys that is written more than once."""
        mapping = self._value if isinstance(self._value, dict) else {}
        for key in sorted(repeated_keys(mapping).intersection(known)):
            self.complain(f"The key {quoted(key)} is written twice.", "Keep one of them.")

    def _mapping(self, expected: str) -> JsonObject:
        if isinstance(self._value, dict):
            return self._value
        self.complain(f"{described(self.value)} stands where {expected} is expected.", "Write an object.")
        return {}

    def _free(self, value: JsonValue, place: Place) -> JsonValue:
        match value:
            case bool() | str() | None:
                return value
            case float():
                return value if math.isfinite(value) else None
            case int():
                if not -(2**63) <= value < 2**64:
                    self._complain_at(place, "The integer does not fit in 64 bits.", "Put it in quotes.")
                return value
            case list():
                return [self._free(item, (*place, index)) for index, item in enumerate(value)]
            case dict():
                if has_other_keys(value):
                    self._complain_at(
                        place, "A key is not text.", "Put numbers, booleans and null in quotes."
                    )
                return {key: self._free(item, (*place, key)) for key, item in value.items()}

    def _complain_at(self, place: Place, message: str, remedy: str) -> None:
        Cursor(None, place, self._complaints).complain(message, remedy)


class Fields:
    """The known keys of one object."""

    __slots__ = ("_complaints", "_known", "_mapping", "_owner", "_silent")

    def __init__(
        self,
        mapping: JsonObject,
        owner: Cursor,
        complaints: list[Complaint],
        *,
        known: Collection[str],
        silent: bool,
    ) -> None:
        self._known = known
        self._mapping = mapping
        self._owner = owner
        self._complaints = complaints
        self._silent = silent

    def need(self, key: str) -> Cursor:
        """Return the value of a mandatory key."""
        if key in self._mapping:
            return self._cursor(key)
        if not self._silent:
            self._owner.complain(f"The key {quoted(key)} is missing.", self._where_else(key))
        return Cursor(_Absent.ABSENT, (*self._owner.place, key), self._complaints)

    def get(self, key: str, read: Callable[[Cursor], T], default: T) -> T:
        """Read a key that may be left out, but must not be null."""
        return read(self._cursor(key)) if key in self._mapping else default

    def nullable(self, key: str, read: Callable[[Cursor], T]) -> T | None:
        """Read a key that may be left out or null."""
        return None if self._mapping.get(key) is None else read(self._cursor(key))

    def _where_else(self, key: str) -> str:
        """Say where the author may have written a missing key: under another name, or one level further in."""
        unknown = list(islice((name for name in self._mapping if name not in self._known), _MAX_COMPLAINTS))
        for name in unknown:
            if nearest(name, self._known) == key:
                return f"Write {key} instead of {quoted(name)}."
            inside = self._mapping[name]
            if isinstance(inside, dict) and key in inside:
                return f"Move it out of {quoted(name)}."
        return f"Put {', '.join(map(quoted, unknown))} under it." if key == "spec" and unknown else "Add it."

    def _cursor(self, key: str) -> Cursor:
        return Cursor(self._mapping[key], (*self._owner.place, key), self._complaints)


def decoded(document: JsonValue, read: Callable[[Cursor], T]) -> T:
    """Read a whole document; raise `InvalidDocument` with every complaint."""
    complaints: list[Complaint] = []
    result = read(Cursor(document, (), complaints))
    if complaints:
        raise InvalidDocument(complaints)
    return result
