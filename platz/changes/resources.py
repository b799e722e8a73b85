"""Create, update and delete a deployment resource: an item that a deployment manages for others.

Invariant: a resource's type belongs to the kind and environment of the deployment that manages it, so that a
right in one environment never puts items into the forms of another.

Source: docs/contract/http-api.md, "Resource types and resources".
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import Connection

from platz.access import permissions
from platz.access.visibility import scope_of, sees_cluster
from platz.changes.dependants import refuse_if_used, resource_item
from platz.changes.reinstalls import reinstall_dependants
from platz.charts.documents.resource_types import Operation, ResourceSpec, merged_props, parse_resource_spec
from platz.charts.reading.problems import InvalidDocument
from platz.db.dependants import Item, dependants_of
from platz.db.encryption import Cipher
from platz.db.enums import DeploymentRole, SyncStatus
from platz.db.field_encryption import decrypt_fields, encrypt_fields, reject_encrypted_markers
from platz.db.tables import clusters, deployments, kinds
from platz.db.tables import deployment_resource_types as types
from platz.db.tables import deployment_resources as resources
from platz.db.tables.deployment_resource_types import ResourceTypeId, ResourceTypeRow
from platz.db.tables.deployment_resources import NewResourceRow, ResourceId, ResourceRow
from platz.db.tables.deployments import DeploymentRow
from platz.errors import Conflict, NotFound, Rejected
from platz.identities import DeploymentId, Identity
from platz.json import JsonValue


@dataclass(frozen=True, kw_only=True)
class NewResource:
    """The requested resource; None for ``props`` means no properties."""

    type_id: ResourceTypeId
    deployment_id: DeploymentId
    name: str
    props: JsonValue = field(default=None, repr=False)
    id: ResourceId | None = None
    created_at: datetime | None = None
    sync_status: SyncStatus = SyncStatus.CREATING


@dataclass(frozen=True, kw_only=True)
class ResourceUpdate:
    """The requested changes; None means "not given"."""

    name: str | None = None
    props: JsonValue = field(default=None, repr=False)


def create_resource(
    connection: Connection, identity: Identity, new: NewResource, *, cipher: Cipher
) -> ResourceId:
    """Insert the resource; its create hook is called later if the status is Creating.

    Raises Denied, Rejected (name, deployment, type of another kind or environment), Conflict (name taken).
    """
    resource_type = types.lock_shared(connection, new.type_id)
    if resource_type is None:
        raise Rejected("There is no such resource type", field="type_id")
    manager = _seen_manager(connection, identity, new.deployment_id)
    spec = _spec(resource_type)
    _require(connection, identity, spec, Operation.CREATE, manager)
    _require_same_home(connection, resource_type, manager)
    _check_name(new.name)
    reject_encrypted_markers(new.props, "props")
    row = NewResourceRow(
        type_id=new.type_id,
        deployment_id=new.deployment_id,
        name=new.name,
        props=encrypt_fields({} if new.props is None else new.props, spec.sensitive_ids(), cipher),
        sync_status=new.sync_status,
        id=new.id,
        created_at=new.created_at,
    )
    return resources.insert_new(connection, row)


def update_resource(
    connection: Connection,
    identity: Identity,
    resource_id: ResourceId,
    update: ResourceUpdate,
    *,
    cipher: Cipher,
) -> ResourceRow:
    """Save the name, merge the props, request the update hook, and reinstall the enabled deployments that use the
    resource.

    Returns the saved row, but with the sync status from before. If nothing is given, nothing happens. Raises NotFound,
    Denied, Rejected (name), Conflict (name taken, resource deleted).

    Source: docs/contract/http-api.md, "Resource types and resources".
    """
    held = _hold(connection, identity, resource_id, Operation.UPDATE)
    resource, spec = held.resource, held.spec
    if update.name is None and update.props is None:
        return resource
    if not resource.exists or resource.sync_status is SyncStatus.DELETING:
        raise Conflict("This resource is deleted")
    name = resource.name if update.name is None else update.name
    _check_name(name)
    props = resource.props
    if update.props is not None:
        reject_encrypted_markers(update.props, "props")
        merged = merged_props(decrypt_fields(resource.props, cipher), update.props)
        props = encrypt_fields(merged, spec.sensitive_ids(), cipher)
    resources.save(connection, resource_id, name=name, props=props)
    reinstall_dependants(connection, held.item, _reason(spec, resource.name, update), identity)
    return replace(resource, name=name, props=props)


def delete_resource(connection: Connection, identity: Identity, resource_id: ResourceId) -> None:
    """Request the delete hook, after which the resource no longer exists.

    Raises NotFound, Denied, Conflict (already deleted, deployments use it).
    """
    held = _hold(connection, identity, resource_id, Operation.DELETE)
    if not held.resource.exists:
        raise Conflict("Trying to delete an already delete resource")
    users = dependants_of(connection, held.item)
    refuse_if_used("This resource can't be deleted because other deployments depend on it", users)
    resources.set_sync_status(connection, resource_id, SyncStatus.DELETING)


@dataclass(frozen=True, kw_only=True)
class _Held:
    """A locked resource, with its type's spec and itself as an item."""

    resource: ResourceRow
    spec: ResourceSpec
    item: Item


