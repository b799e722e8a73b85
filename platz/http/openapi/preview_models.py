"""The answers of previews and comparisons, for the OpenAPI document.

Source: docs/contract/http-api.md, "Comparing revisions".
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from platz.http.openapi.models import AnyJson, Document
from platz.preview.dangers import DangerKind
from platz.preview.differences import Change
from platz.preview.rehearsal import Effect


class ShownDifference(Document):
    """A dotted path whose value differs; null stands for a value that is missing. Secrets are hidden."""

    path: str
    before: AnyJson
    after: AnyJson


class ShownLine(Document):
    """A line that stays (a space), goes (`-`) or comes (`+`), with its numbers before and after."""

    mark: Literal[" ", "-", "+"]
    text: str
    before: int | None
    after: int | None


class ShownObject(Document):
    """What becomes of an object of the release, with its differing lines as hunks."""

    api_version: str
    kind: str
    namespace: str
    name: str
    change: Change
    restarts: bool
    hunks: list[list[ShownLine]]


class ComparedRevision(Document):
    """A revision of a deployment; `version` is the chart's tag, null if the chart does not exist any more."""

    revision_id: UUID
    operation: str
    created_at: datetime
    helm_chart_id: UUID
    version: str | None


class RevisionComparison(Document):
    """The differences of two revisions; a sentence stands where the values or the objects can't be compared."""

    a: ComparedRevision
    b: ComparedRevision
    inputs: list[ShownDifference]
    override: list[ShownDifference]
    values: list[ShownDifference] | None
    values_problem: str | None
    objects: list[ShownObject] | None
    objects_problem: str | None
    cut: list[str]


class Danger(Document):
    """What a change ends, loses or takes from somebody else."""

    kind: DangerKind
    sentence: str


class ChangePreview(Document):
    """What a change would do; a sentence stands where the values or the objects are not known."""

    preview_id: str
    sentence: str
    effect: Effect
    dangers: list[Danger]
    restarts: list[str]
    refusals: list[str]
    inputs: list[ShownDifference]
    override: list[ShownDifference]
    values: list[ShownDifference] | None
    values_problem: str | None
    objects: list[ShownObject] | None
    objects_problem: str | None
    notes: list[str]
    cut: list[str]
