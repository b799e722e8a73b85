"""The namespaces that Platz itself gave to a deployment, by name.

Invariant: Platz deletes a namespace only if its name is among these, whatever label and annotation say: both can be
written by others.

Source: docs/contract/workers.md, "Deletion of namespaces".
"""

from __future__ import annotations

from sqlalchemy import Connection

from platz.charts.documents.derived_names import namespace_name
from platz.db.tables import kinds, left_namespaces, tasks
from platz.identities import DeploymentId, KindId


def known_names(
    connection: Connection, deployment_id: DeploymentId, *, kind_id: KindId, name: str
) -> frozenset[str]:
    """Return the present name of the namespace and all that the deployment had before and left."""
    kind = kinds.get(connection, kind_id)
    present = () if kind is None else (namespace_name(kind.name, name),)
    left = (each.namespace for each in left_namespaces.of_deployment(connection, deployment_id))
    return frozenset((*present, *left)) | tasks.recreated_names(connection, deployment_id)
