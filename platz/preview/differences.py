"""The differences of two documents, one for each path.

Invariant: the list is bounded, and so is what each entry shows; what was left out is told.

Source: docs/contract/http-api.md, "Comparing revisions".
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from platz.charts.reading.json_diff import json_diff
from platz.json import JsonObject, JsonValue

MOST = 500
LONGEST = 2_000


class Change(StrEnum):
    """What became of a value or of an object."""

    CREATED = "created"
    CHANGED = "changed"
    DELETED = "deleted"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A path that differs, dotted, with both values; None stands for one that is missing."""

    path: str
    before: JsonValue = field(repr=False)
    after: JsonValue = field(repr=False)

    def to_json(self) -> JsonObject:
        """Return the difference as the API tells it."""
        return {"path": self.path, "before": _bounded(self.before), "after": _bounded(self.after)}


def differences(before: JsonValue, after: JsonValue) -> Sequence[Difference]:
    """Return the differences in the order of the older document's keys; arrays are compared as a whole."""
    found: list[Difference] = []
    for path, sides in json_diff(before, after).items():
        match sides:
            case [old, new]:
                found.append(Difference(path=str(path), before=old, after=new))
            case _:
                continue
    return found


def told(found: Sequence[Difference], subject: str, cut: list[str]) -> JsonValue:
    """Return the first differences as the API tells them; ``cut`` learns how many others there are."""
    if len(found) > MOST:
        cut.append(f"Only {MOST} of {len(found)} differences of the {subject} are shown.")
    return [each.to_json() for each in found[:MOST]]


def _bounded(value: JsonValue) -> JsonValue:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return value if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text)} characters)"
