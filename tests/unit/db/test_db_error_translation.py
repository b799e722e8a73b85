"""Database errors become errors of Platz whose sentences hold nothing of the database's own text."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import errors as pg
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from platz.db import schema
from platz.db.error_translation import (
    CONNECTION_LOST,
    NOT_ALLOWED,
    RETRYABLE,
    TAKEN,
    raise_translated,
    translate_errors,
    translation_of,
)
from platz.db.unreachable import DatabaseUnavailable
from platz.errors import Conflict, PlatzError, Rejected

SECRET = "hunter2 at 10.0.0.1"


class Diagnosis:
    """As much of a server's diagnosis as the translation looks at."""

    def __init__(self, **parts: str) -> None:
        self.constraint_name = parts.get("constraint")
        self.column_name = parts.get("column")
        self.table_name = parts.get("table")


def error(kind: type[psycopg.Error], **parts: str) -> psycopg.Error:
    """Make an error of the driver, as the server would cause it."""

    class Made(kind):  # type: ignore[misc, valid-type]
        @property
        def diag(self) -> Diagnosis:  # type: ignore[override]
            return Diagnosis(**parts)

    return Made(SECRET)


def of_state(state: str) -> psycopg.Error:
    made = pg.lookup(state)(SECRET)
    assert made.sqlstate == state
    return made


@pytest.mark.parametrize("constraint", TAKEN)
def test_a_taken_value_is_named_by_its_constraint(constraint: str) -> None:
    translated = translation_of(error(pg.UniqueViolation, constraint=constraint), statement="")
    assert isinstance(translated, Conflict)
    assert translated.message == TAKEN[constraint]


@pytest.mark.parametrize("constraint", ["something_new", ""])
def test_a_constraint_without_a_sentence_still_has_one(constraint: str) -> None:
    translated = translation_of(error(pg.UniqueViolation, constraint=constraint), statement="")
    assert isinstance(translated, Conflict)
    assert translated.message == "This already exists."


def test_every_sentence_belongs_to_a_constraint_of_the_schema() -> None:
    names = {
        str(rule.name)
        for table in schema.metadata.tables.values()
        for rule in (*table.constraints, *table.indexes)
        if rule.name
    }
    assert set(TAKEN) | set(NOT_ALLOWED) <= names


@pytest.mark.parametrize("constraint", NOT_ALLOWED)
def test_a_value_that_a_check_refuses_is_rejected(constraint: str) -> None:
    translated = translation_of(error(pg.CheckViolation, constraint=constraint), statement="")
    assert isinstance(translated, Rejected)
    assert translated.message == NOT_ALLOWED[constraint]


@pytest.mark.parametrize(
    "statement", ["DELETE FROM users WHERE id = 1", "delete  from users", "\n DELETE\nFROM x"]
)
def test_a_deletion_of_what_is_referenced_is_a_conflict(statement: str) -> None:
    violated = error(pg.ForeignKeyViolation, constraint="deployments_kind_id_fkey", table="deployments")
    translated = translation_of(violated, statement=statement)
    assert isinstance(translated, Conflict)
    assert translated.message == "This is still in use."


@pytest.mark.parametrize("statement", ["INSERT INTO deployments", "UPDATE deployments SET kind_id = 1", ""])
def test_an_unknown_reference_names_its_column(statement: str) -> None:
    violated = error(pg.ForeignKeyViolation, constraint="deployments_kind_id_fkey", table="deployments")
    translated = translation_of(violated, statement=statement)
    assert isinstance(translated, Rejected)
    assert (translated.field, translated.message) == (
        "kind_id",
        "The request holds an unknown reference (kind_id).",
    )


def test_a_missing_value_names_its_column() -> None:
    translated = translation_of(error(pg.NotNullViolation, column="name"), statement="")
    assert isinstance(translated, Rejected)
    assert (translated.field, translated.message) == ("name", "The field name is required.")


