"""Advice on one UI schema: parts that can never work, or that work differently than they look.

Invariant: this advice decides nothing; rendering applies its own rules.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from platz.charts.documents.collections import Table, parse_reference
from platz.charts.documents.references import FieldProperty, Reference
from platz.charts.documents.ui_schema import Input, UiSchema, ValueType
from platz.charts.jsonlogic.operators import parse
from platz.charts.jsonlogic.rules import InvalidRule
from platz.charts.reading.problems import Complaint, Place, quoted
from platz.charts.rendering.chosen_items import PROPERTY_NAMES
from platz.charts.rendering.output_paths import is_list_segment, selects_cell


def advice_on_inputs(schema: UiSchema, place: Place) -> Iterator[Complaint]:
    """Yield advice on the inputs of a schema; ``place`` is where the schema stands."""
    times = Counter(declared.id for declared in schema.inputs)
    for position, declared in enumerate(schema.inputs):
        here: Place = (*place, "inputs", position)
        if times[declared.id] > 1:
            yield _complaint(
                (*here, "id"),
                f"The id {quoted(declared.id)} is declared more than once.",
                "The first one counts.",
            )
        yield from _on_input(declared, here)
        yield from _on_visibility(declared, set(times), here)


def advice_on_outputs(schema: UiSchema, place: Place) -> Iterator[Complaint]:
    """Yield advice on the outputs of a schema; ``place`` is where the schema stands."""
    inputs = schema.inputs_by_id()
    for position, output in enumerate(schema.outputs.values):
        here: Place = (*place, "outputs", "values", position)
        yield from _on_reference(output.value, inputs, (*here, "value"))
        yield from _on_path(output.path, (*here, "path"))
    for name, keys in schema.outputs.secrets.items():
        for key, reference in keys.items():
            yield from _on_reference(reference, inputs, (*place, "outputs", "secrets", name, key))
    used = {output.value.input for output in schema.outputs.values}
    used |= {reference.input for keys in schema.outputs.secrets.values() for reference in keys.values()}
    for position, declared in enumerate(schema.inputs):
        if declared.required and declared.id not in used:
            yield _complaint(
                (*place, "inputs", position, "required"),
                "No output uses this input, so only the form demands it.",
                "Use it in an output if a deployment without it must fail.",
            )


def _on_input(declared: Input, here: Place) -> Iterator[Complaint]:
    if declared.value_type is ValueType.RADIO_SELECT and not declared.options:
        yield _complaint(
            (*here, "options"), "A RadioSelect without options can't be filled in.", "List its options."
        )
    if declared.selects_from_collection and parse_reference(declared.collection) is None:
        yield _complaint(
            (*here, "collection"),
            "This is not a reference to a collection.",
            "Write a table's name, or {deployment: KIND, type: KEY}.",
        )


def _on_visibility(declared: Input, ids: set[str], here: Place) -> Iterator[Complaint]:
    if declared.show_if is not None:
        try:
            parse(declared.show_if)
        except InvalidRule as error:
            yield _complaint((*here, "showIf"), f"{error} The input is always hidden.", "Correct the rule.")
        if declared.show_if_all is not None:
            yield _complaint(
                (*here, "showIfAll"), "It is ignored, because there is a showIf.", "Keep one of them."
            )
    for position, entry in enumerate(declared.show_if_all or ()):
        if entry.field not in ids:
            yield _complaint(
                (*here, "showIfAll", position, "field"),
                f"There is no input {quoted(entry.field)}.",
                "Name an input of this schema.",
            )


def _on_reference(reference: Reference, inputs: dict[str, Input], here: Place) -> Iterator[Complaint]:
    declared = inputs.get(reference.input)
    if declared is None:
        yield _complaint(
            here,
            f"There is no input {quoted(reference.input)}; every deployment will fail.",
            "Declare it, or correct it.",
        )
    elif isinstance(reference, FieldProperty) and not declared.selects_from_collection:
        yield _complaint(
            here,
            f"The input {quoted(reference.input)} is not a CollectionSelect; every deployment will fail.",
            "Use FieldValue, or change the input's type.",
        )
    elif isinstance(reference, FieldProperty):
        yield from _on_property(declared, reference.property, here)


def _on_property(declared: Input, name: str, here: Place) -> Iterator[Complaint]:
    match parse_reference(declared.collection):
        case Table(name=table) if table not in PROPERTY_NAMES:
            yield _complaint(
                here,
                f"Items of {table} have no properties.",
                f"Only those of {' and '.join(PROPERTY_NAMES)} have.",
            )
        case Table(name=table) if name not in PROPERTY_NAMES[table]:
            known = ", ".join(sorted(PROPERTY_NAMES[table]))
            yield _complaint(
                here, f"Items of {table} have no property {quoted(name)}.", f"Use one of: {known}."
            )
        case _:
            pass


def _on_path(path: tuple[str, ...], here: Place) -> Iterator[Complaint]:
    if not path:
        yield _complaint(here, "An empty path writes nothing.", "Name at least one key.")
    for position, segment in enumerate(path[1:], start=1):
        if is_list_segment(segment) and not selects_cell(segment):
            yield _complaint(
                (*here, position),
                f"{quoted(segment)} selects no element of a list, so the output is dropped.",
                "Write [0] to [1023], [+] for a new element or [=] for the last one.",
            )


def _complaint(place: Place, message: str, remedy: str) -> Complaint:
    return Complaint(place=place, message=message, remedy=remedy)
