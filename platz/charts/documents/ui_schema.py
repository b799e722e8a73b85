"""The UI schema: the form that a chart ships, and what becomes of its inputs.

Invariant: reading a stored document and storing it again gives the same document. All inputs and outputs follow the
format, but references between them are checked only when values are rendered. The content decides the version: a
document with a header can only be v1beta1, because v0 refuses unknown top-level keys; a document without a header can
only be v0.

Source: docs/contract/chart-extensions.md, "Detection of the version", "UI schema".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Literal, TypeAlias

from platz.charts.documents.collections import COLLECTION, field_list_text
from platz.charts.documents.references import REFERENCE, Reference
from platz.charts.documents.versions import V1BETA1_HEADER, Version, kind_header
from platz.charts.reading.codecs import (
    ANY_JSON,
    DECIMAL,
    FLAG,
    TEXT,
    Codec,
    any_of,
    choice_of,
    defined,
    list_of,
    mapping_of,
)
from platz.charts.reading.decoding import Cursor, decoded
from platz.charts.reading.document_objects import DocumentObject, object_of
from platz.charts.reading.members import (
    Attributes,
    Presence,
    known_in,
    nullable,
    optional,
    required,
    required_if,
)
from platz.charts.reading.problems import quoted
from platz.json import JsonValue


class ValueType(StrEnum):
    """The type of one value."""

    TEXT = "text"
    NUMBER = "number"
    COLLECTION_SELECT = "CollectionSelect"
    RADIO_SELECT = "RadioSelect"
    DAYS_AND_HOUR = "DaysAndHour"
    CHECKBOX = "Checkbox"


Array: TypeAlias = Literal["array"]
ARRAY: Array = "array"
"""The type of a list of values of ``itemType``."""

_VALUE_TYPES = {kind.value.lower(): kind for kind in ValueType}


def _read_value_type(cursor: Cursor) -> ValueType:
    """Match a type's name, ignoring only the case of ASCII letters.

    Source: docs/contract/chart-extensions.md, "Input types and their values".
    """
    name = cursor.text()
    found = _VALUE_TYPES.get(name.lower()) if name.isascii() else None
    if found is None and isinstance(cursor.value, str):
        choices = ", ".join(ValueType)
        cursor.complain(
            f"{quoted(name)} is not an input type.",
            f"{cursor.question([*ValueType, ARRAY])}Use one of: {choices} (or {ARRAY} of one of them).",
        )
    return found or ValueType.TEXT


def _read_input_type(cursor: Cursor) -> ValueType | Array:
    return ARRAY if cursor.value == ARRAY else _read_value_type(cursor)


_VALUE_TYPE = replace(choice_of(ValueType), read=_read_value_type, schema=TEXT.schema)
_INPUT_TYPE: Codec[ValueType | Array] = Codec(read=_read_input_type, store=str, schema=TEXT.schema)
"""API clients see any text, since the code of older ones compares it with words of its own."""


def _is_array(attributes: Attributes) -> bool:
    return attributes["type"] == ARRAY


def _selects_from_collection(attributes: Attributes) -> bool:
    return ValueType.COLLECTION_SELECT in {attributes["type"], attributes["item_type"]}


class Option(DocumentObject, name="UiSchemaInputFieldOption"):
    """One choice of a RadioSelect."""

    value: JsonValue = required(ANY_JSON)
    label: str | None = nullable(TEXT, described=Presence.REQUIRED)
    """Null is accepted, but the schema for API clients says text, as it always did."""
    help_text: str | None = nullable(TEXT, key="helpText")


class FieldEquals(DocumentObject, name="UiSchemaFieldValuePair"):
    """A field and the value that it must have."""

    field: str = required(TEXT)
    value: JsonValue = required(ANY_JSON)


_FIELD_LIST = list_of(object_of(FieldEquals))


def _read_fields_equal(cursor: Cursor) -> tuple[FieldEquals, ...]:
    """Read the list; say how it is written to those who write an object, as the guide of older Platz did."""
    if not isinstance(cursor.value, dict):
        return _FIELD_LIST.read(cursor)
    cursor.complain("An object stands where a list is expected.", f"Write {field_list_text(cursor.value)}.")
    return ()


_FIELDS_EQUAL = replace(_FIELD_LIST, read=_read_fields_equal)


class Input(DocumentObject, name="UiSchemaInput"):
    """One field of the form; its value stands in the config under its id."""

    id: str = required(TEXT)
    type: ValueType | Array = required(_INPUT_TYPE)
    item_type: ValueType | None = required_if(_is_array, _VALUE_TYPE, key="itemType")
    collection: JsonValue = required_if(_selects_from_collection, COLLECTION)
    label: str = required(TEXT)
    initial_value: JsonValue = nullable(ANY_JSON, key="initialValue")
    help_text: str | None = nullable(TEXT, key="helpText")
    required: bool = optional(FLAG, absent=False)
    sensitive: bool = optional(FLAG, absent=False)
    options: tuple[Option, ...] | None = nullable(list_of(object_of(Option)))
    show_if_all: tuple[FieldEquals, ...] | None = nullable(_FIELDS_EQUAL, key="showIfAll")
    show_if: JsonValue = nullable(ANY_JSON, key="showIf")
    filters: tuple[FieldEquals, ...] | None = nullable(_FIELDS_EQUAL)
    minimum: str | None = nullable(DECIMAL)
    maximum: str | None = nullable(DECIMAL)
    step: str | None = nullable(DECIMAL)

    @property
    def is_array(self) -> bool:
        """Whether the value is a list."""
        return self.type == ARRAY

    @property
    def value_type(self) -> ValueType | Array:
        """The type of the value, or of each element."""
        return self.item_type or self.type

    @property
    def selects_from_collection(self) -> bool:
        """Whether the value, or each element of it, is the id of a collection's item."""
        return self.value_type is ValueType.COLLECTION_SELECT


