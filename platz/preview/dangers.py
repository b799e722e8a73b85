"""What a change ends, loses or takes from somebody else, as sentences.

Source: docs/contract/http-api.md, "Previewing a change".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from platz.charts.documents.features import OutsideChanges
from platz.errors import PlatzError
from platz.helm.manifests import is_kept
from platz.json import JsonObject
from platz.kube.api_resources import ResourceKind
from platz.kube.client import KubeClient
from platz.preview.differences import Change
from platz.preview.dry_run import DryRun
from platz.preview.masking import Masking
from platz.preview.objects import ObjectChange
from platz.preview.rehearsal import Effect, Rehearsal

CLAIM = ResourceKind(kind="PersistentVolumeClaim", api_version="v1", plural="persistentvolumeclaims")
MOST_NAMED = 20
_IMMUTABLE = re.compile(r"immutable|updates to statefulset spec|is immutable after creation", re.IGNORECASE)


class DangerKind(StrEnum):
    """The kinds of danger."""

    DELETED = "deleted"
    IMMUTABLE = "immutable"
    VOLUMES = "volumes"
    NAMESPACE = "namespace"
    CONFLICT = "conflict"
    DEPENDANTS = "dependants"


@dataclass(frozen=True, kw_only=True)
class Danger:
    """A danger, and the sentence that says what it means."""

    kind: DangerKind
    sentence: str

    def to_json(self) -> JsonObject:
        """Return the danger as the API tells it."""
        return {"kind": self.kind.value, "sentence": self.sentence}


def dangers_of(
    rehearsal: Rehearsal,
    changes: Sequence[ObjectChange],
    tried: DryRun,
    claims: Sequence[str],
    masking: Masking,
) -> Iterator[Danger]:
    """Yield the dangers, the worst first; ``claims`` are the claims of the namespace that is left."""
    yield from _of_namespace(rehearsal, claims)
    yield from _of_deleted(changes)
    yield from _of_trials(tried, masking)
    if rehearsal.reinstalled:
        names = named(rehearsal.reinstalled)
        yield Danger(kind=DangerKind.DEPENDANTS, sentence=f"What depends on it is reinstalled: {names}.")


def leaves_namespace(rehearsal: Rehearsal) -> bool:
    """Tell whether the namespace in which the deployment was is deleted."""
    return rehearsal.before is not None and rehearsal.effect in {Effect.RELOCATE, Effect.UNINSTALL}


def claims_in(client: KubeClient, namespace: str) -> Sequence[str]:
    """Return the names of the volume claims in a namespace; none if the cluster does not tell."""
    try:
        items = client.list_all(CLAIM, namespace=namespace).items
    except PlatzError:
        return []
    return [str(metadata.get("name")) for each in items if isinstance(metadata := each.get("metadata"), dict)]


def named(names: Sequence[str]) -> str:
    """Return the first names, and how many more there are."""
    rest = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _of_namespace(rehearsal: Rehearsal, claims: Sequence[str]) -> Iterator[Danger]:
    before, after = rehearsal.before, rehearsal.after
    if before is None or not leaves_namespace(rehearsal):
        return
    made = ""
    if rehearsal.effect is Effect.RELOCATE:
        made = f"; the deployment is made anew in {after.namespace} of cluster {after.cluster.name}"
    yield Danger(
        kind=DangerKind.NAMESPACE,
        sentence=f"The namespace {before.namespace} of cluster {before.cluster.name} is deleted with everything in"
        f" it{made}.",
    )
    if claims:
        yield Danger(
            kind=DangerKind.VOLUMES,
            sentence=f"The data in the volumes of these claims is lost: {named(claims)}.",
        )


def _of_deleted(changes: Sequence[ObjectChange]) -> Iterator[Danger]:
    gone = [
        each.subject
        for each in changes
        if each.change is Change.DELETED and not is_kept(each.subject.document)
    ]
    if gone:
        names = named([str(each) for each in gone])
        yield Danger(kind=DangerKind.DELETED, sentence=f"Deleted: {names}.")
    volumes = [each.name for each in gone if each.kind == CLAIM.kind]
    if volumes:
        yield Danger(
            kind=DangerKind.VOLUMES,
            sentence=f"The data in the volumes of these claims is lost: {named(volumes)}.",
        )


def _of_trials(tried: DryRun, masking: Masking) -> Iterator[Danger]:
    for trial in tried.trials:
        if trial.refusal is not None and _IMMUTABLE.search(trial.refusal):
            yield Danger(
                kind=DangerKind.IMMUTABLE,
                sentence=f"{masking.text(str(trial.subject))} can't be changed in place: delete it first, and it is"
                " made anew.",
            )
    end = "which the upgrade takes over" if tried.policy is OutsideChanges.TAKE_OVER else "so Platz refuses"
    for trial in tried.trials:
        for each in trial.conflicts[:MOST_NAMED]:
            field = each.field.removeprefix(".")
            sentence = f"{trial.subject}: {field} was set by {each.owner}, {end}."
            yield Danger(kind=DangerKind.CONFLICT, sentence=masking.text(sentence))
