"""Tables of rules: rows of a path and the checks that hold there.

A path is written like `spec.ports[*].name`; `[*]` stands for each element of a list. A table is a check itself, so one
table (of a container, say) is a row of another (of a Pod). Invariant: all rows are looked at, so all broken rules of an
object are reported together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from platz_sandbox.kubernetes.objects.raw_documents import is_object
from platz_sandbox.kubernetes.objects.status_errors import Cause
from platz_sandbox.kubernetes.validation.places import Causes, Place

Check: TypeAlias = Callable[[Place], Iterable[Cause]]


@dataclass(frozen=True, kw_only=True)
class Row:
    """The checks of one path."""

    steps: tuple[str, ...]
    checks: tuple[Check, ...]


def row(path: str, *checks: Check) -> Row:
    """Return a row; an empty path is the place of the table itself."""
    steps = path.replace("[*]", ".*").strip(".").split(".") if path else ()
    return Row(steps=tuple(steps), checks=checks)


def table(*rows: Row) -> Check:
    """Return the check that looks at every row."""

    def check(place: Place) -> Causes:
        for each in rows:
            for found in _select(place, each.steps):
                for rule in each.checks:
                    yield from rule(found)

    return check


def _select(place: Place, steps: tuple[str, ...]) -> Iterator[Place]:
    """Yield the places of a path. The last field may be missing; what should be around it may not."""
    if not steps:
        yield place
    elif steps[0] == "*":
        for item in place.items():
            yield from _select(item, steps[1:])
    elif is_object(place.value):
        yield from _select(place.at(steps[0]), steps[1:])
