"""The values of a custom resource against its schema: types, bounds, formats, lists that are sets or maps.

Invariant: every value that breaks the schema is told with its path, in the words of a real server.
Source: Kubernetes "Extend the Kubernetes API with CustomResourceDefinitions" (validation); OpenAPI v3 schemas.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from platz_sandbox.kubernetes.objects.quantities import amount
from platz_sandbox.kubernetes.objects.raw_documents import KubeObject, is_list, is_object, parse_time
from platz_sandbox.kubernetes.objects.status_errors import Cause
from platz_sandbox.kubernetes.validation import formats
from platz_sandbox.kubernetes.validation.places import Causes, Place

_JSON_TYPES = (
    (bool, "boolean"),
    (str, "string"),
    (int, "integer"),
    (float, "number"),
    (list, "array"),
    (dict, "object"),
)
_DOLLAR = re.compile(r"(\\.)|\$", re.DOTALL)
"""Matches the end of a text, which Python writes differently, and escapes, among them that of the dollar itself."""


def wrong_values(place: Place, schema: Mapping[str, Any], *, called: str | None = None) -> Causes:
    """Yield every value at the place and in it that breaks the schema; ``called`` names the place in messages."""
    name = place.path if called is None else called
    if place.value is None:
        return
    if not _has_type(place.value, schema):
        wanted = "integer,string" if schema.get("x-kubernetes-int-or-string") else schema["type"]
        found = _type_name(place.value)
        yield place.wrong_type(f'{name} in body must be of type {wanted}: "{found}"', shown=found)
        if (wanted, found) == ("integer", "number"):
            told = f"Checked value must be of type integer (default format) in {name}"
            yield Place(value="", path="<nil>", root=place.root).invalid(told)
            yield from _number(place, schema, name)
        return
    yield from _choices(place, schema)
    match place.value:
        case str():
            yield from _text(place, schema, name)
        case bool():
            pass
        case int() | float():
            yield from _number(place, schema, name)
        case list():
            yield from _list(place, schema, name, called)
        case _:
            yield from _object(place, schema, called)
    yield from _logical(place, schema)


def _has_type(value: Any, schema: Mapping[str, Any]) -> bool:
    if schema.get("x-kubernetes-int-or-string"):
        return isinstance(value, int | str) and not isinstance(value, bool)
    match schema.get("type"):
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
            return whole and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "array":
            return is_list(value)
        case "object":
            return is_object(value)
        case _:
            return True


def _type_name(value: Any) -> str:
    return next((name for kind, name in _JSON_TYPES if isinstance(value, kind)), "null")


def _choices(place: Place, schema: Mapping[str, Any]) -> Causes:
    choices = schema.get("enum")
    if choices and place.value not in choices:
        yield place.unsupported([str(choice) for choice in choices])


def _text(place: Place, schema: Mapping[str, Any], name: str) -> Causes:
    most, least, pattern = schema.get("maxLength"), schema.get("minLength"), schema.get("pattern")
    if most is not None and len(place.value) > most:
        yield place.too_long(most)
        return
    if least is not None and len(place.value) < least:
        yield place.invalid(f"{name} in body should be at least {least} chars long")
    if pattern and not _search(pattern, place.value):
        yield place.invalid(f"{name} in body should match '{pattern}'")
    if schema.get("format") in _FORMATS and not _FORMATS[schema["format"]](place.value):
        yield place.wrong_type(f'{name} in body must be of type {schema["format"]}: "{place.value}"')


def _search(pattern: str, text: str) -> bool:
    try:
        return re.search(_DOLLAR.sub(lambda found: found[1] or r"\Z", pattern), text) is not None
    except re.error:  # Go knows forms of expressions that Python does not: what can't be judged is taken
        return True


def _is_time(text: str) -> bool:
    try:
        parse_time(text)
    except ValueError:
        return False
    return "T" in text


_UUID = re.compile("(?i)[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}")
_FORMATS: Mapping[str, Callable[[str], bool]] = {
    "date-time": _is_time,
    "ipv4": lambda text: formats.is_address(text) and "." in text,
    "ipv6": lambda text: formats.is_address(text) and ":" in text,
    "cidr": lambda text: not formats.network(text),
    "uuid": lambda text: _UUID.fullmatch(text) is not None,
}


def _number(place: Place, schema: Mapping[str, Any], name: str) -> Causes:
    least, most, step = schema.get("minimum"), schema.get("maximum"), schema.get("multipleOf")
    without_least, without_most = bool(schema.get("exclusiveMinimum")), bool(schema.get("exclusiveMaximum"))
    if least is not None and (place.value < least or (without_least and place.value == least)):
        yield place.invalid(
            f"{name} in body should be greater than {'' if without_least else 'or equal to '}{least}"
        )
    if most is not None and (place.value > most or (without_most and place.value == most)):
        yield place.invalid(
            f"{name} in body should be less than {'' if without_most else 'or equal to '}{most}"
        )
    if step and amount(place.value) % amount(step):
        yield place.invalid(f"{name} in body should be a multiple of {step}")


def _list(place: Place, schema: Mapping[str, Any], name: str, called: str | None) -> Causes:
    count, most, least = len(place.value), schema.get("maxItems"), schema.get("minItems")
    if most is not None and count > most:
        yield place.too_many(count, most)
    if least is not None and count < least:
        yield place.invalid(f"{name} in body should have at least {least} items", shown=count)
    for item in place.items():
        yield from wrong_values(item, schema.get("items") or {}, called=called)
    yield from _doubled(place, schema)


def _doubled(place: Place, schema: Mapping[str, Any]) -> Causes:
    kind, keys = schema.get("x-kubernetes-list-type"), schema.get("x-kubernetes-list-map-keys") or ()
    seen: list[Any] = []
    for item in place.items():
        value: Any = item.value
        if kind == "map":
            value = {key: value.get(key) for key in keys if key in value} if is_object(value) else None
        if kind in {"map", "set"} and value and value in seen:
            yield item.duplicate(shown=value)
        seen.append(value)


def _object(place: Place, schema: Mapping[str, Any], called: str | None) -> Causes:
    most, least = schema.get("maxProperties"), schema.get("minProperties")
    if most is not None and len(place.value) > most:
        yield place.too_many(len(place.value), most)
    if least is not None and len(place.value) < least:
        yield place.invalid(
            f"{place.path} in body should have at least {least} properties", shown=len(place.value)
        )
    for key in schema.get("required") or ():
        if place.fields.get(key) is None:
            yield place.at(key).required()
    yield from _fields(place, schema, called)


def _fields(place: Place, schema: Mapping[str, Any], called: str | None) -> Iterator[Cause]:
    properties: KubeObject = schema.get("properties") or {}
    others = schema.get("additionalProperties")
    for key in place.value:
        if key in properties:
            yield from wrong_values(place.at(key), properties[key], called=called)
        elif is_object(others):
            yield from wrong_values(place.at(key), others, called=called)


def _logical(place: Place, schema: Mapping[str, Any]) -> Causes:
    unnamed = Place(value="", path="<nil>", root=place.root)
    for inner in schema.get("allOf") or ():
        yield from wrong_values(place, inner)
    if (any_of := schema.get("anyOf")) and all(list(wrong_values(place, inner)) for inner in any_of):
        yield unnamed.invalid(f'"{place.path}" must validate at least one schema (anyOf)')
        yield from wrong_values(place, any_of[0])
    if one_of := schema.get("oneOf"):
        failed = [list(wrong_values(place, inner)) for inner in one_of]
        valid = sum(not causes for causes in failed)
        told = f'"{place.path}" must validate one and only one schema (oneOf). Found '
        if not valid:
            yield unnamed.invalid(f"{told}none valid")
            yield from failed[0]
        elif valid > 1:
            yield unnamed.invalid(f"{told}{valid} valid alternatives")
    if (denied := schema.get("not")) and not list(wrong_values(place, denied)):
        yield unnamed.invalid(f'"{place.path}" must not validate the schema (not)')
