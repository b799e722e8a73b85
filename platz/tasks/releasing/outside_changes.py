"""What somebody else changed in the objects of a release: found and named before Helm runs.

The server itself is asked, by a dry run of each apply, so its rules of ownership and of equal values hold.
Invariant: finding changes nothing in the cluster, and the contents of Secrets are never told.

Source: Kubernetes, "Server-Side Apply"; docs/contract/workers.md, "Changes from outside".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from platz.errors import Conflict, PlatzError, Retryable
from platz.helm.manifests import ManifestObject
from platz.json import JsonObject
from platz.kube.errors import FieldConflict, KubeConflict, KubeRejected
from platz.tasks.releasing.field_values import value_at
from platz.tasks.releasing.release import FIELD_MANAGER, Release, is_foreign, owners_of

_OWN = frozenset({FIELD_MANAGER, "before-first-apply"})
"""Owners who are not somebody else: Helm, and nobody (the owners of the object were cleared)."""

_FILLED_IN = frozenset({"caBundle", "rules"})
"""Fields that charts leave empty for a controller: CA bundles of webhooks, rules of an aggregated ClusterRole."""

_SHOWN = 5
_LONGEST = 120


class ChangedFromOutside(Conflict):
    """Somebody else changed the objects of this release."""


@dataclass(frozen=True, kw_only=True)
class OutsideChange:
    """A field with its owner, its value in the cluster, and the one that the chart wants."""

    subject: str
    field: str
    owner: str
    present: str
    wanted: str

    def __str__(self) -> str:
        found = f"{self.field} is {self.present} (set by {self.owner})"
        return f"{self.subject}: {found}, and the chart says {self.wanted}."


def refuse_changes(release: Release, objects: Sequence[ManifestObject]) -> None:
    """Raise `ChangedFromOutside`, with every field that an upgrade to these objects would take from somebody else."""
    changes = [change for wanted in objects for change in _changes(release, wanted)]
    if not changes:
        return
    lines = changes[:_SHOWN]
    if len(changes) > _SHOWN:
        lines.append(f"And {len(changes) - _SHOWN} more.")
    raise ChangedFromOutside(
        "This release was changed from outside, and Platz is told to refuse that. Nothing was done.\n"
        + "\n".join(lines)
        + "\nUndo the change, or let the chart's values say the same, or let Platz take the fields over"
        " (PLATZ_OUTSIDE_CHANGES, or the chart's feature outside_changes)."
    )


def _changes(release: Release, wanted: ManifestObject) -> Iterator[str]:
    try:
        release.apply(wanted, force=False, dry_run=True)
    except KubeConflict as conflict:
        fields = [each for each in conflict.fields if each.owner not in _OWN]
    except KubeRejected as refusal:
        yield from _what_does_not_fit(release, wanted, refusal)
        return
    except Retryable:
        raise
    except PlatzError:
        return  # Helm will tell
    else:
        return
    present = release.find(wanted) if fields else None
    for each in fields:
        if not _is_filled_in(wanted, each):
            yield str(_change(wanted, present or {}, each))


def _what_does_not_fit(release: Release, wanted: ManifestObject, refusal: KubeRejected) -> Iterator[str]:
    """Tell who changed an object that would not be valid with what they added and what the chart says."""
    present = release.find(wanted) or {}
    owners = sorted({str(entry.get("manager")) for entry in owners_of(present) if is_foreign(entry)})
    if owners:
        reason = "" if wanted.kind == "Secret" else f" {refusal.message}"
        yield f"{wanted}: what {' and '.join(owners)} set does not fit what the chart says.{reason}"


def _change(wanted: ManifestObject, present: JsonObject, conflict: FieldConflict) -> OutsideChange:
    return OutsideChange(
        subject=str(wanted),
        field=conflict.field.removeprefix("."),
        owner=conflict.owner,
        present=_shown(wanted, present, conflict.field),
        wanted=_shown(wanted, wanted.document, conflict.field),
    )


def _shown(wanted: ManifestObject, document: JsonObject, field: str) -> str:
    if wanted.kind == "Secret":
        return "[secret]"
    text = json.dumps(value_at(document, field), ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _is_filled_in(wanted: ManifestObject, conflict: FieldConflict) -> bool:
    last = conflict.field.rsplit(".", 1)[-1]
    return last in _FILLED_IN and not value_at(wanted.document, conflict.field)
