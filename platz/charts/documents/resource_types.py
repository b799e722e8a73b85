"""Resource types: things that a deployment manages for others.

Invariant: ``values_ui`` of a resource type is a v0 UI schema of which only the inputs count.

Source: docs/contract/chart-extensions.md, "Resource types".
"""

from __future__ import annotations

from enum import StrEnum

from platz.charts.documents.targets import ROLE, Role, Target
from platz.charts.documents.ui_schema import V0_UI_SCHEMA, UiSchema
from platz.charts.documents.versions import V1BETA1_HEADER, kind_header
from platz.charts.reading.codecs import FLAG, TEXT, list_of
from platz.charts.reading.decoding import decoded
from platz.charts.reading.document_objects import DocumentObject, object_of
from platz.charts.reading.members import Presence, nullable, optional, required
from platz.json import JsonValue


class Operation(StrEnum):
    """An operation of users on a resource; each may have a hook."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


class Hook(DocumentObject, name="ChartExtResourceLifecycleActionV1Beta1"):
    """Who may do the operation, and the request that it sends to the deployment."""

    allowed_role: Role | None = nullable(ROLE)
    target: Target | None = nullable(object_of(Target))


class Lifecycle(DocumentObject, name="ChartExtResourceLifecycleV1Beta1"):
    """The hooks of a resource; an operation whose hook is null is not allowed."""

    create: Hook | None = nullable(object_of(Hook))
    update: Hook | None = nullable(object_of(Hook))
    delete: Hook | None = nullable(object_of(Hook))

    def hook(self, operation: Operation) -> Hook | None:
        """Return the hook of an operation, or None if users can't do it."""
        match operation:
            case Operation.CREATE:
                return self.create
            case Operation.UPDATE:
                return self.update
            case Operation.DELETE:
                return self.delete


class ResourceSpec(DocumentObject, name="ChartExtResourceTypeV1Beta1Spec"):
    """A collection that a chart declares."""

    name_singular: str = required(TEXT)
    name_plural: str = required(TEXT)
    fontawesome_icon: str = required(TEXT)
    is_global: bool = optional(FLAG, absent=False, key="global")
    values_ui: UiSchema = required(V0_UI_SCHEMA)
    lifecycle: Lifecycle = optional(
        object_of(Lifecycle),
        absent=Lifecycle(create=None, update=None, delete=None),
        described=Presence.REQUIRED,
    )

    def sensitive_ids(self) -> frozenset[str]:
        """Return the ids of the properties that are left out when resources are read.

        Source: docs/contract/chart-extensions.md, "Sensitive properties".
        """
        return frozenset(declared.id for declared in self.values_ui.inputs if declared.sensitive)


class ResourceType(DocumentObject, name="ChartExtResourceTypeV1Beta1"):
    """A collection with its version and key."""

    api_version: str = required(V1BETA1_HEADER, key="apiVersion")
    kind: str = required(kind_header("ResourceType"))
    key: str = required(TEXT)
    spec: ResourceSpec = required(object_of(ResourceSpec))


_RESOURCE_TYPES = list_of(object_of(ResourceType))


def parse_resource_types(document: JsonValue) -> tuple[ResourceType, ...]:
    """Read a resource types document, stored or as a chart ships it; raise `InvalidDocument`."""
    return decoded(document, _RESOURCE_TYPES.read)


def stored_resource_types(types: tuple[ResourceType, ...]) -> JsonValue:
    """Return the stored form of the whole document."""
    return _RESOURCE_TYPES.store(types)


def parse_resource_spec(document: JsonValue) -> ResourceSpec:
    """Read the ``spec`` of a ``deployment_resource_types`` row; raise `InvalidDocument`."""
    return decoded(document, ResourceSpec.read)


def merged_props(stored: JsonValue, given: JsonValue) -> JsonValue:
    """Merge an update into the stored ``props``: objects key by key, anything else replaces.

    Source: docs/contract/chart-extensions.md, "Life cycle of a resource".
    """
    if not isinstance(stored, dict) or not isinstance(given, dict):
        return given
    merged = dict(stored)
    for key, value in given.items():
        merged[key] = merged_props(stored[key], value) if key in stored else value
    return merged
