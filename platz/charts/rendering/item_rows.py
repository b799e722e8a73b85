"""Items of collections, read from a document of rows, for trying out a chart without a database.

Invariant: the same rules apply as for real rows, because this module only supplies the rows. The document is
``{"deployments": [...], "secrets": [...], "resource_types": [...], "resources": [...]}``, each row with the
columns' names; ``kind`` and ``deployment_kind`` are kinds' names, and timestamps are RFC 3339. Columns that
only matter as properties may be left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from platz.charts.reading.decoding import Cursor, decoded
from platz.charts.rendering.chosen_items import DeploymentItem, ResourceItem, SecretItem, parse_item_id
from platz.json import JsonObject, JsonValue

_NO_ID = UUID(int=0)
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class _TypeRow:
    id: UUID
    env_id: UUID | None
    kind: str
    key: str


@dataclass(frozen=True, kw_only=True)
class CollectionRows:
    """An implementation of `platz.charts.rendering.chosen_items.Collections` over rows in memory."""

    deployments: tuple[DeploymentItem, ...] = ()
    secrets: tuple[SecretItem, ...] = ()
    types: tuple[_TypeRow, ...] = ()
    resources: tuple[tuple[UUID, ResourceItem], ...] = ()

    def deployment(self, deployment_id: UUID) -> DeploymentItem | None:
        """Return the deployment with this id."""
        return next((row for row in self.deployments if row.id == deployment_id), None)

    def secret(self, secret_id: UUID) -> SecretItem | None:
        """Return the secret with this id."""
        return next((row for row in self.secrets if row.id == secret_id), None)

    def resource_type(self, *, env_id: UUID, kind: str | None, key: str) -> UUID | None:
        """Return the first type with this key that is global or of the environment."""
        for row in self.types:
            if row.key == key and kind in {None, row.kind} and row.env_id in {None, env_id}:
                return row.id
        return None

    def resource(self, *, type_id: UUID, resource_id: UUID) -> ResourceItem | None:
        """Return the resource of that type with this id."""
        return next(
            (row for of_type, row in self.resources if of_type == type_id and row.id == resource_id), None
        )

    def resource_env(self, resource_id: UUID) -> UUID | None:
        """Return the environment of the resource's type."""
        of_type = next((type_id for type_id, row in self.resources if row.id == resource_id), None)
        return next((row.env_id for row in self.types if row.id == of_type), None)


def parse_collection_rows(document: JsonValue) -> CollectionRows:
    """Read the rows; raise `InvalidDocument`."""
    return decoded(document, _rows)


def _rows(cursor: Cursor) -> CollectionRows:
    fields = cursor.fields("deployments", "secrets", "resource_types", "resources")
    return CollectionRows(
        deployments=fields.get("deployments", lambda rows: tuple(map(_deployment, rows.items())), ()),
        secrets=fields.get("secrets", lambda rows: tuple(map(_secret, rows.items())), ()),
        types=fields.get("resource_types", lambda rows: tuple(map(_type, rows.items())), ()),
        resources=fields.get("resources", lambda rows: tuple(map(_resource, rows.items())), ()),
    )


def _deployment(cursor: Cursor) -> DeploymentItem:
    fields = cursor.fields("id", "created_at", "name", "kind", "cluster_id", "enabled", "env_id")
    return DeploymentItem(
        id=_id(fields.need("id")),
        created_at=fields.get("created_at", _moment, _LONG_AGO),
        name=fields.need("name").text(),
        kind=fields.need("kind").text(),
        cluster_id=fields.get("cluster_id", _id, _NO_ID),
        enabled=fields.get("enabled", Cursor.flag, default=True),
        env_id=fields.nullable("env_id", _id),
    )


def _secret(cursor: Cursor) -> SecretItem:
    fields = cursor.fields("id", "created_at", "updated_at", "env_id", "collection", "name", "contents")
    return SecretItem(
        id=_id(fields.need("id")),
        created_at=fields.get("created_at", _moment, _LONG_AGO),
        updated_at=fields.get("updated_at", _moment, _LONG_AGO),
        env_id=_id(fields.need("env_id")),
        collection=fields.get("collection", Cursor.text, ""),
        name=fields.need("name").text(),
        contents=fields.need("contents").text(),
    )


def _type(cursor: Cursor) -> _TypeRow:
    fields = cursor.fields("id", "env_id", "deployment_kind", "key")
    return _TypeRow(
        id=_id(fields.need("id")),
        env_id=fields.nullable("env_id", _id),
        kind=fields.need("deployment_kind").text(),
        key=fields.need("key").text(),
    )


def _resource(cursor: Cursor) -> tuple[UUID, ResourceItem]:
    fields = cursor.fields("id", "type_id", "name", "props")
    return _id(fields.need("type_id")), ResourceItem(
        id=_id(fields.need("id")), name=fields.need("name").text(), props=fields.get("props", _props, {})
    )


def _props(cursor: Cursor) -> JsonObject:
    return {key: value.json() for key, value in cursor.entries()}


def _id(cursor: Cursor) -> UUID:
    item_id = parse_item_id(cursor.text())
    if item_id is None:
        cursor.complain("This is not a UUID.", "Write the row's id.")
    return item_id or _NO_ID


def _moment(cursor: Cursor) -> datetime:
    try:
        moment = datetime.fromisoformat(cursor.text())
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        cursor.complain("This is not an RFC 3339 timestamp.", "Write it as 2024-02-03T04:05:06Z.")
        return _LONG_AGO
    return moment
