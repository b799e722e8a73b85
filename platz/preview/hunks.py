"""The differences of two texts, line by line and ready to draw.

Invariant: the time is bounded, too: texts of too many lines are not compared, because that takes time that grows with
the square of their lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from platz.json import JsonObject

CONTEXT_LINES = 3
MOST_LINES = 2_000
LONGEST_LINE = 500

Opcode = tuple[str, int, int, int, int]


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line that stays (a space), goes (a minus) or comes (a plus), with its numbers in both texts."""

    mark: str
    text: str
    before: int | None
    after: int | None

    def to_json(self) -> JsonObject:
        """Return the line as the API tells it."""
        text = self.text if len(self.text) <= LONGEST_LINE else f"{self.text[:LONGEST_LINE]}…"
        return {"mark": self.mark, "text": text, "before": self.before, "after": self.after}


Hunk = Sequence[Line]
"""Lines in a row that differ, with some around them that do not."""


class TooLong(Exception):
    """A text has too many lines to be compared."""


def hunks(before: str, after: str) -> Sequence[Hunk]:
    """Return what differs; raise `TooLong`."""
    old, new = before.splitlines(), after.splitlines()
    if max(len(old), len(new)) > MOST_LINES:
        raise TooLong
    groups = SequenceMatcher(None, old, new).get_grouped_opcodes(CONTEXT_LINES)
    return [[line for opcode in group for line in _lines(opcode, old, new)] for group in groups]


def _lines(opcode: Opcode, old: Sequence[str], new: Sequence[str]) -> Iterator[Line]:
    tag, old_start, old_end, new_start, new_end = opcode
    if tag == "equal":
        for offset, text in enumerate(old[old_start:old_end]):
            yield Line(mark=" ", text=text, before=old_start + offset + 1, after=new_start + offset + 1)
        return
    for number, text in enumerate(old[old_start:old_end], old_start + 1):
        yield Line(mark="-", text=text, before=number, after=None)
    for number, text in enumerate(new[new_start:new_end], new_start + 1):
        yield Line(mark="+", text=text, before=None, after=number)
