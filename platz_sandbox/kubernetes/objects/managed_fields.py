"""The owners of an object's fields: `metadata.managedFields`.

Invariant: after a write every changed field is owned by its writer, and no removed field has an owner.
Source: Kubernetes "Server-Side Apply" (field management, conflicts, transferring ownership).
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from platz_sandbox.kubernetes.objects import field_paths
from platz_sandbox.kubernetes.objects.field_paths import Path
from platz_sandbox.kubernetes.objects.raw_documents import KubeObject, is_object, now_text, objects, part
from platz_sandbox.kubernetes.objects.shapes import Shape
from platz_sandbox.kubernetes.objects.status_errors import Cause, field_conflict

APPLY, UPDATE = "Apply", "Update"
_UNOWNED_METADATA = ("name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "selfLink",
                     "managedFields", "deletionTimestamp", "deletionGracePeriodSeconds", "generateName")  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Writer:
    """A field manager, its operation (`Apply` or `Update`) and its subresource."""

    manager: str
    api_version: str
    operation: str = UPDATE
    subresource: str = ""

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """What tells two managers apart: who applies under another API version is still the same applier."""
        version = "" if self.operation == APPLY else self.api_version
        return self.manager, self.operation, version, self.subresource


@dataclass(frozen=True, kw_only=True)
class Ownership:
    """The fields of one writer, and the time of their last change."""

    writer: Writer
    paths: frozenset[Path]
    time: str


def read(document: KubeObject) -> list[Ownership]:
    """Read an object's owners."""
    return [
        Ownership(
            writer=Writer(
                manager=entry.get("manager", ""),
                api_version=entry.get("apiVersion", ""),
                operation=entry.get("operation", UPDATE),
                subresource=entry.get("subresource", ""),
            ),
            paths=frozenset(field_paths.decode(part(entry, "fieldsV1"))),
            time=entry.get("time", ""),
        )
        for entry in objects(document, "metadata", "managedFields")
    ]


def write(document: KubeObject, owners: Iterable[Ownership]) -> None:
    """Write the owners into an object; those without fields are left out."""
    entries = [_entry(owner) for owner in owners if owner.paths]
    if entries:
        document["metadata"]["managedFields"] = entries
    else:
        document["metadata"].pop("managedFields", None)


def _entry(owner: Ownership) -> KubeObject:
    entry: KubeObject = {
        "manager": owner.writer.manager,
        "operation": owner.writer.operation,
        "apiVersion": owner.writer.api_version,
        "time": owner.time,
        "fieldsType": "FieldsV1",
        "fieldsV1": field_paths.encode(owner.paths),
    }
    return {**entry, "subresource": owner.writer.subresource} if owner.writer.subresource else entry


def owned_part(document: KubeObject, *, status: bool) -> KubeObject:
    """Return the part of a document that has owners: without identity, and without status unless ``status``."""
    part = {key: value for key, value in document.items() if key not in {"apiVersion", "kind"}}
    if not status:
        part.pop("status", None)
    metadata = part.get("metadata")
    if is_object(metadata):
        kept = {key: value for key, value in metadata.items() if key not in _UNOWNED_METADATA}
        part["metadata"] = kept
        if not kept:
            del part["metadata"]
    return part


def track_update(before: KubeObject | None, after: KubeObject, shape: Shape, writer: Writer) -> None:
    """Record the writer in ``after`` as the owner of every difference from ``before``."""
    status = bool(writer.subresource) or before is None
    old = field_paths.leaves(owned_part(before, status=status), shape) if before else {}
    new = field_paths.leaves(owned_part(after, status=status), shape)
    changed = {path for path, value in new.items() if path not in old or old[path] != value} - {()}
    gone = old.keys() - new.keys()
    owners = _owners_for_update(before, after, writer) if before else []
    if (before and not owners) or not (changed or gone):
        write(after, owners)
        return
    owners = _take(owners, changed | gone, writer)
    write(after, _give(owners, changed, gone, writer))


def _owners_for_update(before: KubeObject, after: KubeObject, writer: Writer) -> list[Ownership]:
    """Return the owners that an update starts from: those that it brings itself, else the present ones.

    A single empty entry clears them; an object without owners gets none until someone applies.
    """
    brought = objects(after, "metadata", "managedFields")
    if writer.subresource or not brought:
        return read(before)
    return [] if brought == [{}] else read(after)


