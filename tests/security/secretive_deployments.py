"""Deployments whose chart has sensitive inputs, each of which has a value that must not leave."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from http_client import Installation, new_chart
from sqlalchemy import text as sql

from platz.db.field_encryption import decrypt_document
from platz.identities import Deployment, DeploymentId

SECRET = 'hunt"er2'
CONFIG = {"password": SECRET, "color": "red"}
SHOWN = {"color": "red"}


def text(input_id: str, **more: Any) -> dict[str, Any]:
    return {"id": input_id, "type": "text", "label": input_id, "required": False, **more}


FORM = {
    "inputs": [text("password", sensitive=True), text("color")],
    "outputs": {"values": [], "secrets": {}},
}
ACTION = {
    "id": "reset",
    "allowed_role": "Maintainer",
    "allowed_on_statuses": [],
    "endpoint": "standard_ingress",
    "path": "/reset",
    "method": "POST",
    "title": "Reset",
    "fontawesome_icon": None,
    "description": "",
    "dangerous": False,
    "ui_schema": FORM,
}


def secretive_chart(api: Installation) -> UUID:
    """Insert a chart with a sensitive input in its form and in its action's."""
    actions = {"schema_version": 0, "actions": [ACTION]}
    return new_chart(api, api.unique("3.0"), values_ui=FORM, actions_schema=actions)


def secretive_deployment(api: Installation) -> UUID:
    """Create a deployment whose config holds `SECRET`, and a task of each operation that does."""
    body = {
        "name": api.unique("secretive"),
        "kind_id": str(api.kind),
        "cluster_id": str(api.cluster),
        "helm_chart_id": str(secretive_chart(api)),
        "config": {"password": "first" + SECRET, "color": "blue"},
    }
    made = api["owner"].post("/deployments", body).json()
    changed = api["owner"].put(f"/deployments/{made['id']}", {"config": CONFIG})
    invocation = {"helm_chart_id": body["helm_chart_id"], "action_id": "reset", "body": CONFIG}
    task = {"deployment_id": made["id"], "operation": {"InvokeAction": invocation}}
    invoked = api["owner"].post("/deployment-tasks", task)
    assert (changed.status_code, invoked.status_code) == (200, 201), (changed.text, invoked.text)
    return UUID(made["id"])


def as_plain(api: Installation) -> None:
    """Store everything in plain, as an installation without encryption keys does."""
    marks = r"""jsonb_path_exists(%s, '$.**."$encrypted"')"""
    for table, column in (("deployments", "config"), ("deployment_tasks", "operation")):
        for row_id, document in _rows(api, f"select id, {column}::text from {table} where {marks % column}"):
            plain = decrypted(api, document)
            api.execute(
                f"update {table} set {column} = cast(:plain as jsonb) where id = :id", id=row_id, plain=plain
            )


def decrypted(api: Installation, document: str) -> str:
    return decrypt_document(document, api.services.cipher)


def _rows(api: Installation, statement: str) -> list[Any]:
    with api.database.reading() as connection:
        return list(connection.execute(sql(statement)))


def credentials_of(deployment: UUID) -> Deployment:
    """Return the identity that a deployment's `platz-creds` prove."""
    return Deployment(id=DeploymentId(deployment))
