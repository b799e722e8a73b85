"""Reading a UI schema of any version from a document (chart-extensions.md 1.3 and 2).

Invariant: the version is decided by content. A document with a header can only be v1beta1, because v0 refuses
unknown top-level keys; one without can only be v0.
"""

from __future__ import annotations

from platz.charts.documents.ui_schema import (
    ARRAY,
    FieldEquals,
    FieldProperty,
    FieldValue,
    Input,
    InputType,
    Option,
    Reference,
    UiSchema,
    ValueOutput,
)
from platz.charts.documents.versions import Version
from platz.charts.reading.decoding import Cursor, Fields, decoded
from platz.charts.reading.problems import quoted
from platz.json import JsonValue

_TYPES = {kind.value.lower(): kind for kind in InputType}
_INPUT_KEYS = (
    "id", "type", "itemType", "collection", "label", "initialValue", "helpText", "required", "sensitive",
    "options", "showIfAll", "showIf", "filters", "minimum", "maximum", "step",
)  # fmt: skip


def parse_ui_schema(document: JsonValue) -> UiSchema:
    """Read a UI schema, stored or as a chart ships it; raise `InvalidDocument`."""
    return decoded(document, read_ui_schema)


def read_ui_schema(cursor: Cursor) -> UiSchema:
    """Read a UI schema of either version."""
    document = cursor.value
    if isinstance(document, dict) and ("apiVersion" in document or "kind" in document):
        fields = cursor.fields("apiVersion", "kind", "inputs", "outputs")
        fields.header(Version.V1BETA1.api_version, "ValuesUi")
        return _schema(Version.V1BETA1, fields)
    return read_v0_ui_schema(cursor)


def read_v0_ui_schema(cursor: Cursor) -> UiSchema:
    """Read a UI schema without header, the only form inside resource types (9.1)."""
    return _schema(Version.V0, cursor.fields("inputs", "outputs", exact=True))


def _schema(version: Version, fields: Fields) -> UiSchema:
    inputs = tuple(_input(item) for item in fields.need("inputs").items())
    outputs = fields.get("outputs", lambda cursor: cursor.fields("values", "secrets"), None)
    if outputs is None:
        return UiSchema(version=version, inputs=inputs, values=(), secrets={})
    return UiSchema(
        version=version,
        inputs=inputs,
        values=tuple(_value_output(item) for item in outputs.need("values").items()),
        secrets=outputs.get("secrets", _secrets, {}),
    )


def _input(cursor: Cursor) -> Input:
    fields = cursor.fields(*_INPUT_KEYS)
    input_id = fields.need("id").text()
    kind, is_array = _type(fields)
    return Input(
        id=input_id,
        type=kind,
        is_array=is_array,
        collection=_collection(fields) if kind is InputType.COLLECTION_SELECT else None,
        label=fields.need("label").text(),
        initial_value=fields.nullable("initialValue", Cursor.json),
        help_text=fields.nullable("helpText", Cursor.text),
        required=fields.get("required", Cursor.flag, default=False),
        sensitive=fields.get("sensitive", Cursor.flag, default=False),
        options=fields.nullable("options", lambda options: tuple(_option(item) for item in options.items())),
        show_if_all=fields.nullable("showIfAll", _entries),
        show_if=fields.nullable("showIf", Cursor.json),
        filters=fields.nullable("filters", _entries),
        minimum=fields.nullable("minimum", Cursor.decimal),
        maximum=fields.nullable("maximum", Cursor.decimal),
        step=fields.nullable("step", Cursor.decimal),
    )


def _type(fields: Fields) -> tuple[InputType, bool]:
    declared = fields.need("type")
    is_array = declared.value == ARRAY
    return _type_name(fields.need("itemType") if is_array else declared), is_array


def _type_name(cursor: Cursor) -> InputType:
    """Match without regard to ASCII case, and to nothing but ASCII case (2.3)."""
    name = cursor.text()
    found = _TYPES.get(name.lower()) if name.isascii() else None
    if found is None and isinstance(cursor.value, str):
        choices = ", ".join(kind.value for kind in InputType)
        cursor.complain(
            f"{quoted(name)} is not an input type.", f"Use one of: {choices} (or {ARRAY} of one of them)."
        )
    return found or InputType.TEXT


def _collection(fields: Fields) -> JsonValue:
    cursor = fields.need("collection")
    collection = cursor.json()
    if collection is None:
        cursor.complain("Null is not a collection.", "Name a collection, such as deployments or secrets.")
    return collection


def _option(cursor: Cursor) -> Option:
    fields = cursor.fields("value", "label", "helpText")
    return Option(
        value=fields.need("value").json(),
        label=fields.nullable("label", Cursor.text),
        help_text=fields.nullable("helpText", Cursor.text),
    )


def _entries(cursor: Cursor) -> tuple[FieldEquals, ...]:
    return tuple(_entry(item) for item in cursor.items())


def _entry(cursor: Cursor) -> FieldEquals:
    fields = cursor.fields("field", "value")
    return FieldEquals(field=fields.need("field").text(), value=fields.need("value").json())


def _value_output(cursor: Cursor) -> ValueOutput:
    fields = cursor.fields("path", "value")
    return ValueOutput(path=fields.need("path").texts(), value=_reference(fields.need("value")))


def _secrets(cursor: Cursor) -> dict[str, dict[str, Reference]]:
    return {
        name: {key: _reference(reference) for key, reference in keys.entries()}
        for name, keys in cursor.entries()
    }


def _reference(cursor: Cursor) -> Reference:
    cursor.refuse_repeated("FieldValue", "FieldProperty")
    match cursor.entries():
        case [("FieldValue", target)]:
            return FieldValue(input=target.fields("input").need("input").text())
        case [("FieldProperty", target)]:
            fields = target.fields("input", "property")
            return FieldProperty(input=fields.need("input").text(), property=fields.need("property").text())
        case _:
            if isinstance(cursor.value, dict):
                cursor.complain(
                    "The reference does not have exactly one of the keys FieldValue and FieldProperty.",
                    "Write {FieldValue: {input: ID}} or {FieldProperty: {input: ID, property: NAME}}.",
                )
            return FieldValue(input="")
