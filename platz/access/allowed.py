"""What an identity may change about a deployment, told before it tries.

Invariant: the answer comes from the checks that the changes themselves use, so a change that is told to be allowed is
not refused for lack of a right, and the other way round. Whether the present state allows it is another question.

Source: docs/contract/http-api.md, "What the caller may change".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection

from platz.access import permissions
from platz.db.enums import DeploymentRole
from platz.db.overview.grantors import grantors_of
from platz.errors import Denied, NotFound
from platz.identities import ClusterId, DeploymentId, Identity, KindId, User

Check = Callable[..., None]

CHECKS: Mapping[str, Check] = {
    "change": permissions.require_deployment_maintainer,
    "restart": permissions.require_deployment_maintainer,
    "roll_back": permissions.require_rollback,
    "enable": permissions.require_enabling,
    "delete": permissions.require_deployment_owner,
}
"""The check of each change. `enable` is for enabling and disabling."""

_OF_OWNERS = {"enable", "delete"}


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why a change is not allowed, and who can give the right to it."""

    reason: str
    granted_by: str


Verdict = Refusal | None
"""None: it is allowed."""


def allowed_changes(
    connection: Connection,
    identity: Identity,
    cluster_id: ClusterId,
    kind_id: KindId,
    *,
    deployment_id: DeploymentId,
) -> dict[str, Verdict]:
    """Return the verdict on each of `CHECKS` for a deployment of this kind in this cluster."""
    judged: dict[Check, bool] = {}
    for check in CHECKS.values():
        if check not in judged:
            asked = partial(check, connection, cluster_id, kind_id, identity, deployment_id=deployment_id)
            judged[check] = _passes(asked)
    return {
        name: None
        if judged[check]
        else _refusal(connection, identity, cluster_id, kind_id, owners_only=name in _OF_OWNERS)
        for name, check in CHECKS.items()
    }


def allowed_action(
    connection: Connection,
    identity: Identity,
    cluster_id: ClusterId,
    kind_id: KindId,
    *,
    role: DeploymentRole,
    deployment_id: DeploymentId,
) -> Verdict:
    """Return the verdict on an action that ``role`` may use."""
    check = partial(
        permissions.require_deployment_role,
        connection,
        cluster_id,
        kind_id,
        role,
        identity,
        deployment_id=deployment_id,
    )
    if _passes(check):
        return None
    return _refusal(connection, identity, cluster_id, kind_id, owners_only=role is DeploymentRole.OWNER)


def _passes(check: Callable[[], None]) -> bool:
    try:
        check()
    except (Denied, NotFound):
        return False
    return True


def _refusal(
    connection: Connection,
    identity: Identity,
    cluster_id: ClusterId,
    kind_id: KindId,
    *,
    owners_only: bool,
) -> Refusal:
    found = grantors_of(connection, cluster_id, kind_id)
    if found is None or found.env is None:
        reason = "Its cluster belongs to no environment, so nobody has rights in it."
        return Refusal(reason=reason, granted_by="A site admin can assign the cluster to an environment.")
    who = "owners" if owners_only else "maintainers and owners"
    reason = f"Only {who} of {found.kind} in {found.env} may do this."
    if not isinstance(identity, User):
        return Refusal(reason=reason, granted_by="Only people can be given roles; ask one of them to do it.")
    if not found.admins:
        return Refusal(reason=reason, granted_by="A site admin can make you one.")
    names = ", ".join(found.admins)
    return Refusal(reason=reason, granted_by=f"An admin of {found.env} can make you one, such as {names}.")
