"""The checks that many kinds share: required fields, choices, bounds, formats, selectors.

Invariant: a check other than `required` says nothing of a missing field.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from platz_sandbox.kubernetes.objects.quantities import amount
from platz_sandbox.kubernetes.objects.raw_documents import is_object
from platz_sandbox.kubernetes.validation import formats
from platz_sandbox.kubernetes.validation.formats import Format
from platz_sandbox.kubernetes.validation.places import Causes, Place
from platz_sandbox.kubernetes.validation.tables import Check, row, table

_PORT = "must be between 1 and 65535, inclusive"


def required(place: Place) -> Causes:
    """The field must have a value."""
    if place.missing:
        yield place.required()


def required_because(told: str) -> Check:
    """The field must have a value, for a reason that is told."""
    return lambda place: [place.required(told)] if place.missing else []


def unless(where: bool, check: Check) -> Check:
    """Leave a check out for some kinds."""
    return (lambda _place: ()) if where else check


def one_of(*choices: str) -> Check:
    """The text must be one of the choices, which are told in this order."""
    return lambda place: [place.unsupported(choices)] if place.value not in (None, *choices) else []


def at_least(least: int, told: str = "") -> Check:
    """The number must not be below a bound."""
    said = told or f"must be greater than or equal to {least}"
    return lambda place: [place.invalid(said)] if _is_number(place.value) and place.value < least else []


def between(least: int, most: int, told: str = "") -> Check:
    """The number must be within bounds."""
    said = told or f"must be between {least} and {most}, inclusive"
    return lambda place: (
        [place.invalid(said)] if _is_number(place.value) and not least <= place.value <= most else []
    )


def text_of(form: Format) -> Check:
    """The text must have a format; an empty one is for `required` to judge."""
    return lambda place: [place.invalid(told) for told in form(str(place.value))] if place.value else []


def text_or_empty_of(form: Format) -> Check:
    """The text must have a format, also when it is empty."""
    return lambda place: [place.invalid(told) for told in form(place.value or "")]


def at_most_bytes(most: int) -> Check:
    """The text must not be too long."""
    return lambda place: [place.too_long(most)] if len(str(place.value or "").encode()) > most else []


def unset(told: str) -> Check:
    """The field must not be set."""
    return lambda place: [place.forbidden(told)] if place.value is not None else []


def port_number(place: Place) -> Causes:
    """The number must be one of a port."""
    yield from between(1, 65535)(place)


def port_or_name(place: Place) -> Causes:
    """The value must be a port's number or its name."""
    yield from (text_of(formats.port_name) if isinstance(place.value, str) else port_number)(place)


def unique(*keys: str) -> Check:
    """No two elements may have the same value at the key; the second one's key is the place that is told."""

    def check(place: Place) -> Causes:
        seen: list[Any] = []
        for item in place.items():
            inner = item.at(*keys)
            if inner.value in seen and not inner.missing:
                yield inner.duplicate()
            seen.append(inner.value)

    return check


def only_one(names: Iterable[str], told: str) -> Check:
    """At most one of the fields may be set; every further one is told."""

    def check(place: Place) -> Causes:
        chosen = [name for name in names if is_object(place.value) and place.fields.get(name) is not None]
        yield from (place.at(name).forbidden(told) for name in chosen[1:])

    return check


def whole_number_or_percent(place: Place) -> Causes:
    """The value must be a number from 0 on, or a percentage."""
    if isinstance(place.value, str):
        if not formats.PERCENT.fits(place.value):
            yield place.invalid(formats.PERCENT.told())
    else:
        yield from at_least(0)(place)


def at_most_all(place: Place) -> Causes:
    """A percentage must not be above 100."""
    if isinstance(place.value, str) and formats.PERCENT.fits(place.value) and int(place.value[:-1]) > 100:
        yield place.invalid("must not be greater than 100%")


def not_negative(place: Place) -> Causes:
    """The quantity must not be negative."""
    if place.value is not None and amount(place.value) < 0:
        yield place.invalid("must be greater than or equal to 0", shown=str(place.value))


def labels(place: Place) -> Causes:
    """The keys and values must be those of labels."""
    for key, inner in place.entries():
        yield from (place.invalid(told, shown=key) for told in formats.qualified_name(key))
        yield from (place.invalid(told, shown=inner.value) for told in formats.label_value(str(inner.value)))


def _selector_rule(place: Place) -> Causes:
    operator, values = place.at("operator"), place.at("values")
    match operator.value:
        case "In" | "NotIn":
            if values.missing:
                yield values.required("must be specified when `operator` is 'In' or 'NotIn'")
        case "Exists" | "DoesNotExist":
            if not values.missing:
                yield values.forbidden("may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
        case _:
            yield operator.invalid("not a valid selector operator", shown=operator.value or "")
    yield from (place.at("key").invalid(told) for told in formats.qualified_name(place.at("key").value or ""))


label_selector = table(row("matchLabels", labels), row("matchExpressions[*]", _selector_rule))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
