"""The command `keys check`."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from db_rows import add, lay_ground

from platz.commands.arguments import parse
from platz.config import load
from platz.db import schema
from platz.db.database import Database
from platz.db.encryption import Cipher

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def check(database: Database, keys: str) -> int:
    address = database.address
    url = f"postgresql://{address.user}:{address.password}@{address.host}:{address.port}/{address.database}"
    flags = {"database_url": url, "encryption_keys": keys}
    command = parse(["keys", "check"]).with_settings
    assert command is not None
    return command(load(flags=flags, environ={}, file=None, dotenv=None).settings)


@pytest.fixture
def secret(database: Database) -> object:
    with database.transaction() as connection:
        values = {"env_id": lay_ground(connection).env, "collection": "c", "name": "n"}
        return add(connection, schema.secrets, **values, contents=Cipher([OLD]).encrypt("x"))


@pytest.mark.usefixtures("secret")
@pytest.mark.parametrize("keys", [OLD, f"{NEW} {OLD}"], ids=["the key", "a newer one, too"])
def test_with_the_key_all_is_well(database: Database, capsys: pytest.CaptureFixture[str], keys: str) -> None:
    assert check(database, keys) == 0
    assert capsys.readouterr().out == "1 rows hold something encrypted; 0 of them can't be decrypted.\n"


@pytest.mark.parametrize("keys", [NEW, ""], ids=["another key", "no key"])
def test_without_it_the_rows_are_named(
    database: Database, capsys: pytest.CaptureFixture[str], secret: object, keys: str
) -> None:
    assert check(database, keys) == 1
    said = capsys.readouterr().out.splitlines()
    assert said == [
        f"secrets.contents, id {secret}",
        "1 rows hold something encrypted; 1 of them can't be decrypted.",
    ]
