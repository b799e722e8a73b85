"""Problems of a chart, worded so that its author knows what to change.

Invariant: a problem names the place (file, path in the document, and line if known), what is wrong, and the remedy.
Text taken from the chart is shortened and put on one line, so that the sentence stays readable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from platz.errors import Rejected
from platz.json import JsonValue

Place: TypeAlias = tuple[str | int, ...]
"""A place in a document: the keys and list positions that lead to it from the root."""

_MAX_QUOTE_LENGTH = 60


class Severity(StrEnum):
    """Whether a problem makes Platz refuse the chart, or is only something that its author should know."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, kw_only=True)
class Complaint:
    """One problem inside one document."""

    place: Place
    message: str
    remedy: str
    line: int | None = None

    def sentence(self) -> str:
        """Return place, problem and remedy in one line."""
        where = place_text(self.place)
        line = f" (line {self.line})" if self.line else ""
        prefix = f"{where}{line}: " if where else f"{line.strip()}: ".removeprefix(": ")
        return f"{prefix}{self.message} {self.remedy}".strip()


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A complaint with its file and severity."""

    severity: Severity
    file: str
    complaint: Complaint

    def sentence(self) -> str:
        """Return file, place, problem and remedy in one line."""
        return f"{self.file}: {self.complaint.sentence()}"


class InvalidDocument(Rejected):
    """The document does not follow its format."""

    code = "invalid_document"

    def __init__(self, complaints: Sequence[Complaint]) -> None:
        """``complaints`` holds at least one entry, in document order."""
        self.complaints = tuple(complaints)
        more = len(self.complaints) - 1
        tail = f" (and {more} more problem{'s' if more > 1 else ''})" if more else ""
        super().__init__(self.complaints[0].sentence() + tail)


def invalid(message: str, remedy: str = "", *, place: Place = (), line: int | None = None) -> InvalidDocument:
    """Return the error for a single complaint."""
    return InvalidDocument([Complaint(place=place, message=message, remedy=remedy, line=line)])


def place_text(place: Place) -> str:
    """Write a place in the usual notation: ``inputs[2].type``."""
    text = ""
    for step in place:
        match step:
            case int():
                text += f"[{step}]"
            case _:
                text += f".{quoted(step, marks='')}" if text else quoted(step, marks="")
    return text


def quoted(text: str, *, marks: str = '"', max_length: int = _MAX_QUOTE_LENGTH) -> str:
    """Quote text from outside on one line, cut to ``max_length`` characters."""
    line = " ".join(text.split())
    cut = line if len(line) <= max_length else line[: max_length - 1] + "…"
    return f"{marks}{cut}{marks}"


def described(value: JsonValue) -> str:
    """Describe a value for the beginning of a sentence, such as ``The number 3`` or ``A list``."""
    match value:
        case None:
            return "Null"
        case bool():
            return f"The boolean {str(value).lower()}"
        case int() | float():
            return f"The number {quoted(_number_text(value), marks='')}"
        case str():
            return f"The text {quoted(value)}"
        case list():
            return "A list"
        case dict():
            return "An object"


def _number_text(value: float) -> str:
    return "outside 64 bits" if isinstance(value, int) and value.bit_length() > 64 else str(value)
