"""The rules of a schema: structural, without what a server can't enforce, and with sound rules and defaults.

Source: Kubernetes "Extend the Kubernetes API with CustomResourceDefinitions" (structural schema).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from platz_sandbox.kubernetes.objects.raw_documents import is_list, is_object, part
from platz_sandbox.kubernetes.validation.checks import unset
from platz_sandbox.kubernetes.validation.custom.rule_language import BadExpression, Parsed, parse
from platz_sandbox.kubernetes.validation.custom.schema_values import wrong_values
from platz_sandbox.kubernetes.validation.places import Causes, Place

_TYPES = ("array", "boolean", "integer", "number", "object", "string")
_LIST_TYPES = ("atomic", "set", "map")
_LOGICAL = ("allOf", "anyOf", "oneOf")
_ONLY_OUTSIDE: Mapping[str, str] = {
    "type": "must be empty to be structural",
    "title": "must be empty to be structural",
    "description": "must be empty to be structural",
    "default": "must be undefined to be structural",
    "nullable": "must be false to be structural",
    "additionalProperties": "must be undefined to be structural",
    "x-kubernetes-preserve-unknown-fields": "must be false to be structural",
    "x-kubernetes-embedded-resource": "must be false to be structural",
    "x-kubernetes-int-or-string": "must be false to be structural",
    "x-kubernetes-list-map-keys": "must be empty to be structural",
    "x-kubernetes-list-type": "must be undefined to be structural",
    "x-kubernetes-map-type": "must be undefined to be structural",
}
_UNIQUE = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
_EITHER = "additionalProperties and properties are mutual exclusive"
_TOO_COSTLY = (
    "estimated rule cost exceeds budget by factor of more than 100x (try simplifying the rule, or adding maxItems, "
    "maxProperties, and maxLength where arrays, maps, and strings are declared)"
)
_COSTLY_DEPTH = 3  # loops inside loops over lists without a bound; two are within a real server's budget
_EMPTY_TYPES = {
    "root": "must not be empty at the root",
    "item": "must not be empty for specified array items",
    "field": "must not be empty for specified object fields",
}


def broken_schema(place: Place, level: str = "root") -> Causes:
    """Yield every broken rule of a schema; ``level`` is `root`, `field` (of an object) or `item` (of an array)."""
    if not is_object(place.value):
        return
    forbidden = list(_unsupported(place))
    yield from forbidden
    if forbidden:
        return
    yield from _type(place, level)
    yield from _array(place)
    yield from _list_type(place)
    yield from _pattern(place)
    yield from _default(place)
    yield from _rules(place)
    for name in _LOGICAL:
        for item in place.at(name).items():
            yield from _nested(item)
    yield from _nested(place.at("not"))
    for _, inner in place.at("properties").entries():
        yield from broken_schema(inner, "field")
    yield from broken_schema(place.at("items"), "item")
    yield from broken_schema(place.at("additionalProperties"), "field")


def _unsupported(place: Place) -> Causes:
    if place.at("$ref").value is not None:
        yield place.at("$ref").forbidden("$ref is not supported")
    if place.at("uniqueItems").value:
        yield place.at("uniqueItems").forbidden(_UNIQUE)
    if is_list(place.at("items").value):
        yield place.at("items").forbidden("items must be a schema object and not an array")
    if place.at("properties").value and place.at("additionalProperties").value not in (None, False):
        yield place.at("additionalProperties").forbidden(_EITHER)
    if place.at("type").value not in {None, "", *_TYPES}:
        yield place.at("type").unsupported(_TYPES)


def _type(place: Place, level: str) -> Causes:
    kind = place.at("type")
    free = any(
        place.fields.get(f"x-kubernetes-{name}") for name in ("int-or-string", "preserve-unknown-fields")
    )
    if kind.missing and not free:
        yield kind.required(_EMPTY_TYPES[level])
    elif level == "root" and not kind.missing and kind.value != "object":
        yield kind.invalid("must be object at the root")


def _array(place: Place) -> Causes:
    if place.at("type").value == "array" and place.at("items").value is None:
        yield place.at("items").required("must be specified")


def _list_type(place: Place) -> Causes:
    chosen, keys = place.at("x-kubernetes-list-type"), place.at("x-kubernetes-list-map-keys")
    if chosen.value is None:
        return
    if place.at("type").value != "array":
        yield place.at("type").invalid("must be array if x-kubernetes-list-type is specified")
    if chosen.value not in _LIST_TYPES:
        yield chosen.unsupported(_LIST_TYPES)
    elif chosen.value == "map" and keys.missing:
        yield keys.required("must not be empty if x-kubernetes-list-type is map")
    elif chosen.value == "map":
        yield from _map_keys(place.at("items"), keys)


def _map_keys(items: Place, keys: Place) -> Causes:
    for key in keys.value:
        inner = items.at("properties").key(key)
        if inner.value is None:
            told = "entries must all be names of item properties"
            yield keys.invalid(told)
        elif key not in (items.value.get("required") or ()) and "default" not in inner.value:
            told = "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property"
            yield inner.at("default").required(told)


def _pattern(place: Place) -> Causes:
    pattern = place.at("pattern")
    if pattern.missing:
        return
    try:
        re.compile(pattern.value)
    except re.error as error:
        told = "must be a valid regular expression, but isn't: error parsing regexp:"
        yield pattern.invalid(f"{told} {_in_go(error, pattern.value)}")


def _in_go(error: re.error, pattern: str) -> str:
    """Return a regular expression's error in the words of Go, where both have some."""
    words = {
        "missing ), unterminated subpattern": "missing closing )",
        "unterminated character set": "missing closing ]",
    }
    return f"{words.get(error.msg, error.msg)}: `{pattern}`"


