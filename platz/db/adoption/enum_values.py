"""The replacement of values that the former columns allowed but readers can't decode: NULL flags and unknown words."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import Connection, text

from platz.db.enums import (
    DeploymentRole,
    DeploymentStatus,
    EnvUserRole,
    RegistryProvider,
    SyncStatus,
    TaskStatus,
)

FLAGS = (
    ("users", "is_admin", False),
    ("users", "is_active", True),
    ("envs", "auto_add_new_users", False),
    ("k8s_clusters", "ignore", True),
    ("deployments", "enabled", True),
    ("deployment_resources", "exists", True),
)
"""Table, column, and the column's default, which has always been the same."""

WORDS: tuple[tuple[str, str, StrEnum], ...] = (
    ("deployments", "status", DeploymentStatus.UNKNOWN),
    ("deployment_tasks", "status", TaskStatus.FAILED),
    ("deployment_resources", "sync_status", SyncStatus.ERROR),
    ("env_user_permissions", "role", EnvUserRole.USER),
    ("deployment_permissions", "role", DeploymentRole.MAINTAINER),
    ("helm_registries", "provider", RegistryProvider.ECR),
)
"""Table, column, and the replacement of an unknown word: the weaker role, or a status that triggers nothing."""


def fill_flags(connection: Connection) -> int:
    """Set every NULL flag to its default."""
    return sum(
        connection.execute(
            text(f"UPDATE {table} SET {column} = :value WHERE {column} IS NULL"),  # noqa: S608 - constants
            {"value": value},
        ).rowcount
        for table, column, value in FLAGS
    )


def replace_unknown_words(connection: Connection) -> int:
    """Replace NULL and every word that is not listed in docs/contract/data-model.md, "Enums"."""
    return sum(
        connection.execute(
            text(
                f"UPDATE {table} SET {column} = :word"  # noqa: S608 - constants
                f" WHERE {column} IS NULL OR {column} <> ALL(:known)"
            ),
            {"word": word.value, "known": [known.value for known in type(word)]},
        ).rowcount
        for table, column, word in WORDS
    )
