"""The UI schema: the form that a chart ships, and where its inputs go (chart-extensions.md 2).

Invariant: a schema read from a stored document and stored again is that document; only inputs and outputs
that the format allows exist, but what refers to what is not checked here (it shows when values are rendered).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from platz.charts.documents.versions import Version
from platz.json import JsonObject, JsonValue


class InputType(StrEnum):
    """The types of an input, in canonical spelling."""

    TEXT = "text"
    NUMBER = "number"
    COLLECTION_SELECT = "CollectionSelect"
    RADIO_SELECT = "RadioSelect"
    DAYS_AND_HOUR = "DaysAndHour"
    CHECKBOX = "Checkbox"


ARRAY = "array"
"""The type name of a list of values of ``itemType``."""


@dataclass(frozen=True, kw_only=True)
class Option:
    """One choice of a radio input."""

    value: JsonValue
    label: str | None
    help_text: str | None

    def stored(self) -> JsonObject:
        """Return the stored form."""
        return {"value": self.value, "label": self.label, "helpText": self.help_text}


@dataclass(frozen=True, kw_only=True)
class FieldEquals:
    """One entry of ``showIfAll`` or ``filters``."""

    field: str
    value: JsonValue

    def stored(self) -> JsonObject:
        """Return the stored form."""
        return {"field": self.field, "value": self.value}


@dataclass(frozen=True, kw_only=True)
class Input:
    """One field of the form; the value it carries is ``config[id]``."""

    id: str
    type: InputType
    is_array: bool
    collection: JsonValue
    label: str
    initial_value: JsonValue
    help_text: str | None
    required: bool
    sensitive: bool
    options: tuple[Option, ...] | None
    show_if_all: tuple[FieldEquals, ...] | None
    show_if: JsonValue
    filters: tuple[FieldEquals, ...] | None
    minimum: str | None
    maximum: str | None
    step: str | None

    @property
    def selects_from_collection(self) -> bool:
        """Whether the value, or each element of it, is the id of a collection's item."""
        return self.type is InputType.COLLECTION_SELECT

    def stored(self) -> JsonObject:
        """Return the stored form: every key, absent ones as null (1.7)."""
        return {
            "id": self.id,
            "type": ARRAY if self.is_array else self.type.value,
            "itemType": self.type.value if self.is_array else None,
            "collection": self.collection,
            "label": self.label,
            "initialValue": self.initial_value,
            "helpText": self.help_text,
            "required": self.required,
            "sensitive": self.sensitive,
            "options": None if self.options is None else [option.stored() for option in self.options],
            "showIfAll": _stored_entries(self.show_if_all),
            "showIf": self.show_if,
            "filters": _stored_entries(self.filters),
            "minimum": self.minimum,
            "maximum": self.maximum,
            "step": self.step,
        }


@dataclass(frozen=True, kw_only=True)
class FieldValue:
    """The value of an input."""

    input: str

    def stored(self) -> JsonObject:
        """Return the stored form."""
        return {"FieldValue": {"input": self.input}}


@dataclass(frozen=True, kw_only=True)
class FieldProperty:
    """A property of the item that an input points to."""

    input: str
    property: str

    def stored(self) -> JsonObject:
        """Return the stored form."""
        return {"FieldProperty": {"input": self.input, "property": self.property}}


Reference: TypeAlias = FieldValue | FieldProperty


@dataclass(frozen=True, kw_only=True)
class ValueOutput:
    """Where in the values a reference's result is written."""

    path: tuple[str, ...]
    value: Reference

    def stored(self) -> JsonObject:
        """Return the stored form."""
        return {"path": list(self.path), "value": self.value.stored()}


@dataclass(frozen=True, kw_only=True)
class UiSchema:
    """A parsed UI schema of either version."""

    version: Version
    inputs: tuple[Input, ...]
    values: tuple[ValueOutput, ...]
    secrets: Mapping[str, Mapping[str, Reference]]
    """Kubernetes secret name to key to reference, in document order."""

    def inputs_by_id(self) -> dict[str, Input]:
        """Return the inputs by id; the first declaration of an id counts (2.2)."""
        return {declared.id: declared for declared in reversed(self.inputs)}

    def stored(self) -> JsonObject:
        """Return the stored form (1.7)."""
        secrets: JsonObject = {
            name: {key: reference.stored() for key, reference in keys.items()}
            for name, keys in self.secrets.items()
        }
        return {
            **self.version.header("ValuesUi"),
            "inputs": [declared.stored() for declared in self.inputs],
            "outputs": {"values": [output.stored() for output in self.values], "secrets": secrets},
        }


def _stored_entries(entries: tuple[FieldEquals, ...] | None) -> JsonValue:
    return None if entries is None else [entry.stored() for entry in entries]
