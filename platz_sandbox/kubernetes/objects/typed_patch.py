"""The first check of an applied configuration: each field belongs to the kind, with its type, and no list key twice.

Invariant: a configuration that passes has one meaning for each path that an owner can have.
Source: Kubernetes "Server-Side Apply"; structured-merge-diff's typed values. A real server answers 500 here, whatever
the request's `fieldValidation` says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from platz_sandbox.kubernetes.objects.field_paths import element_step, is_granular_list, text
from platz_sandbox.kubernetes.objects.raw_documents import KubeObject, dig, is_list, is_object
from platz_sandbox.kubernetes.objects.served_kinds import Kind
from platz_sandbox.kubernetes.objects.shapes import Form, Shape
from platz_sandbox.kubernetes.objects.status_errors import ApiError

_NUMBERS, _TEXT = "expected numeric (int or float)", "expected string"
_EXPECTED: Mapping[str, tuple[str, tuple[type, ...]]] = {
    "string": (_TEXT, (str,)),
    "time": (_TEXT, (str,)),
    "bytes": (_TEXT, (str,)),
    "integer": (_NUMBERS, (int, float)),
    "number": (_NUMBERS, (int, float)),
    "boolean": ("expected boolean", (bool,)),
}


def check_patch(kind: Kind, shape: Shape, config: KubeObject) -> None:
    """Raise 500 with every field that the kind does not have, every wrong type, and every doubled list key."""
    problems = list(_problems(config, shape, ""))
    if not problems:
        return
    told = problems[0] if len(problems) == 1 else "errors:\n" + "\n".join(f"  {line}" for line in problems)
    place = "/".join(str(dig(config, "metadata", key) or "") for key in ("namespace", "name"))
    called = f"{place}; {kind.group}/{kind.version}, Kind={kind.kind}"
    message = f"failed to create typed patch object ({called}): {told}"
    raise ApiError(code=500, reason="", message=message)


def _problems(value: Any, shape: Shape, path: str) -> Iterator[str]:
    if value is None:
        return
    match shape.form:
        case Form.SCALAR:
            yield from _scalar(value, shape, path)
        case Form.LIST if is_list(value):
            yield from _list(value, shape, path)
        case Form.LIST:
            yield f"{path}: expected list, got &{{{_go_value(value)}}}"
        case Form.OBJECT | Form.MAP if is_object(value):
            yield from _object(value, shape, path)
        case _:
            yield f"{path}: expected map, got &{{{_go_value(value)}}}"


def _object(document: KubeObject, shape: Shape, path: str) -> Iterator[str]:
    closed = shape.form is Form.OBJECT and not shape.open
    for key, inner in document.items():
        if closed and key not in shape.fields:
            yield f"{path}.{key}: field not declared in schema"
        else:
            yield from _problems(inner, shape.child(key), f"{path}.{key}")


def _list(items: list[Any], shape: Shape, path: str) -> Iterator[str]:
    granular = is_granular_list(items, shape)
    seen: set[str] = set()
    for index, item in enumerate(items):
        if _lacks_keys(item, shape):
            yield f"{path}: element {index}: {_without_keys(shape)}"
            return
        step = element_step(item, shape) if granular and (shape.merge.unique or is_object(item)) else ""
        called = text((step,)) if step else f"[{index}]"
        if step and step in seen:
            yield f"{path}: duplicate entries for key {called}"
        seen.add(step)
        yield from _problems(item, shape.element, path + called)


def _lacks_keys(item: Any, shape: Shape) -> bool:
    """Tell whether a custom resource's element has none of its list's keys; a built-in kind's keys have defaults."""
    custom = not shape.element.type_name
    return custom and bool(shape.merge.keys) and is_object(item) and not item.keys() & {*shape.merge.keys}


def _without_keys(shape: Shape) -> str:
    names = " ".join(f'"{key}"' for key in shape.merge.keys)
    told = f"associative list with keys has an element that omits all key fields [{names}]"
    return f"{told} (and doesn't have default values for any key fields)"


def _scalar(value: Any, shape: Shape, path: str) -> Iterator[str]:
    expected, types = _EXPECTED.get(shape.scalar, ("", (object,)))
    wrong_boolean = isinstance(value, bool) and bool not in types and object not in types
    if not wrong_boolean and isinstance(value, types):
        return
    match expected:
        case "expected numeric (int or float)":
            yield f"{path}: {expected}, got {_go_type(value)}"
        case "expected string":
            yield f"{path}: {expected}, got &value.valueUnstructured{{Value:{_go_value(value)}}}"
        case _:
            yield f"{path}: {expected}, got &{{{_go_value(value)}}}"


def _go_type(value: Any) -> str:
    names = ((bool, "bool"), (str, "string"), (list, "[]interface {}"))
    return next((name for known, name in names if isinstance(value, known)), "map[string]interface {}")


def _go_value(value: Any) -> str:
    """Return a value as Go prints it."""
    if is_list(value):
        return f"[{' '.join(_go_value(item) for item in value)}]"
    if is_object(value):
        return f"map[{' '.join(f'{key}:{_go_value(inner)}' for key, inner in sorted(value.items()))}]"
    return value if isinstance(value, str) else orjson.dumps(value).decode()