class ValueOutput(DocumentObject, name="UiSchemaOutputValue"):
    """One Helm value: where it is written, and where it comes from."""

    path: tuple[str, ...] = required(list_of(TEXT))
    value: Reference = required(REFERENCE)


class Outputs(DocumentObject, name="UiSchemaOutputs"):
    """What the inputs become: Helm values, and Kubernetes secrets by name and key."""

    values: tuple[ValueOutput, ...] = required(list_of(object_of(ValueOutput)), described=Presence.OPTIONAL)
    secrets: Mapping[str, Mapping[str, Reference]] = optional(mapping_of(mapping_of(REFERENCE)), absent={})


class UiSchema(DocumentObject, name="UiSchema"):
    """A form and what becomes of its inputs; without `apiVersion` and `kind` it is of version 0."""

    api_version: str | None = known_in({Version.V1BETA1}, V1BETA1_HEADER, key="apiVersion")
    kind: str | None = known_in({Version.V1BETA1}, kind_header("ValuesUi"))
    inputs: tuple[Input, ...] = required(list_of(object_of(Input)))
    outputs: Outputs = optional(
        object_of(Outputs), absent=Outputs(values=(), secrets={}), described=Presence.REQUIRED
    )

    @property
    def version(self) -> Version:
        """The version in which the schema was written."""
        return Version.V0 if self.api_version is None else Version.V1BETA1

    def inputs_by_id(self) -> dict[str, Input]:
        """Return the inputs by id; the first declaration of an id counts.

        Source: docs/contract/chart-extensions.md, "Inputs".
        """
        return {declared.id: declared for declared in reversed(self.inputs)}


V0_UI_SCHEMA = object_of(UiSchema, version=Version.V0, exact=True, name="UiSchemaV0")
"""A schema without a header, the only form inside resource types (docs/contract/chart-extensions.md, "Resource type
documents")."""
_V1BETA1_UI_SCHEMA = object_of(UiSchema, version=Version.V1BETA1, name="UiSchemaV1Beta1")


def _read(cursor: Cursor) -> UiSchema:
    document = cursor.value
    has_header = isinstance(document, dict) and ("apiVersion" in document or "kind" in document)
    return (_V1BETA1_UI_SCHEMA if has_header else V0_UI_SCHEMA).read(cursor)


UI_SCHEMA = replace(
    V0_UI_SCHEMA,
    read=_read,
    schema=defined(
        "UiSchema",
        any_of(_V1BETA1_UI_SCHEMA.schema, V0_UI_SCHEMA.schema),
        meaning="A form and what becomes of its inputs, of any version.",
    ),
)
"""A schema of either version."""


def parse_ui_schema(document: JsonValue) -> UiSchema:
    """Read a UI schema, stored or as a chart ships it; raise `InvalidDocument`."""
    return decoded(document, UI_SCHEMA.read)
