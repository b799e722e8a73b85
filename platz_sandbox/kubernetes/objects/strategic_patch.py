"""Strategic merge patches: like JSON merge patches, but lists with a merge key merge element by element.

Invariant: without directives and merge keys the result is that of a JSON merge patch.
Source: Kubernetes "Update API Objects in Place Using kubectl patch" and the design proposal's directives:
`$patch: delete|replace|merge`, `$deleteFromPrimitiveList/F`, `$setElementOrder/F`, `$retainKeys`.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from platz_sandbox.kubernetes.objects.raw_documents import KubeObject, is_list, is_object
from platz_sandbox.kubernetes.objects.shapes import Form, Merge, Shape
from platz_sandbox.kubernetes.objects.status_errors import bad_request

_DELETE_FROM = "$deleteFromPrimitiveList/"
_ORDER = "$setElementOrder/"


def strategic_patch(document: KubeObject, patch: KubeObject, shape: Shape) -> KubeObject:
    """Apply a strategic merge patch; raise 400 when a directive is unknown or an element lacks its merge key."""
    match patch.get("$patch"):
        case None | "merge":
            pass
        case "replace":
            return _without_directives(patch)
        case "delete":
            return {}
        case other:
            raise bad_request(f"Unrecognized patch directive: {other}")
    merged = {
        key: value
        for key, value in document.items()
        if "$retainKeys" not in patch or key in patch["$retainKeys"]
    }
    for key, value in patch.items():
        if key.startswith(_DELETE_FROM):
            _delete_values(merged, key.removeprefix(_DELETE_FROM), value)
        elif not key.startswith("$"):
            _merge_field(merged, key, value, shape.child(key))
    for key, order in patch.items():
        if key.startswith(_ORDER):
            field = key.removeprefix(_ORDER)
            _put_in_order(merged, field, order, shape.child(field).merge)
    return merged


def _merge_field(merged: KubeObject, key: str, value: Any, shape: Shape) -> None:
    present = merged.get(key)
    if value is None:
        merged.pop(key, None)
    elif is_object(value):
        merged[key] = strategic_patch(present if is_object(present) else {}, value, shape)
    elif is_list(value) and shape.form is Form.LIST:
        merged[key] = _merge_list(present or [], value, shape)
    else:
        merged[key] = copy.deepcopy(value)


def _merge_list(present: list[Any], patch: list[Any], shape: Shape) -> list[Any]:
    if shape.merge.patch_key:
        return _merge_by_key(present, patch, shape)
    if shape.merge.patch_values:
        return [*present, *(value for value in patch if value not in present)]
    return copy.deepcopy(patch)


def _merge_by_key(present: list[Any], patch: list[Any], shape: Shape) -> list[Any]:
    key = shape.merge.patch_key
    replacing = any(item.get("$patch") == "replace" for item in patch if set(item) == {"$patch"})
    merged: list[Any] = [] if replacing else list(present)
    for item in patch:
        if set(item) == {"$patch"}:
            continue
        if key not in item:
            raise bad_request(f"map: {item} does not contain declared merge key: {key}")
        place = next((i for i, old in enumerate(merged) if old.get(key) == item[key]), None)
        if item.get("$patch") == "delete":
            merged = [old for old in merged if old.get(key) != item[key]]
        elif place is None:
            merged.append(strategic_patch({}, item, shape.element))
        else:
            merged[place] = strategic_patch(merged[place], item, shape.element)
    return merged


def _delete_values(merged: KubeObject, field: str, values: Sequence[Any]) -> None:
    if field in merged:
        merged[field] = [value for value in merged[field] if value not in values]


def _put_in_order(merged: KubeObject, field: str, order: list[Any], merge: Merge) -> None:
    """Put the elements that the patch names into its order; the others keep their positions in the list."""
    items = merged.get(field)
    if not is_list(items):
        return
    identity = merge.patch_key

    def name(item: Any) -> Any:
        return item.get(identity) if identity else item

    wanted = [name(item) for item in order]
    named = sorted(
        (item for item in items if name(item) in wanted), key=lambda item: wanted.index(name(item))
    )
    remaining = iter(named)
    merged[field] = [next(remaining) if name(item) in wanted else item for item in items]


def _without_directives(value: Any) -> Any:
    if is_object(value):
        return {key: _without_directives(inner) for key, inner in value.items() if not key.startswith("$")}
    if is_list(value):
        return [_without_directives(inner) for inner in value]
    return value
