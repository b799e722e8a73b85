"""The patches that need no schema: JSON merge patch (RFC 7386) and JSON patch (RFC 6902).

Invariant: a patch never changes its input document, but returns a new one.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from platz_sandbox.kubernetes.objects.raw_documents import KubeObject, is_list, is_object
from platz_sandbox.kubernetes.objects.status_errors import ApiError, bad_request

MAX_OPERATIONS = 10_000  # the limit of the real API server


def merge_patch(document: Any, patch: Any) -> Any:
    """Apply a JSON merge patch: null removes, objects merge, everything else replaces."""
    if not is_object(patch):
        return copy.deepcopy(patch)
    merged = dict(document) if is_object(document) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged


def json_patch(document: KubeObject, operations: Any) -> KubeObject:
    """Apply a JSON patch; raise 400 when it is no list, 413 when it is too long, 422 when an operation fails."""
    if not is_list(operations):
        raise bad_request("a JSON patch is a list of operations")
    if len(operations) > MAX_OPERATIONS:
        raise ApiError(
            code=413, reason="RequestEntityTooLarge", message="The allowed maximum operations was exceeded"
        )
    patched: Any = copy.deepcopy(document)
    for operation in operations:
        try:
            patched = _OPERATIONS[operation["op"]](patched, operation)
        except (KeyError, IndexError, TypeError, ValueError) as error:
            message = f"the server rejected our request due to an error in our request: {operation}: {error}"
            raise ApiError(code=422, reason="Invalid", message=message) from error
    return patched


def _steps(pointer: str) -> list[str]:
    if pointer == "":
        return []
    if not pointer.startswith("/"):
        raise ValueError(f"{pointer!r} is not a JSON pointer")
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer[1:].split("/")]


def _index(items: list[Any], step: str, *, appending: bool = False) -> int:
    if step == "-" and appending:
        return len(items)
    if not step.isdigit() or int(step) > len(items) - (not appending):
        raise IndexError(f"index {step} is out of range")
    return int(step)


def _find(document: Any, steps: list[str]) -> Any:
    for step in steps:
        document = document[_index(document, step)] if is_list(document) else document[step]
    return document


def _add_at(document: Any, pointer: str, value: Any) -> Any:
    steps = _steps(pointer)
    if not steps:
        return value
    parent = _find(document, steps[:-1])
    if is_list(parent):
        parent.insert(_index(parent, steps[-1], appending=True), value)
    else:
        parent[steps[-1]] = value
    return document


def _remove_at(document: Any, pointer: str) -> Any:
    *path, last = _steps(pointer)
    parent = _find(document, path)
    return parent.pop(_index(parent, last) if is_list(parent) else last)


def _add(document: Any, operation: KubeObject) -> Any:
    return _add_at(document, operation["path"], copy.deepcopy(operation["value"]))


def _remove(document: Any, operation: KubeObject) -> Any:
    _remove_at(document, operation["path"])
    return document


def _replace(document: Any, operation: KubeObject) -> Any:
    steps = _steps(operation["path"])
    _find(document, steps)
    if steps:
        _remove_at(document, operation["path"])
    return _add(document, operation)


def _move(document: Any, operation: KubeObject) -> Any:
    return _add_at(document, operation["path"], _remove_at(document, operation["from"]))


def _copy(document: Any, operation: KubeObject) -> Any:
    return _add_at(document, operation["path"], copy.deepcopy(_find(document, _steps(operation["from"]))))


def _test(document: Any, operation: KubeObject) -> Any:
    if _find(document, _steps(operation["path"])) != operation["value"]:
        raise ValueError("testing value failed")
    return document


_OPERATIONS: dict[str, Callable[[Any, KubeObject], Any]] = {
    "add": _add,
    "remove": _remove,
    "replace": _replace,
    "move": _move,
    "copy": _copy,
    "test": _test,
}
