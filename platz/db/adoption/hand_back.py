"""The way back: a database of Platz becomes one that the programs of the former server can use.

Invariants: everything happens in one transaction, so a hand-back that fails leaves the database as it was; nothing is
changed while a process of Platz uses the database; what people made with Platz stays, except what the former tables
have no place for, and the report names that.

Source: docs/contract/data-model.md, "Handing a database back".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

import platz
from platz.db.adoption import former_schema
from platz.db.adoption.detection import OUR_VERSIONS, old_version
from platz.db.adoption.leftovers import keep_copy
from platz.db.adoption.old_rules import drop_old_rules
from platz.db.encryption import Cipher
from platz.db.key_rotation import decrypt_everything
from platz.db.schema import metadata
from platz.db.scripts import run_script
from platz.errors import PlatzError
from platz.shipped_files import shipped

SQL = shipped("migrations", package=platz) / "sql"

LEASES = """
    SELECT count(DISTINCT pid) FROM pg_locks
    WHERE locktype = 'advisory' AND granted AND pid <> pg_backend_pid()
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
SESSIONS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'platz' AND pid <> pg_backend_pid()
"""

END_STARTED_TASKS = """
    UPDATE deployment_tasks SET status = 'Failed', finished_at = now(), reason = :reason WHERE status = 'Started'
"""
SHOW_THE_END = """
    UPDATE deployments SET status = 'Error', reason = :reason WHERE status IN ('Installing', 'Upgrading', 'Renaming')
"""
STOPPED = "Platz was stopped while this ran, and the database went back to the former server."

WITHOUT_FORMER_ACTOR = "x.acting_user_id IS NULL AND x.acting_deployment_id IS NULL"
GIVE_AN_ACTOR = f"""
    UPDATE deployment_tasks AS x SET acting_bot_id = NULL, acting_user_id = coalesce(
        (SELECT created_by_user_id FROM bot_tokens WHERE bot_id = x.acting_bot_id ORDER BY created_at, id LIMIT 1),
        (SELECT id FROM users ORDER BY (is_admin AND is_active) DESC, created_at, id LIMIT 1))
    WHERE {WITHOUT_FORMER_ACTOR}
"""  # noqa: S608 - a constant
OUR_FUNCTIONS = """
    SELECT format('DROP FUNCTION %s', oid::regprocedure) FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace AND proname LIKE 'platz\\_%'
"""
OCI_REGISTRIES = "SELECT count(*) FROM helm_registries WHERE provider <> 'Ecr'"


class StillInUse(PlatzError):
    """A process of Platz uses this database; stop every one of them first."""


@dataclass(frozen=True, kw_only=True)
class HandBack:
    """What a hand-back did."""

    version: str
    decrypted: int
    ended_tasks: int
    tasks_with_another_actor: int
    dropped: Sequence[str]
    registries_not_of_ecr: int


def hand_back(connection: Connection, cipher: Cipher) -> HandBack:
    """Turn the database into one of the former server, in the caller's transaction.

    Raises `StillInUse`, or `Undecipherable` when something is encrypted with a key that ``cipher`` does not have.
    """
    _refuse_while_in_use(connection)
    drop_old_rules(connection)  # those of Platz; from here on the tables are locked
    copied = _give_every_task_a_former_actor(connection)
    decrypted = decrypt_everything(connection, cipher)
    ended = connection.execute(text(END_STARTED_TASKS), {"reason": STOPPED}).rowcount
    connection.execute(text(SHOW_THE_END), {"reason": STOPPED})
    version = _record_version(connection)
    not_of_ecr = connection.execute(text(OCI_REGISTRIES)).scalar_one()
    dropped = _drop_what_is_ours(connection, version)
    run_script(connection, SQL / "hand_back.sql")
    return HandBack(
        version=version,
        decrypted=decrypted,
        ended_tasks=ended,
        tasks_with_another_actor=copied,
        dropped=dropped,
        registries_not_of_ecr=not_of_ecr if "helm_registries.provider" in dropped else 0,
    )


def _refuse_while_in_use(connection: Connection) -> None:
    if any(connection.execute(text(query)).scalar_one() for query in (LEASES, SESSIONS)):
        raise StillInUse


def _give_every_task_a_former_actor(connection: Connection) -> int:
    """Let users stand for bots, and for what was deleted: that server demands a user or deployment for each task."""
    reason = "Its actor was a bot, or is gone; the former server knows users and deployments only."
    keep_copy(connection, "deployment_tasks", WITHOUT_FORMER_ACTOR, reason=reason)
    return connection.execute(text(GIVE_AN_ACTOR)).rowcount


def _record_version(connection: Connection) -> str:
    """Record at least the version of the stable releases, and return the recorded one."""
    run_script(connection, SQL / "hand_back_versions.sql")
    version = old_version(connection)
    assert version is not None  # noqa: S101 - it was just recorded
    return version


def _drop_what_is_ours(connection: Connection, version: str) -> list[str]:
    """Drop every table, column and function that the former server does not have at ``version``; return the names."""
    former = former_schema.columns_at(version)
    columns = [
        f"{table}.{column}"
        for table, present in former_schema.present_columns(connection).items()
        for column in sorted(present - former[table])
    ]
    tables = [*sorted(set(metadata.tables) - set(former)), OUR_VERSIONS]
    for table in tables:
        connection.exec_driver_sql(f"DROP TABLE {table} CASCADE")
    for name in columns:
        table, column = name.split(".")
        connection.exec_driver_sql(f"ALTER TABLE {table} DROP COLUMN {column} CASCADE")
    for statement in connection.execute(text(OUR_FUNCTIONS)).scalars().all():
        connection.exec_driver_sql(statement)
    return [*tables, *columns]
