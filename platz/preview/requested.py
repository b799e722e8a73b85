"""The changes of a deployment that can be previewed, and made as they were previewed.

Invariant: a change that is previewed and the same change that is made run through the same function, so they can't
differ.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection

from platz.changes.deployments import (
    DeploymentUpdate,
    NewDeployment,
    create_deployment,
    delete_deployment,
    update_deployment,
)
from platz.changes.rollbacks import rollback_deployment
from platz.db.encryption import Cipher
from platz.db.tables.deployments import DeploymentRow
from platz.identities import DeploymentId, Identity, TaskId
from platz.json import JsonObject

RowCheck = Callable[[DeploymentRow], None]
"""Looks at the locked row, in plain, before it is changed; raises to refuse the change."""


def unchecked(_row: DeploymentRow) -> None:
    """Accept every row."""


@dataclass(frozen=True, kw_only=True)
class Requested:
    """A requested change: what was asked as JSON, the deployment that it changes, and the function that makes it."""

    asked: JsonObject
    deployment_id: DeploymentId | None
    make: Callable[[Connection, RowCheck], DeploymentId]


def creation(identity: Identity, new: NewDeployment, cipher: Cipher) -> Requested:
    """Return the creation of a deployment."""

    def make(connection: Connection, _check: RowCheck) -> DeploymentId:
        return create_deployment(connection, identity, new, cipher=cipher)

    return Requested(asked={"create": _as_json(new)}, deployment_id=None, make=make)


def update(
    identity: Identity, deployment_id: DeploymentId, wanted: DeploymentUpdate, cipher: Cipher
) -> Requested:
    """Return the update of a deployment."""

    def make(connection: Connection, check: RowCheck) -> DeploymentId:
        update_deployment(connection, identity, deployment_id, wanted, cipher=cipher, check=check)
        return deployment_id

    return Requested(asked={"update": _as_json(wanted)}, deployment_id=deployment_id, make=make)


def rollback(
    identity: Identity, deployment_id: DeploymentId, revision_id: TaskId, cipher: Cipher
) -> Requested:
    """Return the way back to an earlier revision."""

    def make(connection: Connection, check: RowCheck) -> DeploymentId:
        rollback_deployment(connection, identity, deployment_id, revision_id, cipher=cipher, check=check)
        return deployment_id

    return Requested(asked={"rollback": str(revision_id)}, deployment_id=deployment_id, make=make)


def deletion(identity: Identity, deployment_id: DeploymentId) -> Requested:
    """Return the deletion of a deployment."""

    def make(connection: Connection, _check: RowCheck) -> DeploymentId:
        delete_deployment(connection, identity, deployment_id)
        return deployment_id

    return Requested(asked={"delete": True}, deployment_id=deployment_id, make=make)


def _as_json(given: NewDeployment | DeploymentUpdate) -> JsonObject:
    return {key: str(value) if isinstance(value, UUID) else value for key, value in vars(given).items()}
