"""Resource types: things that a deployment manages for others (chart-extensions.md 9).

Invariant: ``values_ui`` of a resource type is a v0 UI schema of which only the inputs count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from platz.charts.documents.targets import Role, Target, read_target
from platz.charts.documents.ui_schema import UiSchema
from platz.charts.documents.ui_schema_reading import read_v0_ui_schema
from platz.charts.documents.versions import Version
from platz.charts.reading.decoding import Cursor, decoded
from platz.json import JsonObject, JsonValue


class Operation(StrEnum):
    """What users do with a resource; each may have a hook."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, kw_only=True)
class Hook:
    """What happens in the managing deployment when users do an operation."""

    allowed_role: Role | None
    target: Target | None

    def stored(self) -> JsonObject:
        """Return the stored form."""
        return {
            "allowed_role": None if self.allowed_role is None else self.allowed_role.value,
            "target": None if self.target is None else self.target.stored(),
        }


@dataclass(frozen=True, kw_only=True)
class ResourceSpec:
    """The part of a resource type that is stored with the type's row."""

    name_singular: str
    name_plural: str
    fontawesome_icon: str
    is_global: bool
    values_ui: UiSchema
    lifecycle: Mapping[Operation, Hook] = field(default_factory=dict[Operation, Hook])

    def stored(self) -> JsonObject:
        """Return the stored form."""
        return {
            "name_singular": self.name_singular,
            "name_plural": self.name_plural,
            "fontawesome_icon": self.fontawesome_icon,
            "global": self.is_global,
            "values_ui": self.values_ui.stored(),
            "lifecycle": {operation.value: self._stored_hook(operation) for operation in Operation},
        }

    def sensitive_ids(self) -> frozenset[str]:
        """Return the properties that are left out when resources are read (9.4)."""
        return frozenset(declared.id for declared in self.values_ui.inputs if declared.sensitive)

    def _stored_hook(self, operation: Operation) -> JsonValue:
        hook = self.lifecycle.get(operation)
        return None if hook is None else hook.stored()


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    """One entry of the document."""

    key: str
    spec: ResourceSpec

    def stored(self) -> JsonObject:
        """Return the stored form."""
        return {**Version.V1BETA1.header("ResourceType"), "key": self.key, "spec": self.spec.stored()}


def parse_resource_types(document: JsonValue) -> tuple[ResourceType, ...]:
    """Read a resource types document, stored or as a chart ships it; raise `InvalidDocument`."""
    return decoded(document, lambda cursor: tuple(_resource_type(item) for item in cursor.items()))


def stored_resource_types(types: tuple[ResourceType, ...]) -> JsonValue:
    """Return the stored form of the whole document."""
    return [resource_type.stored() for resource_type in types]


def parse_resource_spec(document: JsonValue) -> ResourceSpec:
    """Read the ``spec`` of a ``deployment_resource_types`` row; raise `InvalidDocument`."""
    return decoded(document, _spec)


def merged_props(stored: JsonValue, given: JsonValue) -> JsonValue:
    """Merge an update into the stored ``props``: objects key by key, anything else replaces (9.3)."""
    if not isinstance(stored, dict) or not isinstance(given, dict):
        return given
    merged = dict(stored)
    for key, value in given.items():
        merged[key] = merged_props(stored[key], value) if key in stored else value
    return merged


def _resource_type(cursor: Cursor) -> ResourceType:
    fields = cursor.fields("apiVersion", "kind", "key", "spec")
    fields.header(Version.V1BETA1.api_version, "ResourceType")
    return ResourceType(key=fields.need("key").text(), spec=_spec(fields.need("spec")))


def _spec(cursor: Cursor) -> ResourceSpec:
    fields = cursor.fields(
        "name_singular", "name_plural", "fontawesome_icon", "global", "values_ui", "lifecycle"
    )
    return ResourceSpec(
        name_singular=fields.need("name_singular").text(),
        name_plural=fields.need("name_plural").text(),
        fontawesome_icon=fields.need("fontawesome_icon").text(),
        is_global=fields.get("global", Cursor.flag, default=False),
        values_ui=read_v0_ui_schema(fields.need("values_ui")),
        lifecycle=fields.get("lifecycle", _lifecycle, {}),
    )


def _lifecycle(cursor: Cursor) -> dict[Operation, Hook]:
    fields = cursor.fields(*Operation)
    hooks = {operation: fields.nullable(operation, _hook) for operation in Operation}
    return {operation: hook for operation, hook in hooks.items() if hook is not None}


def _hook(cursor: Cursor) -> Hook:
    fields = cursor.fields("allowed_role", "target")
    return Hook(
        allowed_role=fields.nullable("allowed_role", lambda role: role.choice(Role)),
        target=fields.nullable(
            "target", lambda target: read_target(target.fields("endpoint", "path", "method"))
        ),
    )
