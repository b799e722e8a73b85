"""The body of an action's request: the submitted inputs, or what the action's form makes of them.

Source: docs/contract/chart-extensions.md, "Action requests".
"""

from __future__ import annotations

from uuid import UUID

from platz.charts.documents.actions import Action
from platz.charts.rendering.chosen_items import Collections
from platz.charts.rendering.outputs import render_values
from platz.json import JsonValue


def action_body(action: Action, inputs: JsonValue, *, env_id: UUID, collections: Collections) -> JsonValue:
    """Build the request's body from the submitted inputs; raise `RenderingFailed`.

    Without a form, the inputs are the body. ``env_id`` is the environment of the deployment's cluster.

    Source: docs/contract/chart-extensions.md, "Action requests".
    """
    if action.ui_schema is None:
        return inputs
    return render_values(action.ui_schema, env_id=env_id, config=inputs, collections=collections)
