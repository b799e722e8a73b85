"""The merging of charts that were recorded twice, and charts for deployments without one."""

from __future__ import annotations

from sqlalchemy import Connection, text

from platz.db.adoption.leftovers import merge_into

SAME_CHART = """
    CREATE TEMPORARY TABLE same_chart ON COMMIT DROP AS
    SELECT id AS dropped, kept, newest FROM (
        SELECT id,
            first_value(id) OVER (chart ORDER BY created_at, id) AS kept,
            first_value(id) OVER (chart ORDER BY created_at DESC, id DESC) AS newest
        FROM helm_charts
        WINDOW chart AS (PARTITION BY helm_registry_id, image_tag, image_digest)) AS found
    WHERE id <> kept
"""
TAKE_NEWEST_DOCUMENTS = """
    UPDATE helm_charts AS chart SET
        available = newest.available, error = newest.error, values_ui = newest.values_ui,
        actions_schema = newest.actions_schema, features = newest.features,
        resource_types = newest.resource_types, tag_format_id = newest.tag_format_id,
        parsed_version = newest.parsed_version, parsed_revision = newest.parsed_revision,
        parsed_branch = newest.parsed_branch, parsed_commit = newest.parsed_commit
    FROM same_chart JOIN helm_charts AS newest ON newest.id = same_chart.newest
    WHERE chart.id = same_chart.kept
"""
CHARTS_OF_TASKS = (
    "{Install,helm_chart_id}",
    "{Upgrade,helm_chart_id}",
    "{Upgrade,prev_helm_chart_id}",
    "{InvokeAction,helm_chart_id}",
)
"""Where the operation of a task names a chart (docs/contract/data-model.md, "Operations of tasks")."""

POINT_TASKS_AT_KEPT = """
    UPDATE deployment_tasks
    SET operation = jsonb_set(operation, CAST(:path AS text[]), to_jsonb(kept::text))
    FROM same_chart WHERE operation #>> CAST(:path AS text[]) = dropped::text
"""

FROM_ITS_TASKS = """
    UPDATE deployments SET helm_chart_id = (
        SELECT chart.id FROM deployment_tasks AS task
        JOIN helm_charts AS chart ON chart.id::text = coalesce(
            task.operation #>> '{Install,helm_chart_id}', task.operation #>> '{Upgrade,helm_chart_id}')
        WHERE task.deployment_id = deployments.id
        ORDER BY coalesce(task.id = deployments.revision_id, false) DESC, task.created_at DESC, task.id LIMIT 1)
    WHERE helm_chart_id IS NULL
"""
FROM_ITS_KIND = """
    UPDATE deployments SET helm_chart_id = (
        SELECT chart.id FROM helm_charts AS chart
        JOIN helm_registries AS registry ON registry.id = chart.helm_registry_id
        WHERE registry.kind_id = deployments.kind_id
        ORDER BY chart.created_at DESC, chart.id LIMIT 1)
    WHERE helm_chart_id IS NULL
"""
STAND_INS = (
    """
    INSERT INTO helm_registries (domain_name, repo_name, kind_id, available)
    SELECT 'unknown.invalid', name, id, false FROM deployment_kinds
    WHERE id IN (SELECT kind_id FROM deployments WHERE helm_chart_id IS NULL)
    """,
    """
    INSERT INTO helm_charts (created_at, helm_registry_id, image_digest, image_tag, available, error)
    SELECT now(), id, 'unknown', 'unknown', false, 'Which chart this deployment came from was not recorded.'
    FROM helm_registries WHERE domain_name = 'unknown.invalid'
    """,
    FROM_ITS_KIND,
)


def give_every_deployment_a_chart(connection: Connection) -> int:
    """Fill in the missing charts of deployments, each from the most reliable source; return how many were missing."""
    missing = connection.execute(
        text("SELECT count(*) FROM deployments WHERE helm_chart_id IS NULL")
    ).scalar_one()
    for statement in (FROM_ITS_TASKS, FROM_ITS_KIND, *STAND_INS):
        connection.execute(text(statement))
    return missing


def merge_charts(connection: Connection) -> int:
    """Merge charts of one registry, tag and digest into the oldest, which gets the documents of the newest."""
    connection.execute(text(SAME_CHART))
    connection.execute(text(TAKE_NEWEST_DOCUMENTS))
    for path in CHARTS_OF_TASKS:
        connection.execute(text(POINT_TASKS_AT_KEPT), {"path": path})
    references = (("deployments", "helm_chart_id"),)
    return merge_into(
        connection, "helm_charts", "same_chart", references, reason="The chart was recorded twice."
    )
