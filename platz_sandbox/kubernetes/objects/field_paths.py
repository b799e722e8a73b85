"""Paths of fields in the form of server-side apply (`FieldsV1`), and the values at these paths.

A path is a tuple of steps: `f:NAME` is a field, `k:{...}` the element of a list with those keys, `v:VALUE` an element
of a set. Invariant: `decode(encode(paths)) == paths`.
Source: Kubernetes "Server-Side Apply", structured-merge-diff's serialised field sets.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import orjson

from platz_sandbox.kubernetes.objects.raw_documents import KubeObject, is_list, is_object
from platz_sandbox.kubernetes.objects.shapes import Form, Shape

Path: TypeAlias = tuple[str, ...]

ELEMENT = object()  # the value of a path to a list's element itself, beside the paths of its fields
_KEY_DEFAULTS = {"protocol": "TCP"}  # the only list keys that have a default


def element_step(item: Any, shape: Shape) -> str:
    """Return the step that names a list's element."""
    if shape.merge.unique:
        return "v:" + orjson.dumps(item).decode()
    keys = {key: item.get(key, _KEY_DEFAULTS.get(key)) for key in shape.merge.keys}
    return "k:" + orjson.dumps(keys, option=orjson.OPT_SORT_KEYS).decode()


def is_granular_list(value: Any, shape: Shape) -> bool:
    """Tell whether each element of the list has an owner of its own."""
    return is_list(value) and shape.form is Form.LIST and bool(shape.merge.keys or shape.merge.unique)


def leaves(value: Any, shape: Shape, path: Path = ()) -> dict[Path, Any]:
    """Return every path in the value that can have an owner, with the value there."""
    found: dict[Path, Any] = {}
    if is_object(value) and value and not shape.merge.atomic:
        for key, inner in value.items():
            found.update(leaves(inner, shape.child(key), (*path, f"f:{key}")))
    elif is_granular_list(value, shape) and value:
        for item in value:
            step = (*path, element_step(item, shape))
            found[step] = ELEMENT
            if is_object(item):
                found.update(leaves(item, shape.element, step))
    else:
        found[path] = value
    return found


def encode(paths: Iterable[Path]) -> KubeObject:
    """Write paths as `fieldsV1`."""
    tree: KubeObject = {}
    every = set(paths)
    for path in sorted(every):
        node = tree
        for depth, step in enumerate(path, start=1):
            fresh = step not in node
            node = node.setdefault(step, {})
            if not fresh and depth < len(path) and path[:depth] in every:
                node.setdefault(".", {})
    return tree


def decode(tree: KubeObject, path: Path = ()) -> set[Path]:
    """Read paths from `fieldsV1`."""
    found: set[Path] = set()
    for step, inner in tree.items():
        if step == ".":
            found.add(path)
        elif inner:
            found |= decode(inner, (*path, step))
        else:
            found.add((*path, step))
    return found


def merge(live: Any, applied: Any, shape: Shape) -> Any:
    """Return the live value with an applied configuration merged into it."""
    if is_object(applied) and is_object(live) and not shape.merge.atomic:
        return {
            **live,
            **{key: merge(live.get(key), value, shape.child(key)) for key, value in applied.items()},
        }
    if is_list(applied) and is_list(live) and is_granular_list(applied, shape):
        return _merge_lists(live, applied, shape)
    return copy.deepcopy(applied)


def _merge_lists(live: list[Any], applied: list[Any], shape: Shape) -> list[Any]:
    """Merge lists: applied elements in their order, each live element that is not applied after its predecessor."""
    present = {element_step(item, shape): item for item in live}
    order = [element_step(item, shape) for item in applied]
    merged = {
        step: merge(present[step], item, shape.element)
        if step in present and is_object(item)
        else copy.deepcopy(item)
        for step, item in zip(order, applied, strict=True)
    }
    place = 0
    for step, item in present.items():
        if step in merged:
            place = order.index(step) + 1
        else:
            order.insert(place, step)
            merged[step] = item
            place += 1
    return [merged[step] for step in order]


def remove(document: Any, path: Path, shape: Shape) -> None:
    """Remove the value at the path, and every field whose map or list becomes empty."""
    step, rest = path[0], path[1:]
    if step.startswith("f:"):
        _remove_field(document, step[2:], rest, shape)
    elif is_list(document):
        _remove_element(document, step, rest, shape)


def _remove_field(document: Any, key: str, rest: Path, shape: Shape) -> None:
    if not is_object(document) or key not in document:
        return
    if rest:
        remove(document[key], rest, shape.child(key))
    if not rest or document[key] in ({}, []):
        del document[key]


def _remove_element(items: list[Any], step: str, rest: Path, shape: Shape) -> None:
    for place, item in enumerate(items):
        if element_step(item, shape) == step:
            if rest:
                remove(item, rest, shape.element)
            else:
                del items[place]
            return


def text(path: Path) -> str:
    """Return a path in the form of conflict messages: `.spec.template.spec.containers[name="web"].image`."""
    return "".join(_step_text(step) for step in path)


def _step_text(step: str) -> str:
    match step[:2]:
        case "f:":
            return f".{step[2:]}"
        case "k:":
            keys: Mapping[str, Any] = orjson.loads(step[2:])
            return (
                "[" + ",".join(f"{key}={orjson.dumps(value).decode()}" for key, value in keys.items()) + "]"
            )
        case _:
            return f"[={step[2:]}]"
