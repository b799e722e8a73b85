"""The previews that one process offers, as many at once as it can bear."""

from __future__ import annotations

from dataclasses import dataclass, field

from platz.identities import DeploymentId, TaskId
from platz.json import JsonObject
from platz.preview.comparison import compare_revisions
from platz.preview.slots import Slots
from platz.tasks.context import TaskServices


@dataclass(frozen=True, kw_only=True)
class Previews:
    """What requests may ask for; each raises `TooManyPreviews` when all places are taken."""

    services: TaskServices
    slots: Slots = field(default_factory=Slots)

    def compare(self, deployment_id: DeploymentId, older: TaskId, newer: TaskId) -> JsonObject:
        """Compare two revisions of a deployment that the caller may see."""
        with self.slots.taken():
            return compare_revisions(self.services, deployment_id, older, newer)
