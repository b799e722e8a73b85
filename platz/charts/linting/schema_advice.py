"""Advice on one UI schema: parts that can never work, or that work differently than they look.

Invariant: this advice decides nothing; rendering applies its own rules.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from platz.charts.documents.collections import (
    KindResources,
    LegacyResources,
    Table,
    collection_remedy,
    intended_table,
    parse_reference,
)
from platz.charts.documents.references import FieldProperty, Reference
from platz.charts.documents.ui_schema import Input, UiSchema, ValueType
from platz.charts.linting.condition_advice import advice_on_condition, is_always_hidden
from platz.charts.linting.initial_values import advice_on_initial_value
from platz.charts.reading.problems import Complaint, Place, quoted
from platz.charts.reading.spelling import did_you_mean, nearest
from platz.charts.rendering.chosen_items import PROPERTY_NAMES, property_remedy
from platz.charts.rendering.output_paths import is_list_segment, selects_cell
from platz.json import JsonValue


@dataclass(frozen=True, kw_only=True)
class _Form:
    """The inputs that outputs refer to, and the ids of those that are always hidden."""

    inputs: Mapping[str, Input]
    always_hidden: frozenset[str]

    @classmethod
    def of(cls, schema: UiSchema) -> _Form:
        inputs = schema.inputs_by_id()
        hidden = (name for name, declared in inputs.items() if is_always_hidden(declared, inputs))
        return cls(inputs=inputs, always_hidden=frozenset(hidden))


def advice_on_inputs(schema: UiSchema, place: Place) -> Iterator[Complaint]:
    """Yield advice on the inputs of a schema; ``place`` is where the schema stands."""
    times = Counter(declared.id for declared in schema.inputs)
    by_id = schema.inputs_by_id()
    for position, declared in enumerate(schema.inputs):
        here: Place = (*place, "inputs", position)
        if times[declared.id] > 1:
            yield _complaint(
                (*here, "id"),
                f"The id {quoted(declared.id)} is declared more than once.",
                "The first one counts.",
            )
        yield from _on_input(declared, here)
        yield from advice_on_condition(declared, by_id, here)


def advice_on_outputs(schema: UiSchema, place: Place) -> Iterator[Complaint]:
    """Yield advice on the outputs of a schema; ``place`` is where the schema stands."""
    form = _Form.of(schema)
    for position, output in enumerate(schema.outputs.values):
        here: Place = (*place, "outputs", "values", position)
        yield from _on_reference(output.value, form, (*here, "value"))
        yield from _on_path(output.path, (*here, "path"))
    for name, keys in schema.outputs.secrets.items():
        for key, reference in keys.items():
            yield from _on_reference(reference, form, (*place, "outputs", "secrets", name, key))
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
    if declared.selects_from_collection:
        yield from _on_collection(declared.collection, (*here, "collection"))
    yield from advice_on_initial_value(declared, (*here, "initialValue"))


def _on_collection(collection: JsonValue, here: Place) -> Iterator[Complaint]:
    match parse_reference(collection):
        case None:
            yield _complaint(here, "This is not a reference to a collection.", collection_remedy(collection))
        case LegacyResources(key=key):
            message = f"{quoted(key)} is no table, so it means a resource type with this key, of any kind."
            yield _complaint(here, message, collection_remedy(key))
        case _:
            pass


def _on_reference(reference: Reference, form: _Form, here: Place) -> Iterator[Complaint]:
    declared = form.inputs.get(reference.input)
    if declared is None:
        yield _complaint(
            here,
            f"There is no input {quoted(reference.input)}; every deployment will fail.",
            did_you_mean(reference.input, form.inputs, otherwise="Declare it, or correct it."),
        )
        return
    if declared.id in form.always_hidden:
        yield _complaint(
            here,
            f"The input {quoted(reference.input)} is always hidden, so this output is never written.",
            "Correct the input's condition, or remove the output.",
        )
    if isinstance(reference, FieldProperty) and not declared.selects_from_collection:
        yield _complaint(
            here,
            f"The input {quoted(reference.input)} is not a CollectionSelect; every deployment will fail.",
            "Use FieldValue, or change the input's type.",
        )
    elif isinstance(reference, FieldProperty):
        yield from _on_property(declared, reference.property, here)


def _on_property(declared: Input, name: str, here: Place) -> Iterator[Complaint]:
    reference = parse_reference(declared.collection)
    table = reference.name if isinstance(reference, Table) else intended_table(declared.collection)
    if isinstance(reference, KindResources):
        return
    if table is None and nearest(name, sorted(PROPERTY_NAMES["secrets"])) == "contents":
        yield _complaint(
            here,
            f"{quoted(name)} is read from the properties of a resource.",
            "If a secret is meant, choose from collection: secrets, and use its property contents.",
        )
    elif table is not None and table not in PROPERTY_NAMES:
        yield _complaint(
            here,
            f"Items of {table} have no properties.",
            f"Only those of {' and '.join(PROPERTY_NAMES)} have.",
        )
    elif table is not None and name not in PROPERTY_NAMES[table]:
        yield _complaint(
            here, f"Items of {table} have no property {quoted(name)}.", property_remedy(name, table)
        )


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
