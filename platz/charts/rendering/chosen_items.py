"""The items that inputs point to, and their properties.

Invariant: rows are looked up through `Collections` only; all rules about them (the order of checks, what other
environments may see, how properties are spelled) are here and nowhere else.

Source: docs/contract/chart-extensions.md, "Collection references", "Collection items".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeVar
from uuid import UUID

from platz.charts.documents.collections import (
    CollectionReference,
    KindResources,
    LegacyResources,
    Table,
    collection_remedy,
)
from platz.charts.reading.problems import quoted
from platz.charts.reading.spelling import did_you_mean
from platz.charts.rendering.rendering_errors import RenderingErrorCode, RenderingFailed
from platz.charts.rendering.timestamps import property_text
from platz.json import JsonObject, JsonValue

_Row = TypeVar("_Row")

PROPERTY_NAMES = {
    "deployments": frozenset({"id", "created_at", "name", "kind", "cluster_id", "enabled"}),
    "secrets": frozenset({"id", "created_at", "updated_at", "env_id", "collection", "name", "contents"}),
}
"""The properties of items by table; items of other tables have none."""

_HYPHENATED = "[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
_ITEM_ID = re.compile(
    rf"[0-9a-fA-F]{{32}}|{_HYPHENATED}|urn:uuid:{_HYPHENATED}|\{{{_HYPHENATED}\}}", re.ASCII
)
_ADDRESS = re.compile("host|port|ingress|domain|url|address|endpoint", re.IGNORECASE)
"""Parts of the names under which the guide of older Platz promises the address of a deployment."""


@dataclass(frozen=True, kw_only=True)
class DeploymentItem:
    """The fields of a deployment that properties use; ``kind`` is the kind's name."""

    id: UUID
    created_at: datetime
    name: str
    kind: str
    cluster_id: UUID
    enabled: bool
    env_id: UUID | None = None
    """The environment of its cluster; None if it is not known, and then it counts as the right one."""


@dataclass(frozen=True, kw_only=True)
class SecretItem:
    """The fields of a secret that properties use."""

    id: UUID
    created_at: datetime
    updated_at: datetime
    env_id: UUID
    collection: str
    name: str
    contents: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class ResourceItem:
    """The fields of a resource that properties use."""

    id: UUID
    name: str
    props: JsonObject = field(repr=False)
    sensitive: frozenset[str] = frozenset()
    """The keys of ``props`` whose inputs are marked as sensitive in the resource type."""


class Collections(Protocol):
    """Access to the rows; each method returns None if there is no such row."""

    def deployment(self, deployment_id: UUID) -> DeploymentItem | None:
        """Return the deployment, in any environment, enabled or not; None also if it is in none."""
        ...

    def secret(self, secret_id: UUID) -> SecretItem | None:
        """Return the secret, in any environment."""
        ...

    def resource_type(self, *, env_id: UUID, kind: str | None, key: str) -> UUID | None:
        """Return the id of the resource type with this key that is global or of the environment.

        ``kind`` is the name of the deployment kind, or None for any kind.
        """
        ...

    def resource(self, *, type_id: UUID, resource_id: UUID) -> ResourceItem | None:
        """Return the resource of that type, even if its row is marked as no longer existing."""
        ...

    def resource_env(self, resource_id: UUID) -> UUID | None:
        """Return the environment that a resource's type belongs to; None for a global type or an unknown resource."""
        ...


@dataclass(frozen=True, kw_only=True)
class Property:
    """A property's value; a confidential one must not appear in any log or text."""

    value: JsonValue = field(repr=False)
    confidential: bool = False


def parse_item_id(text: str) -> UUID | None:
    """Read an item's id in any of the accepted notations; return None for other text."""
    return UUID(text) if _ITEM_ID.fullmatch(text) else None


def property_remedy(name: str, table: str) -> str:
    """Say which property of a table's items is meant, or which there are."""
    known = sorted(PROPERTY_NAMES[table])
    choices = f"Use one of: {', '.join(known)}."
    if table == "deployments" and _ADDRESS.search(name):
        return (
            f"{choices} A deployment's address is none of them: let its chart declare a resource type with this"
            " property, and select the resource."
        )
    return f"{did_you_mean(name, known)} {choices}".strip()


