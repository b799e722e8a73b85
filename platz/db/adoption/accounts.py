"""The merging of accounts of one person, and of roles that were granted twice.

Invariant: nobody can do more afterwards than the same person could do before with all active accounts together.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from platz.db.adoption.leftovers import delete_rows, merge_into

SAME_PERSON = """
    CREATE TEMPORARY TABLE same_person ON COMMIT DROP AS
    SELECT id, is_active, kept, has_active FROM (
        SELECT id, is_active,
            first_value(id) OVER (PARTITION BY lower(email) ORDER BY created_at, id) AS kept,
            bool_or(is_active) OVER (PARTITION BY lower(email)) AS has_active,
            count(*) OVER (PARTITION BY lower(email)) AS accounts
        FROM users) AS account
    WHERE accounts > 1
"""
UNITE_RIGHTS = """
    UPDATE users SET is_active = united.is_active, is_admin = united.is_admin
    FROM (
        SELECT kept, bool_or(users.is_active) AS is_active,
            bool_or(users.is_admin AND (users.is_active OR NOT has_active)) AS is_admin
        FROM same_person JOIN users USING (id) GROUP BY kept) AS united
    WHERE users.id = united.kept
"""
DROPPED_ACCOUNTS = """
    CREATE TEMPORARY TABLE dropped_accounts ON COMMIT DROP AS
    SELECT id AS dropped, kept FROM same_person WHERE id <> kept
"""
DORMANT = "x.user_id IN (SELECT id FROM same_person WHERE has_active AND NOT is_active)"
"""The condition for rows of a deactivated account whose owner also has an active one."""

REFERENCES = (
    ("user_tokens", "user_id"),
    ("bot_tokens", "created_by_user_id"),
    ("env_user_permissions", "user_id"),
    ("deployment_permissions", "user_id"),
    ("deployment_tasks", "acting_user_id"),
    ("deployment_tasks", "canceled_by_user_id"),
)


def merge_accounts(connection: Connection) -> int:
    """Merge the accounts whose e-mail addresses differ only in case into the oldest of each person."""
    connection.execute(text(SAME_PERSON))
    for table in ("user_tokens", "env_user_permissions", "deployment_permissions"):
        delete_rows(connection, table, DORMANT, reason="It belonged to a deactivated account of this person.")
    connection.execute(text(UNITE_RIGHTS))
    connection.execute(text(DROPPED_ACCOUNTS))
    return merge_into(
        connection,
        "users",
        "dropped_accounts",
        REFERENCES,
        reason="Another account has the same e-mail address.",
    )


def merge_env_roles(connection: Connection) -> int:
    """Keep one role for each user and environment: the stronger one, in the oldest row."""
    return _merge_roles(connection, "env_user_permissions", "env_id, user_id", strongest="Admin")


def merge_deployment_roles(connection: Connection) -> int:
    """Keep one role for each user, environment and kind: the stronger one, in the oldest row."""
    return _merge_roles(connection, "deployment_permissions", "env_id, user_id, kind_id", strongest="Owner")


def _merge_roles(connection: Connection, table: str, key: str, *, strongest: str) -> int:
    oldest = f"x.id = (SELECT id FROM {table} WHERE ({key}) = ({_of_x(key)}) ORDER BY created_at, id LIMIT 1)"  # noqa: S608
    strengthen = f"""
        UPDATE {table} AS x SET role = :strongest
        WHERE ({key}) IN (SELECT {key} FROM {table} WHERE role = :strongest)
    """  # noqa: S608 - constants
    connection.execute(text(strengthen), {"strongest": strongest})
    return delete_rows(connection, table, f"NOT {oldest}", reason="The user had the same role twice.")


def _of_x(key: str) -> str:
    return ", ".join(f"x.{column.strip()}" for column in key.split(","))
