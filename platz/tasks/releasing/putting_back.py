"""Puts an object back as the chart has it, where Helm alone can't.

An apply by force takes the fields that it names and keeps the rest; a Service whose port somebody renumbered then has
two, which the server refuses. So the fields of others become Helm's first, and Helm lets go those that the chart does
not name. Labels and annotations of others, and the status, stay theirs.

Source: Kubernetes, "Server-Side Apply", "Managers" and "Transferring ownership"; docs/contract/workers.md, "Changes
from outside".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from platz.errors import PlatzError, Retryable
from platz.helm.manifests import ManifestObject
from platz.json import JsonObject, JsonValue
from platz.kube.errors import KubeRejected
from platz.tasks.releasing.release import FIELD_MANAGER, Release, is_foreign, owners_of


def put_back(release: Release, objects: Sequence[ManifestObject]) -> list[str]:
    """Put back those of the objects that an apply by force would make invalid; return their names."""
    return [str(wanted) for wanted in objects if _is_broken(release, wanted) and _put_back(release, wanted)]


def _is_broken(release: Release, wanted: ManifestObject) -> bool:
    try:
        release.apply(wanted, force=True, dry_run=True)
    except KubeRejected:
        return True
    except Retryable:
        raise
    except PlatzError:
        return False
    return False


def _put_back(release: Release, wanted: ManifestObject) -> bool:
    place, present = release.place_of(wanted), release.find(wanted)
    entries = owners_of(present or {})
    if place is None or not any(is_foreign(entry) for entry in entries):
        return False
    metadata = cast("JsonObject", (present or {})["metadata"])
    owners: JsonObject = {
        "resourceVersion": metadata["resourceVersion"],
        "managedFields": cast("list[JsonValue]", _owned_by_helm(entries, wanted.api_version)),
    }
    release.client.merge(place[0], {"metadata": owners}, name=wanted.name, namespace=place[1])
    release.apply(wanted, force=True, dry_run=False)
    return True


def _owned_by_helm(entries: Sequence[JsonObject], api_version: str) -> list[JsonObject]:
    """Return the owners after everything but status, and others' metadata, was given to Helm's apply."""
    given: JsonObject = {}
    kept: list[JsonObject] = []
    for entry in entries:
        fields = cast("JsonObject", entry.get("fieldsV1") or {})
        if entry.get("subresource") == "status":
            kept.append(entry)
            continue
        own = not is_foreign(entry)
        given = _united(given, {k: v for k, v in fields.items() if own or k != "f:metadata"})
        if not own and "f:metadata" in fields:
            kept.append({**entry, "fieldsV1": {"f:metadata": fields["f:metadata"]}})
    applied: JsonObject = {"manager": FIELD_MANAGER, "operation": "Apply", "apiVersion": api_version}
    return [*kept, {**applied, "fieldsType": "FieldsV1", "fieldsV1": given}]


def _united(one: JsonObject, other: JsonObject) -> JsonObject:
    """Return the union of two sets of fields (FieldsV1)."""
    united = dict(one)
    for key, below in other.items():
        mine = united.get(key)
        united[key] = _united(mine, below) if isinstance(mine, dict) and isinstance(below, dict) else below
    return united
