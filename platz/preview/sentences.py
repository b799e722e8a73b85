"""The one sentence that says what a change would do."""

from __future__ import annotations

from collections.abc import Sequence

from platz.preview.differences import Change
from platz.preview.objects import ObjectChange
from platz.preview.rehearsal import Effect, Rehearsal

LONGEST_REFUSAL = 300
"""How many characters of a refusal the sentence repeats."""


def sentence_of(
    rehearsal: Rehearsal, changes: Sequence[ObjectChange], *, problem: str | None, refusals: Sequence[str]
) -> str:
    """Return the sentence; whatever is refused comes before all that would otherwise happen."""
    if rehearsal.effect is Effect.NOTHING:
        return _of_nothing(rehearsal)
    if refusals:
        return _of_failure(refusals)
    start = _START[rehearsal.effect]
    if rehearsal.effect is Effect.UNINSTALL:
        return f"{start} with {_count(len(changes), 'object')}." if not problem else f"{start}."
    if problem is not None:
        return f"{start}; what becomes of its objects is not known."
    if rehearsal.effect is Effect.RELOCATE:
        return f"{start}: {_counts_of_places(changes)}."
    return f"{start}: {_counts(changes)}."


_START = {
    Effect.INSTALL: "The deployment is installed",
    Effect.UPGRADE: "The deployment is upgraded",
    Effect.RELOCATE: "The deployment is made anew in another place",
    Effect.UNINSTALL: "The deployment is uninstalled, and its namespace is deleted",
}


def _of_nothing(rehearsal: Rehearsal) -> str:
    if not rehearsal.after.deployment.enabled:
        return "The deployment is disabled: nothing changes in the cluster until it is enabled."
    return "This changes nothing in the cluster."


def _of_failure(refusals: Sequence[str]) -> str:
    first = " ".join(refusals[0].split())
    told = first if len(first) <= LONGEST_REFUSAL else f"{first[:LONGEST_REFUSAL]}…"
    more = f" ({_count(len(refusals) - 1, 'more refusal')})" if len(refusals) > 1 else ""
    return f"This would fail: {told}{more}"


def _counts_of_places(changes: Sequence[ObjectChange]) -> str:
    """Tell of two places: what is the same in both is made in one and deleted in the other."""
    made = sum(each.change is not Change.DELETED for each in changes)
    left = sum(each.change is not Change.CREATED for each in changes)
    return f"{_count(made, 'object')} {_is(made)} made there, and {_count(left, 'object')} {_is(left)} deleted here"


def _counts(changes: Sequence[ObjectChange]) -> str:
    number = {each: sum(found.change is each for found in changes) for each in Change}
    restarts = sum(each.restarts for each in changes)
    if number[Change.UNCHANGED] == len(changes):
        return "no object changes"
    created, changed, deleted = (number[each] for each in (Change.CREATED, Change.CHANGED, Change.DELETED))
    parts = [
        f"{_count(restarts, 'workload')} {'restarts' if restarts == 1 else 'restart'}" if restarts else "",
        f"{_count(created, 'object')} {_is(created)} new" if created else "",
        f"{_count(changed, 'object')} {'changes' if changed == 1 else 'change'}" if changed else "",
        f"{_count(deleted, 'object')} {_is(deleted)} deleted" if deleted else "nothing is deleted",
    ]
    return ", ".join(part for part in parts if part)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _is(number: int) -> str:
    return "is" if number == 1 else "are"