@pytest.mark.parametrize("state", ["54000", "54001"])
def test_a_value_beyond_a_limit_is_rejected(state: str) -> None:
    translated = translation_of(error(pg.ProgramLimitExceeded), statement="")
    assert isinstance(translated, Rejected)
    assert "too long" in translated.message
    assert of_state(state).sqlstate == state


@pytest.mark.parametrize("state", ["22P05", "22021", "22003", "22P02", "22008"])
def test_a_value_that_no_column_holds_is_rejected(state: str) -> None:
    translated = translation_of(of_state(state), statement="")
    assert isinstance(translated, Rejected)
    assert "can't be stored" in translated.message


@pytest.mark.parametrize(
    ("state", "key"),
    [
        ("08006", "08"),
        ("40001", "40"),
        ("40P01", "40"),
        ("53100", "53100"),
        ("53300", "53"),
        ("55P03", "55P03"),
        ("57014", "57014"),
        ("57P01", "57"),
        ("57P03", "57"),
        ("58030", "58"),
        ("25P03", "25P03"),
        ("25006", "25006"),
        ("XX000", "XX"),
    ],
)
def test_a_passing_trouble_says_so(state: str, key: str) -> None:
    translated = translation_of(of_state(state), statement="")
    assert isinstance(translated, DatabaseUnavailable)
    assert translated.message == RETRYABLE[key]
    assert "try again" in translated.message


@pytest.mark.parametrize("kind", [psycopg.OperationalError, psycopg.InterfaceError])
def test_an_error_without_a_state_is_a_lost_connection(kind: type[psycopg.Error]) -> None:
    translated = translation_of(kind(SECRET), statement="")
    assert isinstance(translated, DatabaseUnavailable)
    assert translated.message == CONNECTION_LOST


@pytest.mark.parametrize("state", ["42601", "42P01", "42703", "42501"])
def test_a_defect_of_platz_is_not_translated(state: str) -> None:
    assert translation_of(of_state(state), statement="") is None
    with pytest.raises(pg.lookup(state)), translate_errors():
        raise of_state(state)


def test_an_error_of_python_is_not_translated() -> None:
    assert translation_of(ValueError("x"), statement="") is None
    assert translation_of(None, statement="") is None
    with pytest.raises(KeyError), translate_errors():
        raise KeyError("x")


@pytest.mark.parametrize("state", ["08006", "40001", "57014", "22P05"])
def test_the_database_s_own_text_is_in_no_sentence(state: str) -> None:
    with pytest.raises(PlatzError) as raised, translate_errors():
        raise of_state(state)
    assert SECRET not in raised.value.message
    assert isinstance(raised.value.__cause__, psycopg.Error)


def test_an_error_of_sqlalchemy_is_translated_by_its_origin_and_statement() -> None:
    violated = error(pg.ForeignKeyViolation, constraint="x_fkey", table="x")
    with pytest.raises(Conflict, match="still in use"), translate_errors():
        raise DBAPIError("DELETE FROM users", {}, violated)


def test_a_pool_without_a_free_connection_is_a_passing_trouble() -> None:
    with pytest.raises(DatabaseUnavailable, match="All database connections are busy"), translate_errors():
        raise PoolTimeout


def test_a_value_that_never_reached_the_driver_is_rejected() -> None:
    with pytest.raises(Rejected, match="can't be stored"), translate_errors():
        raise StatementError("x", "INSERT", {}, ValueError("badly formed"))
    with pytest.raises(StatementError), translate_errors():
        raise StatementError("x", "INSERT", {}, TypeError("a defect"))


def test_a_translation_keeps_its_cause() -> None:
    cause = RuntimeError("why")
    with pytest.raises(DatabaseUnavailable) as raised:
        raise_translated(of_state("57014"), cause, statement="")
    assert raised.value.__cause__ is cause
    raise_translated(ValueError("x"), cause, statement="")
