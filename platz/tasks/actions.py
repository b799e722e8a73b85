"""InvokeAction: an HTTP request to the deployment.

Source: docs/contract/workers.md, "InvokeAction"; docs/contract/chart-extensions.md, "Actions".
"""

from __future__ import annotations

from platz.charts.documents.actions import find_action
from platz.charts.documents.derived_names import target_url
from platz.charts.rendering.action_bodies import confidential_action_body
from platz.db.field_encryption import decrypt_fields
from platz.db.tables.tasks import TaskRow
from platz.observation.action_statuses import require_status
from platz.observation.hostnames import hostname_of
from platz.observation.status_polls import refresh_status
from platz.tasks.chart_items import DatabaseCollections
from platz.tasks.context import OperationContext
from platz.tasks.operations import InvokeAction, from_json
from platz.tasks.task_target import load_chart, load_present_revision, load_target

ACTION_SECONDS = 60.0


def invoke_action(context: OperationContext, task: TaskRow) -> str:
    """Send the action's request and return the text of the response.

    Raises `StatusForbidsAction` if the action is not for the status that the deployment reports now: it may have been
    requested long ago.
    """
    operation = from_json(task.operation)
    assert isinstance(operation, InvokeAction)  # noqa: S101 - the dispatch table says so
    with context.database.reading() as connection:
        target = load_target(connection, task)
        revision = load_present_revision(connection, target.deployment)
        chart, _ = load_chart(connection, operation.helm_chart_id)
        action = find_action(chart.actions_schema, operation.action_id)
        collections = DatabaseCollections(connection, context.cipher)
        request = confidential_action_body(
            action,
            decrypt_fields(operation.body, context.cipher),
            env_id=target.env.id,
            collections=collections,
        )
    if action.allowed_on_statuses:
        refresh_status(context.database, context.caller, task.deployment_id)
        with context.database.reading() as connection:
            require_status(action, load_target(connection, task).deployment.reported_status)
    hostname = hostname_of(
        kind=target.kind_name,
        name=target.deployment.name,
        domain=target.cluster.ingress_domain,
        features=revision.chart.features,
    )
    url = target_url(hostname, action.target.path)
    return context.caller.call(
        action.target.method,
        url,
        body=request.body,
        send_body=True,
        seconds=ACTION_SECONDS,
        secrets=request.confidential,
    ).text
