"""What a change of a deployment would do, told before it is made.

Invariant: nothing is changed anywhere: the database's part is rehearsed and undone, Helm and the API server only try.
No database connection is held while Helm, a registry or a cluster is asked. What could not be found out is told.

Source: docs/contract/http-api.md, "Previewing a change".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from platz.helm.manifests import manifest_objects
from platz.identities import TaskId
from platz.json import JsonObject, JsonValue
from platz.preview.dangers import claims_in, dangers_of, leaves_namespace
from platz.preview.dry_run import DryRun, dry_run
from platz.preview.fingerprint import Digests, Fingerprint
from platz.preview.masking import Masking
from platz.preview.objects import ObjectChange, ObjectsShown, compare_objects
from platz.preview.rehearsal import Effect, Rehearsal
from platz.preview.release_history import Looking, ReleaseHistory, looking_at, read_history
from platz.preview.rendered_values import Rendered, Wanted, render
from platz.preview.secret_texts import secrets_of
from platz.preview.sentences import sentence_of
from platz.preview.shown import secret_texts, shown_inputs, shown_pair, shown_values
from platz.tasks.context import TaskServices
from platz.tasks.task_target import TaskTarget

REVISION = TaskId(UUID(int=0))
"""Stands for the task that the change would queue."""

_INSTALLS = frozenset({Effect.INSTALL, Effect.UPGRADE, Effect.RELOCATE})


@dataclass(frozen=True, kw_only=True)
class Looked:
    """All that was found out about a change."""

    rehearsal: Rehearsal
    before: Rendered
    after: Rendered
    history: ReleaseHistory
    tried: DryRun
    claims: Sequence[str] = ()
    cut: list[str] = field(default_factory=list[str])


def preview_change(services: TaskServices, request: JsonValue, rehearsal: Rehearsal) -> JsonObject:
    """Return the preview of a rehearsed change; ``request`` is what was asked, for the preview's id."""
    looked = _look(services, rehearsal)
    made = digests_of(services).fingerprint(request, rehearsal, looked.after, looked.history)
    return {"preview_id": str(made), **_told(looked)}


def present_fingerprint(services: TaskServices, request: JsonValue, rehearsal: Rehearsal) -> Fingerprint:
    """Return the fingerprint that a preview of this change would have now."""
    after = render(services, rehearsal.after, rehearsal.wanted, revision_id=REVISION)
    place = _place_of_release(rehearsal)
    with looking_at(services, place.cluster.id) as looking:
        history = read_history(looking, namespace=place.namespace)
    return digests_of(services).fingerprint(request, rehearsal, after, history)


def digests_of(services: TaskServices) -> Digests:
    """Return what makes digests with the installation's key."""
    return Digests(key=services.credentials.tokens.preview_key())


def _place_of_release(rehearsal: Rehearsal) -> TaskTarget:
    return rehearsal.before or rehearsal.after


def _look(services: TaskServices, rehearsal: Rehearsal) -> Looked:
    cut: list[str] = []
    after = render(services, rehearsal.after, rehearsal.wanted, revision_id=REVISION)
    before = Rendered(values={})
    if rehearsal.before is not None and rehearsal.running is not None:
        before = render(services, rehearsal.before, rehearsal.running, revision_id=REVISION)
    place = _place_of_release(rehearsal)
    with looking_at(services, place.cluster.id) as looking:
        history = read_history(looking, namespace=place.namespace)
        leaves = leaves_namespace(rehearsal)
        claims = claims_in(looking.client, place.namespace) if looking.client and leaves else ()
    with looking_at(services, rehearsal.after.cluster.id) as looking:
        tried = _tried(services, looking, rehearsal, after, history, cut)
    return Looked(
        rehearsal=rehearsal,
        before=before,
        after=after,
        history=history,
        tried=tried,
        claims=claims,
        cut=cut,
    )


def _tried(
    services: TaskServices,
    looking: Looking,
    rehearsal: Rehearsal,
    after: Rendered,
    history: ReleaseHistory,
    cut: list[str],
) -> DryRun:
    if rehearsal.effect not in _INSTALLS:
        return DryRun(objects=[])
    if after.prepared is None:
        return DryRun(refusal=after.problem) if after.is_refused else DryRun(problem=after.problem)
    if looking.client is None:
        return DryRun(problem=looking.problem)
    there = ReleaseHistory() if rehearsal.effect is Effect.RELOCATE else history
    return dry_run(services, looking.client, rehearsal.after, rehearsal.wanted, after.prepared, there, cut)


def _told(looked: Looked) -> JsonObject:
    changes, problem = _changes(looked)
    documents = [each for change in changes for each in (change.before, change.after) if each]
    secrets = {*looked.before.secrets, *looked.after.secrets, *secret_texts(*_sides(looked))}
    masking = Masking(secrets, contents=secrets_of(documents))
    cut = looked.cut
    dangers = dangers_of(looked.rehearsal, changes, looked.tried, looked.claims, masking)
    refusals = _refusals(looked, masking)
    objects = None if problem else ObjectsShown(masking=masking, cut=cut).told(changes)
    return {
        "sentence": sentence_of(looked.rehearsal, changes, problem=problem, refusals=refusals),
        "effect": looked.rehearsal.effect.value,
        "dangers": [each.to_json() for each in dangers],
        "restarts": [masking.text(str(each.subject)) for each in changes if each.restarts],
        "refusals": list[JsonValue](refusals),
        **_differences(looked, masking, cut),
        "objects": objects,
        "objects_problem": masking.text(problem) if problem else None,
        "notes": list[JsonValue](_notes(looked, masking)),
        "cut": list[JsonValue](cut),
    }


def _differences(looked: Looked, masking: Masking, cut: list[str]) -> JsonObject:
    running, wanted = _sides(looked)
    return {
        "inputs": shown_inputs(running, wanted, masking, cut),
        "override": shown_pair("override", running.override or {}, wanted.override or {}, masking, cut),
        **shown_values(looked.before, looked.after, masking, cut),
    }


def _sides(looked: Looked) -> tuple[Wanted, Wanted]:
    wanted = looked.rehearsal.wanted
    return looked.rehearsal.running or wanted.nothing, wanted


def _changes(looked: Looked) -> tuple[Sequence[ObjectChange], str | None]:
    """Return what becomes of the objects, or why that is not known."""
    effect, running = looked.rehearsal.effect, looked.history.running
    if effect is Effect.NOTHING:
        return [], None
    if looked.history.problem is not None:
        return [], looked.history.problem
    problem = looked.tried.problem or looked.tried.refusal
    if looked.tried.objects is None:
        return [], problem
    before = manifest_objects(running.manifest if running else "")
    return compare_objects(before, looked.tried.objects), None


def _refusals(looked: Looked, masking: Masking) -> list[str]:
    found = [looked.tried.refusal] if looked.tried.refusal else []
    found += [each.refusal for each in looked.tried.trials if each.refusal]
    return [masking.text(each) for each in found]


def _notes(looked: Looked, masking: Masking) -> list[str]:
    reasons: dict[str, int] = {}
    for each in looked.tried.trials:
        if each.untried:
            reasons[each.untried] = reasons.get(each.untried, 0) + 1
    notes = [
        f"{number} {'object was' if number == 1 else 'objects were'} not tried on the cluster: {reason}."
        for reason, number in reasons.items()
    ]
    return [masking.text(each) for each in notes]
