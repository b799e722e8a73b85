"""Whether an action may be used in the status that the deployment reports.

Source: docs/contract/chart-extensions.md, "Invoking an action".
"""

from __future__ import annotations

from platz.charts.documents.actions import Action
from platz.errors import Conflict
from platz.json import JsonValue


class StatusForbidsAction(Conflict):
    """The action is not available in the status that the deployment reports."""


def require_status(action: Action, reported: JsonValue) -> None:
    """Raise `StatusForbidsAction` if `allowed_on_statuses` excludes the reported status.

    As in the frontend, every action is allowed if there is no status or the last poll failed.
    """
    match reported:
        case {"get_successful": True, "content": {"status": {"name": str(status)}}}:
            allowed = action.allowed_on_statuses
        case _:
            return
    if allowed and status not in allowed:
        raise StatusForbidsAction(f"{action.title} is not available while the status is {status}")
