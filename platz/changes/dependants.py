"""Items that deployments can select and so depend on, and the refusal to remove an item that is in use.

Source: docs/contract/http-api.md, "Deployments".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from platz.charts.documents.db_tables import TABLE_NAMES
from platz.db import schema
from platz.db.dependants import Item
from platz.db.tables.deployments import DeploymentSummary
from platz.errors import Conflict


def deployment_item(deployment_id: UUID) -> Item:
    """Return a deployment as an item."""
    return Item(id=deployment_id, names=(schema.deployments.name,))


def secret_item(secret_id: UUID) -> Item:
    """Return a secret as an item."""
    return Item(id=secret_id, names=(schema.secrets.name,))


def resource_item(resource_id: UUID, *, kind_name: str, key: str) -> Item:
    """Return a deployment resource as an item, which inputs select by the object notation or by the legacy key."""
    names = () if key in TABLE_NAMES else (key,)  # a table's name is never the legacy notation
    return Item(id=resource_id, names=names, described={"deployment": kind_name, "type": key})


def refuse_if_used(refusal: str, dependants: Iterable[DeploymentSummary]) -> None:
    """Raise Conflict with ``refusal`` and the list of dependants, if there are any."""
    found = list(dependants)
    if found:
        raise Conflict(f"{refusal}: {listed(found)}")


def listed(dependants: Sequence[DeploymentSummary]) -> str:
    """Return the list of dependants for the message of a conflict.

    Source: docs/contract/http-api.md, "Deployments".
    """
    return ", ".join(f"{dependant.name} (Kind ID: {dependant.kind_id})" for dependant in dependants)
