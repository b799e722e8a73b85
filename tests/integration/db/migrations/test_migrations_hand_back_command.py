"""The command `hand-back`: what it asks for, and what it says."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text

from platz.commands.arguments import parse
from platz.commands.hand_back_command import NoDatabase, NotConfirmed
from platz.config import Settings, load
from platz.db.database import Database
from platz.db.migrations import migrate

KEY = Fernet.generate_key().decode()


def settings_of(database: Database | None) -> Settings:
    flags: dict[str, object] = {"encryption_keys": KEY}
    if database is not None:
        address = database.address
        flags |= {
            "pghost": address.host,
            "pgport": str(address.port),
            "pgdatabase": address.database,
            "pguser": address.user,
            "pgpassword": address.password,
        }
    return load(flags=flags, environ={}, file=None, dotenv=None).settings


def run(settings: Settings, *words: str) -> int:
    command = parse(["hand-back", *words]).with_settings
    assert command is not None
    return command(settings)


def tables(database: Database) -> set[str]:
    with database.reading() as connection:
        query = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        return set(connection.execute(text(query)).scalars())


@pytest.fixture
def ours(empty_database: Database) -> Database:
    migrate(empty_database)
    return empty_database


def test_without_a_confirmation_nothing_happens(ours: Database) -> None:
    with pytest.raises(NotConfirmed, match="make a backup, and repeat with --yes"):
        run(settings_of(ours))
    assert "alembic_version" in tables(ours)


def test_without_a_database_it_says_which_settings_name_one() -> None:
    with pytest.raises(NoDatabase, match="DATABASE_URL"):
        run(settings_of(None), "--yes")


def test_it_says_what_it_did(ours: Database, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(settings_of(ours), "--yes") == 0
    said = capsys.readouterr().out
    assert "one of the former server again, at version 20240911173524addbottokens" in said
    assert "helm_charts.warnings" in said
    assert "Decrypted rows: 0" in said
    assert "alembic_version" not in tables(ours)
    assert "__diesel_schema_migrations" in tables(ours)


@pytest.mark.parametrize("words", [["hand-back"], ["--production", "hand-back"]])
def test_the_command_line_knows_it(words: list[str]) -> None:
    arguments = parse(words)
    assert arguments.with_settings is not None
    assert arguments.handler is None


def test_serving_is_no_command() -> None:
    assert parse(["run"]).with_settings is None
