"""Advice on keys that were written but are not stored: Platz ignores them.

Invariant: what is known at a place is what the stored form has there, so this follows every document by itself.

Source: docs/contract/chart-extensions.md, "Stored form of a document".
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from platz.charts.reading.problems import Complaint, Place, quoted
from platz.charts.reading.spelling import did_you_mean
from platz.json import JsonValue

_OTHER_FORMS = {
    ("standard_ingress", "ingress"): "In v1beta2, write ingress: {enabled: true}.",
    ("ingress", "standard_ingress"): "Before v1beta2, write standard_ingress: true.",
}
"""Remedies for keys of one version that another version writes in another form, by both keys."""


def advice_on_ignored_keys(written: JsonValue, stored: JsonValue, place: Place = ()) -> Iterator[Complaint]:
    """Yield a complaint for each key that is ignored."""
    match written, stored:
        case dict(), dict():
            for key, value in written.items():
                if key not in stored:
                    yield _unknown(key, stored, place)
                elif stored[key] is None and value not in (None, [], {}):
                    yield _unused(key, place)
                else:
                    yield from advice_on_ignored_keys(value, stored[key], (*place, key))
        case list(), list():
            for position, (value, kept) in enumerate(zip(written, stored, strict=False)):
                yield from advice_on_ignored_keys(value, kept, (*place, position))
        case _:
            pass


def _unknown(key: str, known: Collection[str], place: Place) -> Complaint:
    other = next((text for (old, new), text in _OTHER_FORMS.items() if old == key and new in known), None)
    return Complaint(
        place=(*place, key),
        message=f"The key {quoted(key)} is not known here, so it is ignored.",
        remedy=other or did_you_mean(key, known, otherwise=f"Remove it; known keys are: {', '.join(known)}."),
    )


def _unused(key: str, place: Place) -> Complaint:
    return Complaint(
        place=(*place, key),
        message=f"The key {quoted(key)} has no meaning for this type, so it is ignored.",
        remedy="Remove it, or change the type.",
    )
