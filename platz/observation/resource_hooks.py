"""The lifecycle hooks of deployment resources.

Invariant: an outcome is written only if the resource has not changed since its hook was called; otherwise the hook is
called again for the change.

Source: docs/contract/workers.md, "Resource sync"; docs/contract/chart-extensions.md, "Life cycle of a
resource".
"""

from __future__ import annotations

from sqlalchemy import Connection

from platz.charts.documents.derived_names import target_url
from platz.charts.documents.resource_types import Operation, ResourceSpec, parse_resource_spec
from platz.charts.rendering.confidential import confidential_texts
from platz.db.database import Database
from platz.db.encryption import Cipher
from platz.db.enums import SyncStatus
from platz.db.field_encryption import decrypt_object
from platz.db.polling import poll_candidates
from platz.db.tables import deployment_resource_types, deployment_resources
from platz.db.tables.deployment_resources import ResourceId, ResourceRow
from platz.errors import PlatzError, Retryable
from platz.json import JsonObject
from platz.observation.hostnames import hostname_of
from platz.observation.ingress import CallFailed, IngressCaller

HOOK_SECONDS = 60.0
HOOKS = {
    SyncStatus.CREATING: Operation.CREATE,
    SyncStatus.UPDATING: Operation.UPDATE,
    SyncStatus.DELETING: Operation.DELETE,
}


def synchronise(database: Database, caller: IngressCaller, cipher: Cipher, resource_id: ResourceId) -> None:
    """Call the hook that the resource waits for, if any, and write the outcome.

    Raises `Retryable` when the database is unavailable.
    """
    with database.reading() as connection:
        row = deployment_resources.get(connection, resource_id)
        if row is None or row.sync_status not in HOOKS:
            return
    try:
        _call_hook(database, caller, cipher, row)
    except Retryable:
        raise
    except PlatzError as error:
        status, reason = SyncStatus.ERROR, error.message
    else:
        status, reason = SyncStatus.READY, None
    with database.transaction() as connection:
        deployment_resources.finish_sync(connection, row, status, reason=reason)


def _call_hook(database: Database, caller: IngressCaller, cipher: Cipher, row: ResourceRow) -> None:
    with database.reading() as connection:
        spec = _spec(connection, row)
        hook = spec.lifecycle.hook(HOOKS[row.sync_status]) if spec else None
        if spec is None or hook is None or hook.target is None or row.deployment_id is None:
            return
        url = target_url(_hostname(connection, row), hook.target.path)
    document = _document(row, cipher)
    caller.call(
        hook.target.method.value,
        url,
        body=document,
        send_body=True,
        seconds=HOOK_SECONDS,
        secrets=confidential_texts(spec.values_ui, document["props"]),
    )


def _spec(connection: Connection, row: ResourceRow) -> ResourceSpec | None:
    type_row = deployment_resource_types.get(connection, row.type_id)
    return None if type_row is None else parse_resource_spec(type_row.spec)


def _hostname(connection: Connection, row: ResourceRow) -> str:
    """Return the host name of the managing deployment, in the format of its revision's chart.

    Source: docs/contract/chart-extensions.md, "Meaning of the features".
    """
    managing = [] if row.deployment_id is None else poll_candidates(connection, [row.deployment_id])
    if not managing or not managing[0].has_revision:
        raise CallFailed("The deployment that manages this resource is not installed.")
    candidate = managing[0]
    return hostname_of(
        kind=candidate.kind, name=candidate.name, domain=candidate.ingress_domain, features=candidate.features
    )


def _document(row: ResourceRow, cipher: Cipher) -> JsonObject:
    """Return the whole row as JSON, with sensitive properties decrypted."""
    return {
        "id": str(row.id),
        "created_at": row.created_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "type_id": str(row.type_id),
        "deployment_id": str(row.deployment_id) if row.deployment_id else None,
        "name": row.name,
        "exists": row.exists,
        "props": decrypt_object(row.props, cipher),
        "sync_status": row.sync_status.value,
        "sync_reason": row.sync_reason,
    }
