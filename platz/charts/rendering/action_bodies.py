"""The body of an action's request: the submitted inputs, or what the action's form makes of them.

Invariant: the texts in it that must not be shown are known together with it.

Source: docs/contract/chart-extensions.md, "Action requests".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from platz.charts.documents.actions import Action
from platz.charts.rendering.chosen_items import Collections
from platz.charts.rendering.confidential import confidential_texts
from platz.charts.rendering.outputs import Rendering
from platz.json import JsonValue


@dataclass(frozen=True, kw_only=True)
class ActionBody:
    """The body, and the texts in it that must not appear in an answer or a log."""

    body: JsonValue
    confidential: frozenset[str] = field(default=frozenset(), repr=False)


def confidential_action_body(
    action: Action, inputs: JsonValue, *, env_id: UUID, collections: Collections
) -> ActionBody:
    """Build the body as `action_body` does, and collect the sensitive inputs and chosen secrets that it holds."""
    if action.ui_schema is None:
        return ActionBody(body=inputs)
    rendering = Rendering(action.ui_schema, env_id=env_id, config=inputs, collections=collections)
    return ActionBody(
        body=rendering.values(),
        confidential=confidential_texts(action.ui_schema, inputs, rendering.confidential),
    )


def action_body(action: Action, inputs: JsonValue, *, env_id: UUID, collections: Collections) -> JsonValue:
    """Build the request's body from the submitted inputs; raise `RenderingFailed`.

    Without a form, the inputs are the body. ``env_id`` is the environment of the deployment's cluster.

    Source: docs/contract/chart-extensions.md, "Action requests".
    """
    return confidential_action_body(action, inputs, env_id=env_id, collections=collections).body