def item_property(
    reference: CollectionReference, given_id: str, name: str, *, env_id: UUID, collections: Collections
) -> Property:
    """Look up one property of one item; raise `RenderingFailed` in the order of
    docs/contract/chart-extensions.md, "Collection items"."""
    match reference:
        case Table(name=table):
            item_id = _required_id(given_id)
            look_up = _TABLE_PROPERTIES.get(table)
            if look_up is None:
                raise RenderingFailed(RenderingErrorCode.UNSUPPORTED_COLLECTION, table)
            return look_up(item_id, name, env_id, collections)
        case KindResources(kind=kind, key=key):
            type_id = collections.resource_type(env_id=env_id, kind=kind, key=key)
            return _resource_property(_found(type_id), reference, given_id, name, collections)
        case LegacyResources(key=key):
            type_id = collections.resource_type(env_id=env_id, kind=None, key=key)
            known = _found(
                type_id, remedy=f"There is no resource type {quoted(key)}. {collection_remedy(key)}"
            )
            return _resource_property(known, reference, given_id, name, collections)


def _resource_property(
    type_id: UUID, reference: CollectionReference, given_id: str, name: str, collections: Collections
) -> Property:
    item = _found(collections.resource(type_id=type_id, resource_id=_required_id(given_id)))
    own: JsonObject = {"id": str(item.id), "name": item.name}
    if name in own:
        return Property(value=own[name])
    if name not in item.props:
        asked = did_you_mean(name, [*own, *item.props])
        raise RenderingFailed(RenderingErrorCode.UNKNOWN_PROPERTY, name, str(reference), remedy=asked)
    return Property(value=item.props[name], confidential=name in item.sensitive)


def _deployment_property(item_id: UUID, name: str, env_id: UUID, collections: Collections) -> Property:
    item = _found(collections.deployment(item_id))
    if item.env_id not in {None, env_id}:
        raise RenderingFailed(RenderingErrorCode.COLLECTION_ITEM_NOT_FOUND, "deployments", str(item_id))
    properties: JsonObject = {
        "id": str(item.id),
        "created_at": property_text(item.created_at),
        "name": item.name,
        "kind": item.kind,
        "cluster_id": str(item.cluster_id),
        "enabled": item.enabled,
    }
    return Property(value=_property(properties, name, "deployments"))


def _secret_property(item_id: UUID, name: str, env_id: UUID, collections: Collections) -> Property:
    item = _found(collections.secret(item_id))
    if item.env_id != env_id:
        raise RenderingFailed(RenderingErrorCode.COLLECTION_ITEM_NOT_FOUND, "secrets", str(item_id))
    properties: JsonObject = {
        "id": str(item.id),
        "created_at": property_text(item.created_at),
        "updated_at": property_text(item.updated_at),
        "env_id": str(item.env_id),
        "collection": item.collection,
        "name": item.name,
        "contents": item.contents,
    }
    return Property(value=_property(properties, name, "secrets"), confidential=name == "contents")


def _property(properties: JsonObject, name: str, collection: str) -> JsonValue:
    if name not in properties:
        remedy = property_remedy(name, collection)
        raise RenderingFailed(RenderingErrorCode.UNKNOWN_PROPERTY, name, collection, remedy=remedy)
    return properties[name]


def _required_id(given_id: str) -> UUID:
    item_id = parse_item_id(given_id)
    if item_id is None:
        raise RenderingFailed(RenderingErrorCode.INVALID_COLLECTION_ID, given_id)
    return item_id


def _found(row: _Row | None, *, remedy: str = "") -> _Row:
    if row is None:
        raise RenderingFailed(RenderingErrorCode.COLLECTION_ERROR, "not_found", remedy=remedy)
    return row


_TABLE_PROPERTIES: dict[str, Callable[[UUID, str, UUID, Collections], Property]] = {
    "deployments": _deployment_property,
    "secrets": _secret_property,
}
