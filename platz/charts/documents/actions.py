"""Actions: requests to a running deployment that a chart offers its users.

Invariant: one invalid entry invalidates the document; if several actions share an id, `find_action` returns the first.

Source: docs/contract/chart-extensions.md, "Actions".
"""

from __future__ import annotations

from dataclasses import dataclass

from platz.charts.documents.targets import ROLE, Role, Target
from platz.charts.documents.ui_schema import UI_SCHEMA, UiSchema
from platz.charts.documents.versions import V1BETA1_HEADER, Version, kind_header
from platz.charts.reading.codecs import COUNT, FLAG, TEXT, any_of, defined, list_of
from platz.charts.reading.decoding import Cursor, decoded
from platz.charts.reading.document_objects import DocumentObject, embedded, object_of
from platz.charts.reading.members import nullable, optional, required
from platz.charts.reading.problems import quoted
from platz.errors import NotFound
from platz.json import JsonValue


class NoSuchAction(NotFound):
    """The chart has no such action."""

    code = "no_such_action"

    def __init__(self, action_id: str) -> None:
        super().__init__(f"The chart has no action {quoted(action_id)}.")
        self.parameters: tuple[JsonValue, ...] = (action_id,)


class Action(DocumentObject, name="ChartExtActionV0"):
    """Something that the deployment does on request."""

    id: str = required(TEXT)
    allowed_role: Role = required(ROLE)
    allowed_on_statuses: tuple[str, ...] = optional(list_of(TEXT), absent=())
    target: Target = embedded(Target)
    title: str = required(TEXT)
    description: str = required(TEXT)
    fontawesome_icon: str | None = nullable(TEXT)
    dangerous: bool = optional(FLAG, absent=False)
    ui_schema: UiSchema | None = nullable(UI_SCHEMA)


class VersionedAction(DocumentObject, name="ChartExtActionV1Beta1"):
    """An action with a version."""

    api_version: str = required(V1BETA1_HEADER, key="apiVersion")
    kind: str = required(kind_header("Action"))
    spec: Action = required(object_of(Action))


class ActionsV0(DocumentObject, name="ChartExtActionsV0"):
    """The actions of version 0."""

    schema_version: int = required(COUNT)
    """Required, but not used."""
    actions: tuple[Action, ...] = required(list_of(object_of(Action)))


ACTIONS = defined(
    "ChartExtActions",
    any_of(
        defined(
            "ChartExtActionsV1Beta1",
            list_of(object_of(VersionedAction)).schema,
            meaning="The actions of version v1beta1.",
        ),
        ActionsV0.schema(),
    ),
    meaning="The actions document, of any version.",
)
"""The schema of the document."""


@dataclass(frozen=True, kw_only=True)
class ActionsDocument:
    """A parsed actions document."""

    written: tuple[VersionedAction, ...] | ActionsV0

    @property
    def version(self) -> Version:
        """The version in which the document was written."""
        return Version.V0 if isinstance(self.written, ActionsV0) else Version.V1BETA1

    @property
    def actions(self) -> tuple[Action, ...]:
        """The actions, in document order."""
        if isinstance(self.written, ActionsV0):
            return self.written.actions
        return tuple(entry.spec for entry in self.written)

    def stored(self) -> JsonValue:
        """Return the stored form."""
        if isinstance(self.written, ActionsV0):
            return self.written.stored()
        return [entry.stored() for entry in self.written]


def parse_actions(document: JsonValue) -> ActionsDocument:
    """Read an actions document, stored or as a chart ships it; raise `InvalidDocument`."""
    return decoded(document, _actions)


def find_action(stored: JsonValue, action_id: str) -> Action:
    """Find an action in a chart's stored document (may be None); raise `NoSuchAction` or `InvalidDocument`."""
    actions = () if stored is None else parse_actions(stored).actions
    for action in actions:
        if action.id == action_id:
            return action
    raise NoSuchAction(action_id)


def _actions(cursor: Cursor) -> ActionsDocument:
    if isinstance(cursor.value, list):
        return ActionsDocument(written=tuple(VersionedAction.read(item) for item in cursor.items()))
    if isinstance(cursor.value, dict) and "spec" in cursor.value and "actions" not in cursor.value:
        cursor.complain("A single action stands where a list is expected.", "Put each action behind a dash.")
    return ActionsDocument(written=ActionsV0.read(cursor))