def _hold(connection: Connection, identity: Identity, resource_id: ResourceId, operation: Operation) -> _Held:
    resource = resources.lock(connection, resource_id)
    resource_type = types.get(connection, resource.type_id) if resource else None
    kind = kinds.get(connection, resource_type.deployment_kind_id) if resource_type else None
    if resource is None or resource_type is None or kind is None:
        raise NotFound
    manager = deployments.get(connection, resource.deployment_id) if resource.deployment_id else None
    if not _sees(connection, identity, manager):
        raise NotFound
    spec = _spec(resource_type)
    _require(connection, identity, spec, operation, manager)
    item = resource_item(resource_id, kind_name=kind.name, key=resource_type.key)
    return _Held(resource=resource, spec=spec, item=item)


def _seen_manager(connection: Connection, identity: Identity, deployment_id: DeploymentId) -> DeploymentRow:
    manager = deployments.get(connection, deployment_id)
    if manager is None or not _sees(connection, identity, manager):
        raise Rejected("There is no such deployment", field="deployment_id")
    return manager


def _sees(connection: Connection, identity: Identity, manager: DeploymentRow | None) -> bool:
    if manager is None:
        return scope_of(connection, identity).everything
    return sees_cluster(connection, identity, manager.cluster_id)


def _spec(resource_type: ResourceTypeRow) -> ResourceSpec:
    try:
        return parse_resource_spec(resource_type.spec)
    except InvalidDocument as error:
        raise Conflict(f"The resource type {resource_type.key} can't be read") from error


def _require(
    connection: Connection,
    identity: Identity,
    spec: ResourceSpec,
    operation: Operation,
    manager: DeploymentRow | None,
) -> None:
    hook = spec.lifecycle.hook(operation)
    role = hook.allowed_role if hook else None
    permissions.require_resource_editor(
        connection,
        cluster_id=manager.cluster_id if manager else None,
        kind_id=manager.kind_id if manager else None,
        allowed_role=DeploymentRole(role.value) if role else None,
        identity=identity,
        deployment_id=manager.id if manager else None,
    )


def _require_same_home(
    connection: Connection, resource_type: ResourceTypeRow, manager: DeploymentRow
) -> None:
    if resource_type.deployment_kind_id != manager.kind_id:
        raise Rejected("This deployment is not of the kind that manages this type", field="deployment_id")
    cluster = clusters.get(connection, manager.cluster_id)
    if resource_type.env_id is not None and (cluster is None or cluster.env_id != resource_type.env_id):
        raise Rejected("This type belongs to another environment than the deployment", field="type_id")


def _check_name(name: str) -> None:
    if not name:
        raise Rejected("The name must not be empty", field="name")


def _reason(spec: ResourceSpec, old_name: str, update: ResourceUpdate) -> str:
    match update.name, update.props:
        case str(new_name), None:
            change = f"renamed to {new_name}"
        case None, _:
            change = "updated"
        case new_name, _:
            change = f"updated and renamed to {new_name}"
    return f"{spec.name_singular} {old_name} {change}"
