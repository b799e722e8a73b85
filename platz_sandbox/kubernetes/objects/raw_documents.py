"""Raw Kubernetes documents, and the functions that read them.

Invariant: no function here changes the document that it is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias, TypeGuard

# Any, because a Kubernetes document is open JSON: some thousand fields of the served kinds, and any field of a custom
# resource. The fields' types are checked at run time, against `shapes`.
KubeObject: TypeAlias = dict[str, Any]


def is_object(value: Any) -> TypeGuard[KubeObject]:
    """Tell whether a JSON value is an object."""
    return isinstance(value, dict)


def is_list(value: Any) -> TypeGuard[list[Any]]:
    """Tell whether a JSON value is a list."""
    return isinstance(value, list)


def now_text() -> str:
    """Return this moment as Kubernetes writes `metav1.Time`: UTC, whole seconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_time(text: str) -> datetime:
    """Parse an RFC 3339 time; raise `ValueError` when it is malformed."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def seconds_since(text: str) -> float:
    """Return the seconds that have passed since the time."""
    return (datetime.now(UTC) - parse_time(text)).total_seconds()


def dig(document: Any, *path: str) -> Any:
    """Return the value at the path, or None when a step is missing."""
    for step in path:
        if not is_object(document):
            return None
        document = document.get(step)
    return document


def objects(document: Any, *path: str) -> list[KubeObject]:
    """Return the list of objects at the path; a missing or null list is empty."""
    found = dig(document, *path)
    return [item for item in found if is_object(item)] if is_list(found) else []


def part(document: Any, *path: str) -> KubeObject:
    """Return the object at the path; a missing or null one is empty."""
    found = dig(document, *path)
    return found if is_object(found) else {}


def texts(document: Any, *path: str) -> dict[str, str]:
    """Return the map of texts at the path (labels, annotations); a missing or null map is empty."""
    return dict(part(document, *path))


def annotation(document: KubeObject, name: str) -> str | None:
    """Return one annotation."""
    return texts(document, "metadata", "annotations").get(name)


def number(document: Any, *path: str, default: int = 0) -> int:
    """Return the whole number at the path; ``default`` when it is missing or null."""
    found = dig(document, *path)
    return found if isinstance(found, int) else default


def controller_of(document: KubeObject) -> KubeObject | None:
    """Return the owner reference of the object's controller."""
    owners = objects(document, "metadata", "ownerReferences")
    return next((owner for owner in owners if owner.get("controller")), None)


def condition(document: KubeObject, name: str) -> KubeObject | None:
    """Return one of the status conditions."""
    return next((c for c in objects(document, "status", "conditions") if c.get("type") == name), None)


def with_condition(conditions: Iterable[Mapping[str, Any]], new: KubeObject) -> list[KubeObject]:
    """Return the conditions with ``new`` in place; its transition time changes only when its status does."""
    kept = [dict(c) for c in conditions]
    old = next((c for c in kept if c.get("type") == new["type"]), None)
    moment = now_text()
    if old is None:
        return [*kept, {"lastTransitionTime": moment, **new}]
    if all(old.get(key) == value for key, value in new.items()):
        return kept
    same = old.get("status") == new["status"]
    entered = old.get("lastTransitionTime", moment) if same else moment
    return [{**c, **new, "lastTransitionTime": entered} if c is old else c for c in kept]
