"""The items of a chart's collection inputs, read from the database.

Invariant: this module only finds rows; every rule about them is in `platz.charts.rendering.chosen_items`. Values that
are encrypted at rest are decrypted here and nowhere later.

Source: docs/contract/chart-extensions.md, "Collection items".
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Connection
from typing_extensions import override

from platz.charts.rendering.chosen_items import Collections, DeploymentItem, ResourceItem, SecretItem
from platz.db.encryption import Cipher
from platz.db.field_encryption import decrypt_object
from platz.db.tables import clusters, deployments, kinds, secrets
from platz.db.tables import deployment_resource_types as types
from platz.db.tables import deployment_resources as resources
from platz.db.tables.deployment_resource_types import ResourceTypeId
from platz.db.tables.deployment_resources import ResourceId
from platz.db.tables.secrets import SecretId
from platz.identities import DeploymentId, EnvId
from platz.tasks import sensitive_inputs


class DatabaseCollections(Collections):
    """The items that one database connection sees, so also those of its own transaction."""

    def __init__(self, connection: Connection, cipher: Cipher) -> None:
        self._connection = connection
        self._cipher = cipher

    @override
    def deployment(self, deployment_id: UUID) -> DeploymentItem | None:
        row = deployments.get(self._connection, DeploymentId(deployment_id))
        kind = kinds.get(self._connection, row.kind_id) if row else None
        cluster = clusters.get(self._connection, row.cluster_id) if row else None
        if row is None or kind is None or cluster is None or cluster.env_id is None:
            return None
        return DeploymentItem(
            id=row.id,
            created_at=row.created_at,
            name=row.name,
            kind=kind.name,
            cluster_id=row.cluster_id,
            enabled=row.enabled,
            env_id=cluster.env_id,
        )

    @override
    def secret(self, secret_id: UUID) -> SecretItem | None:
        row = secrets.get(self._connection, SecretId(secret_id))
        if row is None:
            return None
        return SecretItem(
            id=row.id,
            created_at=row.created_at,
            updated_at=row.updated_at,
            env_id=row.env_id,
            collection=row.collection,
            name=row.name,
            contents=self._cipher.decrypt(row.contents),
        )

    @override
    def resource_type(self, *, env_id: UUID, kind: str | None, key: str) -> UUID | None:
        return types.find(self._connection, EnvId(env_id), key, kind)

    @override
    def resource_env(self, resource_id: UUID) -> UUID | None:
        row = resources.get(self._connection, ResourceId(resource_id))
        found = types.get(self._connection, row.type_id) if row else None
        return found.env_id if found else None

    @override
    def resource(self, *, type_id: UUID, resource_id: UUID) -> ResourceItem | None:
        row = resources.of_type(self._connection, ResourceTypeId(type_id), ResourceId(resource_id))
        kind = types.get(self._connection, ResourceTypeId(type_id)) if row else None
        if row is None or kind is None:
            return None
        props = decrypt_object(row.props, self._cipher)
        sensitive = sensitive_inputs.of_resource_type(kind.spec)
        return ResourceItem(id=row.id, name=row.name, props=props, sensitive=sensitive)