def _default(place: Place) -> Causes:
    default = place.at("default")
    if default.value is not None:
        yield from wrong_values(default, place.value, called="")


def _rules(place: Place) -> Causes:
    for item in place.at("x-kubernetes-validations").items():
        rule = item.at("rule")
        if rule.missing:
            yield rule.required("rule is not specified")
            continue
        try:
            parsed = parse(rule.value)
        except BadExpression as error:
            yield rule.invalid(f"compilation failed: ERROR: {error}", shown=_shown(rule.value))
            continue
        yield from _judged(place, rule, parsed)


def _judged(place: Place, rule: Place, parsed: Parsed) -> Causes:
    known = part(place.value, "properties")
    unknown = [(name, column) for name, column in parsed.fields if known and name not in known]
    if unknown:
        told = f"compilation failed: ERROR: <input>:1:{unknown[0][1] + 1}: undefined field '{unknown[0][0]}'"
        yield rule.invalid(told, shown=_shown(rule.value))
    elif not parsed.is_condition:
        yield rule.invalid("cel expression must evaluate to a bool", shown=_shown(rule.value))
    elif parsed.depth >= _COSTLY_DEPTH and _has_unbounded_list(place.value):
        yield rule.forbidden(_TOO_COSTLY)
        yield rule.forbidden(
            "contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema"
        )
        root = Place(
            value=None, path=rule.path.split(".openAPIV3Schema")[0] + ".openAPIV3Schema", root=rule.root
        )
        yield root.forbidden(
            _TOO_COSTLY.replace("rule cost exceeds", "rule cost total for entire OpenAPIv3 schema exceeds")
        )


def _shown(rule: str) -> dict[str, object]:
    return {
        "Rule": rule,
        "Message": "",
        "MessageExpression": "",
        "Reason": None,
        "FieldPath": "",
        "OptionalOldSelf": None,
    }


def _has_unbounded_list(schema: Mapping[str, object]) -> bool:
    return any(
        is_object(inner) and inner.get("type") == "array" and "maxItems" not in inner
        for inner in part(dict(schema), "properties").values()
    )


def _nested(place: Place) -> Causes:
    """Inside logical parts a schema only restricts values: it may not say what there is."""
    if not is_object(place.value):
        return
    for name, told in _ONLY_OUTSIDE.items():
        if place.fields.get(name):
            yield from unset(told)(place.at(name))
    for _, inner in place.at("properties").entries():
        yield from _nested(inner)
    yield from _nested(place.at("items"))
    for name in _LOGICAL:
        for item in place.at(name).items():
            yield from _nested(item)
