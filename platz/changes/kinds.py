"""Rename a deployment kind.

Source: docs/contract/http-api.md, "Deployment kinds".
"""

from __future__ import annotations

from sqlalchemy import Connection

from platz.access import permissions
from platz.changes.name_rules import check_kind_name
from platz.db.tables import deployments, kinds
from platz.errors import Conflict, NotFound
from platz.identities import Identity, KindId


def rename_kind(connection: Connection, identity: Identity, kind_id: KindId, name: str) -> None:
    """Rename the kind.

    Namespaces are named after the kind, so while the kind has deployments only upper and lower case may change. Raises
    NotFound, Denied, Rejected (empty, not a DNS label), Conflict (kind in use, name taken).
    """
    permissions.require_site_admin(connection, identity)
    kind = kinds.lock(connection, kind_id, exclusive=True)
    if kind is None:
        raise NotFound
    check_kind_name(name)
    if name.lower() != kind.name.lower() and deployments.exist_with_kind(connection, kind_id):
        raise Conflict(
            "This kind can't be renamed while it has deployments, because their namespaces are named after it"
        )
    if name != kind.name:
        kinds.rename(connection, kind_id, name)