def apply(
    live: KubeObject | None, applied: KubeObject, shape: Shape, writer: Writer, *, force: bool
) -> KubeObject:
    """Return the live object with the configuration and its owners applied.

    Unless ``force``, raises 409 with every field that another manager owns with another value.
    """
    status = bool(writer.subresource)
    config = owned_part(_without_nulls(applied), status=status)
    wanted = field_paths.leaves(config, shape)
    wanted.pop((), None)
    base = copy.deepcopy(live) if live else {key: applied[key] for key in ("apiVersion", "kind")}
    owners = _with_first_owner(live, shape, writer) if live else []
    present = field_paths.leaves(owned_part(base, status=True), shape)
    changed = {path for path, value in wanted.items() if path not in present or present[path] != value}
    _refuse_conflicts(owners, changed, writer, force=force)
    merged = field_paths.merge(base, config, shape)
    merged.setdefault("metadata", {})
    _drop_abandoned(merged, owners, frozenset(wanted), shape, writer)
    owners = _take(owners, changed, writer)
    mine = next((owner for owner in owners if owner.writer.identity == writer.identity), None)
    if mine and mine.paths == wanted.keys() and not changed:
        write(merged, owners)
    else:
        others = [owner for owner in owners if owner.writer.identity != writer.identity]
        write(merged, [*others, Ownership(writer=writer, paths=frozenset(wanted), time=now_text())])
    return merged


def _with_first_owner(live: KubeObject, shape: Shape, writer: Writer) -> list[Ownership]:
    """Return the owners; an object without any belongs to `before-first-apply`, as on a real server."""
    owners = read(live)
    if owners:
        return owners
    first = replace(writer, manager="before-first-apply", operation=UPDATE, subresource="")
    paths = field_paths.leaves(owned_part(live, status=False), shape).keys() - {()}
    return [Ownership(writer=first, paths=frozenset(paths), time=now_text())]


def _refuse_conflicts(owners: list[Ownership], changed: set[Path], writer: Writer, *, force: bool) -> None:
    if force:
        return
    conflicts = {
        owner.writer: [field_paths.text(path) for path in sorted(owner.paths & changed, key=_by_level)]
        for owner in sorted(owners, key=lambda owner: owner.writer.identity)
        if owner.writer.identity != writer.identity and owner.paths & changed
    }
    if conflicts:
        raise field_conflict(_conflict_message(conflicts), [
            Cause(reason="FieldManagerConflict", message=f"conflict with {_called(other)}", field=field)
            for other, fields in conflicts.items()
            for field in fields
        ])  # fmt: skip


def _by_level(path: Path) -> tuple[tuple[bool, str], ...]:
    """Order paths as a real server does: at each level first the fields that end there."""
    return tuple((depth < len(path), step) for depth, step in enumerate(path, start=1))


def _conflict_message(conflicts: Mapping[Writer, list[str]]) -> str:
    """Return the message that `kubectl apply --server-side` prints."""
    total = sum(len(fields) for fields in conflicts.values())
    if total == 1:
        [(other, [field])] = conflicts.items()
        return f"Apply failed with 1 conflict: conflict with {_called(other)}: {field}"
    lines: list[str] = []
    for other, fields in conflicts.items():
        lines += [f"conflicts with {_called(other)}:", *(f"- {field}" for field in fields)]
    return f"Apply failed with {total} conflicts: " + "\n".join(lines)


def _called(writer: Writer) -> str:
    through = f' with subresource "{writer.subresource}"' if writer.subresource else ""
    using = f" using {writer.api_version}" if writer.operation == UPDATE else ""
    return f'"{writer.manager}"{through}{using}'


def _drop_abandoned(
    merged: KubeObject, owners: list[Ownership], wanted: frozenset[Path], shape: Shape, writer: Writer
) -> None:
    """Remove the fields that this manager applied before but no longer applies, and that no other manager owns."""
    mine = next(
        (owner.paths for owner in owners if owner.writer.identity == writer.identity), frozenset[Path]()
    )
    others = {path for owner in owners if owner.writer.identity != writer.identity for path in owner.paths}
    kept = {path[:depth] for path in others | wanted for depth in range(1, len(path) + 1)}
    removed: set[Path] = set()
    for path in sorted(mine - wanted - kept, key=len):
        if not any(path[:depth] in removed for depth in range(1, len(path))):
            field_paths.remove(merged, path, shape)
            removed.add(path)


def _take(owners: Iterable[Ownership], paths: set[Path], writer: Writer) -> list[Ownership]:
    """Remove the paths from every owner but the writer."""
    return [o if o.writer.identity == writer.identity else replace(o, paths=o.paths - paths) for o in owners]


def _give(owners: list[Ownership], paths: set[Path], gone: set[Path], writer: Writer) -> list[Ownership]:
    mine = next(
        (owner.paths for owner in owners if owner.writer.identity == writer.identity), frozenset[Path]()
    )
    others = [owner for owner in owners if owner.writer.identity != writer.identity]
    return [*others, Ownership(writer=writer, paths=(mine | paths) - gone, time=now_text())]


def _without_nulls(value: Any) -> Any:
    if is_object(value):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    return value


def manager_name(query: Mapping[str, str], user_agent: str) -> str:
    """Return the field manager: the query's, else the name in the client's User-Agent."""
    return query.get("fieldManager") or user_agent.split("/", 1)[0] or "unknown"
