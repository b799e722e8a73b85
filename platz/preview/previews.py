"""The previews that one process offers, as many at once as it can bear."""

from __future__ import annotations

from dataclasses import dataclass, field

from platz.db.tables.deployments import DeploymentRow
from platz.errors import Conflict
from platz.identities import DeploymentId, Identity, TaskId
from platz.json import JsonObject
from platz.preview.change_preview import digests_of, present_fingerprint, preview_change
from platz.preview.comparison import compare_revisions
from platz.preview.fingerprint import CHANGED, parse_fingerprint, require_same
from platz.preview.rehearsal import Rehearsal, rehearse
from platz.preview.requested import Requested, RowCheck, unchecked
from platz.preview.slots import Slots
from platz.tasks.context import TaskServices


@dataclass(frozen=True, kw_only=True)
class Previews:
    """What requests may ask for; those that show something raise `TooManyPreviews` when all places are taken."""

    services: TaskServices
    slots: Slots = field(default_factory=Slots)

    def compare(
        self, identity: Identity, deployment_id: DeploymentId, older: TaskId, newer: TaskId
    ) -> JsonObject:
        """Compare two revisions of a deployment that the caller may see."""
        with self.slots.taken():
            return compare_revisions(self.services, identity, deployment_id, older, newer)

    def preview(self, requested: Requested) -> JsonObject:
        """Return what the change would do; raise what it would raise."""
        with self.slots.taken():
            return preview_change(self.services, requested.asked, self._rehearsed(requested))

    def as_shown(self, requested: Requested, preview_id: str | None) -> RowCheck:
        """Check that a preview still holds, and return what has to be checked again when the row is locked.

        Raises `Conflict` with what was changed meanwhile, and `Rejected` for what is no id of a preview.
        """
        if preview_id is None:
            return unchecked
        shown = parse_fingerprint(preview_id)
        present = present_fingerprint(self.services, requested.asked, self._rehearsed(requested))
        require_same(shown, present)

        def check(row: DeploymentRow) -> None:
            if digests_of(self.services).of_row(row) != shown.deployment:
                raise Conflict(CHANGED)

        return check

    def _rehearsed(self, requested: Requested) -> Rehearsal:
        return rehearse(
            self.services.database,
            self.services.cipher,
            lambda connection: requested.make(connection, unchecked),
            of=requested.deployment_id,
        )
