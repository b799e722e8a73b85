"""Two revisions of a deployment side by side: charts, inputs, override, values, and the manifests if they are known.

Invariant: nothing is changed, no database connection is held while a registry or a cluster is asked, and secrets are
told as changed or unchanged only.

Source: docs/contract/http-api.md, "Comparing revisions".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from platz.changes.rollbacks import succeeded_revision
from platz.db.encryption import Cipher
from platz.db.tables.tasks import TaskRow
from platz.helm.manifests import manifest_objects
from platz.identities import DeploymentId, Identity, TaskId
from platz.json import JsonObject, JsonValue
from platz.preview.differences import Change
from platz.preview.masking import Masking
from platz.preview.objects import ObjectChange, ObjectsShown, compare_objects
from platz.preview.release_history import ReleaseHistory, looking_at, read_history
from platz.preview.rendered_values import Rendered, Wanted, render
from platz.preview.revisions import wanted_of
from platz.preview.secret_texts import secrets_in
from platz.preview.shown import secret_texts, shown_inputs, shown_pair, shown_values
from platz.tasks.context import TaskServices
from platz.tasks.operations import Install, Upgrade
from platz.tasks.task_target import load_target

FORGOTTEN = "The cluster no longer holds the manifest of both revisions: Helm keeps the last 10."


@dataclass(frozen=True, kw_only=True)
class PastRevision:
    """A successful revision with what it installed."""

    task: TaskRow
    wanted: Wanted = field(repr=False)

    def to_json(self) -> JsonObject:
        """Return the revision as the API tells it."""
        return {
            "revision_id": str(self.task.id),
            "operation": self.task.operation_name,
            "created_at": self.task.created_at.isoformat(),
            "helm_chart_id": str(self.wanted.chart_id),
            "version": self.wanted.chart.image_tag if self.wanted.chart else None,
        }


def compare_revisions(
    services: TaskServices, identity: Identity, deployment_id: DeploymentId, older: TaskId, newer: TaskId
) -> JsonObject:
    """Compare two revisions; raise `Rejected` or `Conflict` for what is no successful revision that is seen."""
    with services.database.reading() as connection:
        a, b = (
            _past(connection, *succeeded_revision(connection, identity, deployment_id, each), services.cipher)
            for each in (older, newer)
        )
        target = load_target(connection, b.task)
    before = render(services, target, a.wanted, revision_id=newer)
    after = render(services, target, b.wanted, revision_id=newer)
    with looking_at(services, target.cluster.id) as looking:
        history = read_history(looking, namespace=target.namespace)
    return _told(a, b, before, after, history)


def _past(
    connection: Connection, task: TaskRow, operation: Install | Upgrade, cipher: Cipher
) -> PastRevision:
    return PastRevision(task=task, wanted=wanted_of(connection, operation, cipher))


def _told(
    a: PastRevision, b: PastRevision, before: Rendered, after: Rendered, history: ReleaseHistory
) -> JsonObject:
    manifests = history.manifests()
    known = [manifests[str(each.task.id)] for each in (a, b) if str(each.task.id) in manifests]
    secrets = {*before.secrets, *after.secrets, *secret_texts(a.wanted, b.wanted)}
    masking = Masking(secrets, contents=secrets_in(*known))
    cut: list[str] = []
    inputs = shown_inputs(a.wanted, b.wanted, masking, cut)
    return {
        "a": a.to_json(),
        "b": b.to_json(),
        "inputs": inputs,
        "override": shown_pair("override", a.wanted.override or {}, b.wanted.override or {}, masking, cut),
        **shown_values(before, after, masking, cut),
        **_shown_manifests(a, b, history, manifests, masking, cut),
        "cut": list[JsonValue](cut),
    }


def _shown_manifests(
    a: PastRevision,
    b: PastRevision,
    history: ReleaseHistory,
    manifests: Mapping[str, str],
    masking: Masking,
    cut: list[str],
) -> JsonObject:
    old, new = (manifests.get(str(each.task.id)) for each in (a, b))
    if old is None or new is None:
        return {"objects": None, "objects_problem": masking.text(history.problem or FORGOTTEN)}
    changes = compare_objects(manifest_objects(old), manifest_objects(new))
    return {"objects": shown_objects(changes, masking, cut), "objects_problem": None}


def shown_objects(changes: Sequence[ObjectChange], masking: Masking, cut: list[str]) -> JsonValue:
    """Return the objects that differ; unchanged ones are no news here."""
    differing = [each for each in changes if each.change is not Change.UNCHANGED]
    return ObjectsShown(masking=masking, cut=cut).told(differing)
