"""The translation of database errors into Platz's own errors and messages.

Invariant: no text of the database reaches a message; it stays in the chained cause, for the log. An error that is
not listed here is a defect of Platz and passes through unchanged.

Source: docs/contract/http-api.md, "Errors".
"""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager

import psycopg
from psycopg import errors as pg
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from platz.db.unreachable import DatabaseUnavailable
from platz.errors import Conflict, PlatzError, Rejected

TAKEN: dict[str, str] = {
    "bots_pkey": "There already is a bot with this id.",
    "deployment_kinds__name": "There already is a deployment kind with this name.",
    "deployment_permissions_env_user_kind": "This user already has a role for this kind in this environment.",
    "deployment_resource_types_env_kind_key": "There already is a resource type with this key for this kind.",
    "deployment_resources_pkey": "There already is a resource with this id.",
    "deployment_resources_type_name": "There already is, or was, a resource of this type with this name.",
    "deployment_tasks_one_started": "Another task of this deployment is running.",
    "deployments_cluster_kind_name": "There already is a deployment with this kind and name in this cluster.",
    "env_user_role_env_user": "This user already has a role in this environment.",
    "envs__name_insensitive": "There already is an environment with this name.",
    "helm_registries_domain_repo": "There already is a registry with this domain and repository.",
    "helm_tag_formats_pattern": "There already is a tag format with this pattern.",
    "k8s_clusters_ingress_domain": "Another cluster already uses this ingress domain.",
    "k8s_clusters_provider_id": "There already is a cluster with this provider id.",
    "secrets_env_collection_name": "There already is a secret with this name in this collection.",
    "users_email_insensitive": "There already is a user with this email address.",
}
"""The message for a value that is already taken, by the name of the unique constraint."""

NOT_ALLOWED: dict[str, str] = {
    "deployment_resource_types_key_is_not_empty": "The key must not be empty.",
    "deployment_resources_name_is_not_empty": "The name must not be empty.",
}
"""The message for a row that a check constraint refuses, by the name of the constraint."""

RETRYABLE: dict[str, str] = {
    "08": "The connection to the database was lost; try again in a moment.",
    "40": "Somebody else changed the same thing at the same time; try again.",
    "53100": "The database's disk is full; try again after it has space.",
    "53": "The database is overloaded; try again in a moment.",
    "55P03": "Somebody else is changing the same thing; try again in a moment.",
    "57014": "The database took too long to answer; try again in a moment.",
    "57": "The database is restarting; try again in a moment.",
    "58": "The database has trouble with its storage; try again in a moment.",
    "25P03": "The change took too long; try again in a moment.",
    "25006": "The database accepts no changes at the moment; try again in a moment.",
    "XX": "The database has an internal problem; try again in a moment.",
}
"""The message for a temporary failure, by SQLSTATE or its first two characters; the full SQLSTATE is tried first."""

CONNECTION_LOST = RETRYABLE["08"]


@contextmanager
def translate_errors() -> Generator[None]:
    """Raise Platz's errors in place of database errors that the block raises."""
    try:
        yield
    except PoolTimeout as error:
        raise DatabaseUnavailable("All database connections are busy; try again in a moment.") from error
    except DBAPIError as error:
        raise_translated(error.orig, error, statement=error.statement or "")
        raise
    except StatementError as error:
        # The statement never reached the driver: it holds a value that the type of its column can't hold.
        if isinstance(error.orig, ValueError):
            raise Rejected("The request holds a value that can't be stored.") from error
        raise
    except psycopg.Error as error:
        raise_translated(error, error, statement="")
        raise


def raise_translated(error: BaseException | None, cause: BaseException, *, statement: str) -> None:
    """Raise the translation of ``error`` from ``cause``; return when there is none, which is a defect of Platz."""
    translation = translation_of(error, statement=statement)
    if translation is not None:
        raise translation from cause


def translation_of(error: BaseException | None, *, statement: str) -> PlatzError | None:
    """Return Platz's error for an error of the driver, or None when it is a defect of Platz.

    ``statement`` tells whether a foreign key was violated by a deletion or by a write.
    """
    match error:
        case pg.UniqueViolation() | pg.ExclusionViolation():
            return Conflict(TAKEN.get(error.diag.constraint_name or "", "This already exists."))
        case pg.ForeignKeyViolation():
            return _reference_violation(error, statement)
        case pg.CheckViolation():
            sentence = NOT_ALLOWED.get(error.diag.constraint_name or "")
            return Rejected(sentence or "The request holds a value that is not allowed.")
        case pg.NotNullViolation():
            return Rejected(f"The field {error.diag.column_name} is required.", field=error.diag.column_name)
        case pg.ProgramLimitExceeded():
            return Rejected("The request holds a value that is too long.")
        case psycopg.DataError():
            return Rejected("The request holds a value that can't be stored.")
        case psycopg.Error():
            return _retryable(error)
        case _:
            return None


def _reference_violation(error: pg.ForeignKeyViolation, statement: str) -> PlatzError:
    if re.search(r"\bdelete\s+from\b", statement, re.IGNORECASE):
        return Conflict("This is still in use.")
    column = _referencing_column(error)
    return Rejected(f"The request holds an unknown reference ({column}).", field=column)


def _referencing_column(error: pg.ForeignKeyViolation) -> str:
    """Extract the column from the constraint's name, ``<table>_<column>_fkey``."""
    name = error.diag.constraint_name or ""
    return name.removeprefix(f"{error.diag.table_name}_").removesuffix("_fkey")


def _retryable(error: psycopg.Error) -> DatabaseUnavailable | None:
    state = error.sqlstate or ""
    for length in (5, 2):
        if sentence := RETRYABLE.get(state[:length]):
            return DatabaseUnavailable(sentence)
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) and not state:
        return DatabaseUnavailable(CONNECTION_LOST)
    return None
