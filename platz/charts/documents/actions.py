"""Actions: requests to a running deployment that a chart offers its users (chart-extensions.md 8).

Invariant: one invalid entry invalidates the document; of several actions with one id the first is found.
"""

from __future__ import annotations

from dataclasses import dataclass

from platz.charts.documents.targets import Role, Target, read_target
from platz.charts.documents.ui_schema import UiSchema
from platz.charts.documents.ui_schema_reading import read_ui_schema
from platz.charts.documents.versions import Version
from platz.charts.reading.decoding import Cursor, Fields, decoded
from platz.charts.reading.problems import quoted
from platz.errors import NotFound
from platz.json import JsonObject, JsonValue

_ACTION_KEYS = (
    "id", "allowed_role", "allowed_on_statuses", "endpoint", "path", "method", "title", "description",
    "fontawesome_icon", "dangerous", "ui_schema",
)  # fmt: skip


class NoSuchAction(NotFound):
    """The chart has no such action."""

    code = "no_such_action"

    def __init__(self, action_id: str) -> None:
        super().__init__(f"The chart has no action {quoted(action_id)}.")
        self.parameters: tuple[JsonValue, ...] = (action_id,)


@dataclass(frozen=True, kw_only=True)
class Action:
    """One action."""

    id: str
    allowed_role: Role
    allowed_on_statuses: tuple[str, ...]
    target: Target
    title: str
    description: str
    fontawesome_icon: str | None
    dangerous: bool
    ui_schema: UiSchema | None

    def stored(self) -> JsonObject:
        """Return the stored form."""
        return {
            "id": self.id,
            "allowed_role": self.allowed_role.value,
            "allowed_on_statuses": list(self.allowed_on_statuses),
            **self.target.stored(),
            "title": self.title,
            "description": self.description,
            "fontawesome_icon": self.fontawesome_icon,
            "dangerous": self.dangerous,
            "ui_schema": None if self.ui_schema is None else self.ui_schema.stored(),
        }


@dataclass(frozen=True, kw_only=True)
class ActionsDocument:
    """A parsed actions document."""

    version: Version
    actions: tuple[Action, ...]
    schema_version: int = 0
    """Only v0 documents have it; it has no influence."""

    def stored(self) -> JsonValue:
        """Return the stored form."""
        if self.version is Version.V0:
            return {
                "schema_version": self.schema_version,
                "actions": [action.stored() for action in self.actions],
            }
        return [{**self.version.header("Action"), "spec": action.stored()} for action in self.actions]


def parse_actions(document: JsonValue) -> ActionsDocument:
    """Read an actions document, stored or as a chart ships it; raise `InvalidDocument`."""
    return decoded(document, _actions)


def find_action(stored: JsonValue, action_id: str) -> Action:
    """Find an action in a chart's stored document, or in none; raise `NoSuchAction`, `InvalidDocument`."""
    actions = () if stored is None else parse_actions(stored).actions
    for action in actions:
        if action.id == action_id:
            return action
    raise NoSuchAction(action_id)


def _actions(cursor: Cursor) -> ActionsDocument:
    if isinstance(cursor.value, list):
        return ActionsDocument(
            version=Version.V1BETA1, actions=tuple(_entry(item) for item in cursor.items())
        )
    if isinstance(cursor.value, dict) and "spec" in cursor.value and "actions" not in cursor.value:
        cursor.complain("A single action stands where a list is expected.", "Put each action behind a dash.")
    fields = cursor.fields("schema_version", "actions")
    return ActionsDocument(
        version=Version.V0,
        schema_version=fields.need("schema_version").count(),
        actions=tuple(_action(item.fields(*_ACTION_KEYS)) for item in fields.need("actions").items()),
    )


def _entry(cursor: Cursor) -> Action:
    fields = cursor.fields("apiVersion", "kind", "spec")
    fields.header(Version.V1BETA1.api_version, "Action")
    return _action(fields.need("spec").fields(*_ACTION_KEYS))


def _action(fields: Fields) -> Action:
    return Action(
        id=fields.need("id").text(),
        allowed_role=fields.need("allowed_role").choice(Role),
        allowed_on_statuses=fields.get("allowed_on_statuses", Cursor.texts, ()),
        target=read_target(fields),
        title=fields.need("title").text(),
        description=fields.need("description").text(),
        fontawesome_icon=fields.nullable("fontawesome_icon", Cursor.text),
        dangerous=fields.get("dangerous", Cursor.flag, default=False),
        ui_schema=fields.nullable("ui_schema", read_ui_schema),
    )
