"""The merging of deployments that shared a namespace, because a lost constraint let them have the same name."""

from __future__ import annotations

from sqlalchemy import Connection, text

from platz.db.adoption.leftovers import merge_into

SAME_NAMESPACE = """
    CREATE TEMPORARY TABLE same_namespace ON COMMIT DROP AS
    SELECT id AS dropped, kept FROM (
        SELECT deployment.id, first_value(deployment.id) OVER (
            PARTITION BY deployment.cluster_id, kind_id, name
            ORDER BY enabled DESC, deployment.status IN ('Uninstalled', 'Deleting'),
                revision.finished_at DESC NULLS LAST, deployment.created_at, deployment.id) AS kept
        FROM deployments AS deployment
        LEFT JOIN deployment_tasks AS revision ON revision.id = deployment.revision_id) AS ranked
    WHERE id <> kept
"""
CANCEL_WHAT_IS_QUEUED = """
    UPDATE deployment_tasks SET status = 'Canceled', finished_at = now(), reason = :reason
    WHERE status = 'Pending' AND deployment_id IN (SELECT dropped FROM same_namespace)
"""
FAIL_WHAT_IS_STARTED = """
    UPDATE deployment_tasks SET status = 'Failed', finished_at = now(), reason = :reason
    WHERE status = 'Started' AND deployment_id IN (SELECT dropped FROM same_namespace)
"""
SHARED = "Its deployment shared a namespace with another one of the same name, which was kept."

TAKE_DESCRIPTION = """
    UPDATE deployments AS deployment SET description_md = other.description_md
    FROM same_namespace JOIN deployments AS other ON other.id = dropped
    WHERE deployment.id = kept AND deployment.description_md IS NULL AND other.description_md IS NOT NULL
"""
REFERENCES = (
    ("deployment_tasks", "deployment_id"),
    ("deployment_tasks", "acting_deployment_id"),
    ("deployment_tasks", "canceled_by_deployment_id"),
    ("deployment_resources", "deployment_id"),
    ("k8s_resources", "deployment_id"),
)
DOCUMENTS = (
    ("deployments", "config"),
    ("deployment_tasks", "operation"),
    ("deployment_resources", "props"),
)
"""The columns of documents that may contain a deployment's id as the value of an input."""


def merge_deployments(connection: Connection) -> int:
    """Keep one deployment for each cluster, kind and name, and make references to the others point to it."""
    connection.execute(text(SAME_NAMESPACE))
    for statement in (CANCEL_WHAT_IS_QUEUED, FAIL_WHAT_IS_STARTED):
        connection.execute(text(statement), {"reason": SHARED})
    connection.execute(text(TAKE_DESCRIPTION))
    pairs = connection.execute(text("SELECT dropped::text, kept::text FROM same_namespace")).all()
    for dropped, kept in pairs:
        _choose_instead(connection, dropped, kept)
    return merge_into(connection, "deployments", "same_namespace", REFERENCES, reason=SHARED)


def _choose_instead(connection: Connection, dropped: str, kept: str) -> None:
    """Replace the id wherever it was selected; a random id does not occur as part of another text."""
    for table, column in DOCUMENTS:
        replace = f"""
            UPDATE {table} SET {column} = replace({column}::text, :dropped, :kept)::jsonb
            WHERE {column}::text LIKE '%' || :dropped || '%'
        """  # noqa: S608 - constants
        connection.execute(text(replace), {"dropped": dropped, "kept": kept})
