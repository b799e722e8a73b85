"""What lies in the database is encrypted, and keys can be rotated without losing anything."""

from __future__ import annotations

import secrets
import threading
from base64 import b64decode, urlsafe_b64encode

import pytest
from cryptography.fernet import Fernet
from db_rows import add, add_deployment, lay_ground
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text, update

from platz.db import schema
from platz.db.database import Database
from platz.db.encryption import PLAIN_PREFIX, PREFIX, BadEncryptionKey, Cipher, NoCipher, Undecipherable
from platz.db.field_encryption import MARK, decrypt_fields
from platz.db.key_rotation import decrypt_everything, encrypt_plain_rows, unreadable_rows
from platz.db.tables.settings import jwt_secret

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@given(st.text(st.characters(codec="utf-8")))
def test_what_was_encrypted_comes_back(plain: str) -> None:
    stored = Cipher([OLD]).encrypt(plain)
    assert Cipher([OLD]).decrypt(stored) == plain


def test_an_encrypted_text_shows_nothing_of_the_plain_one() -> None:
    cipher = Cipher([OLD])
    assert "hunter2" not in cipher.encrypt("hunter2")
    assert cipher.encrypt("hunter2") != cipher.encrypt("hunter2")


def test_a_plain_row_of_an_adopted_database_is_read_as_it_is() -> None:
    assert Cipher([OLD]).decrypt("hunter2") == "hunter2"


def test_older_keys_still_decrypt() -> None:
    assert Cipher([NEW, OLD]).decrypt(Cipher([OLD]).encrypt("x")) == "x"


def test_a_missing_key_is_an_error_that_names_nothing() -> None:
    stored = Cipher([OLD]).encrypt("hunter2")
    with pytest.raises(Undecipherable) as caught:
        Cipher([NEW]).decrypt(stored)
    assert NEW not in caught.value.message
    assert stored not in caught.value.message


@pytest.mark.parametrize(
    "text_of_key",
    [OLD, OLD.rstrip("="), f" {OLD}\n", secrets.token_urlsafe(32)],
    ids=["padded", "unpadded", "between spaces", "as Python makes it"],
)
def test_a_key_may_come_with_or_without_padding(text_of_key: str) -> None:
    cipher = Cipher([text_of_key])
    assert cipher.decrypt(cipher.encrypt("x")) == "x"


@pytest.mark.parametrize("keys", [[], [""], ["short"], [urlsafe_b64encode(b"x" * 31).decode()], ["€" * 43]])
def test_a_weak_key_is_refused(keys: list[str]) -> None:
    with pytest.raises(BadEncryptionKey):
        Cipher(keys)


@pytest.fixture
def with_secrets(database: Database) -> Database:
    with database.transaction() as connection:
        ground = lay_ground(connection)
        for name in ("a", "b"):
            add(
                connection,
                schema.secrets,
                env_id=ground.env,
                collection="c",
                name=name,
                contents=f"plain {name}",
            )
        add(connection, schema.settings, key="jwt_secret", value="c2VjcmV0")
        add(connection, schema.settings, key="something else", value="public")
        add_deployment(connection, ground, config={"pin": {MARK: Cipher([OLD]).encrypt("1234")}, "size": 1})
    return database


def contents(database: Database) -> list[str]:
    with database.reading() as connection:
        return list(
            connection.execute(select(schema.secrets.c.contents).order_by(schema.secrets.c.name)).scalars()
        )


def encrypt_all(database: Database, *keys: str) -> int:
    with database.transaction() as connection:
        return encrypt_plain_rows(connection, Cipher(keys))


def test_plain_rows_are_encrypted_once(with_secrets: Database) -> None:
    assert encrypt_all(with_secrets, OLD) == 3
    assert encrypt_all(with_secrets, OLD) == 0
    stored = contents(with_secrets)
    assert all(each.startswith(PREFIX) for each in stored)
    assert [Cipher([OLD]).decrypt(each) for each in stored] == ["plain a", "plain b"]


def test_settings_that_are_no_secret_stay_readable(with_secrets: Database) -> None:
    encrypt_all(with_secrets, OLD)
    with with_secrets.reading() as connection:
        query = select(schema.settings.c.value).where(schema.settings.c.key == "something else")
        assert connection.execute(query).scalar_one() == "public"


def test_after_a_rotation_the_old_key_is_not_needed_any_more(with_secrets: Database) -> None:
    encrypt_all(with_secrets, OLD)
    assert encrypt_all(with_secrets, NEW, OLD) == 4
    assert [Cipher([NEW]).decrypt(each) for each in contents(with_secrets)] == ["plain a", "plain b"]
    with with_secrets.reading() as connection:
        config = connection.execute(select(schema.deployments.c.config)).scalar_one()
        assert jwt_secret(connection, Cipher([NEW])) == "c2VjcmV0"
    assert decrypt_fields(config, Cipher([NEW])) == {"pin": 1234, "size": 1}


def test_a_missing_key_stops_the_start_and_changes_nothing(with_secrets: Database) -> None:
    encrypt_all(with_secrets, OLD)
    before = contents(with_secrets)
    with pytest.raises(Undecipherable):
        encrypt_all(with_secrets, NEW)
    assert contents(with_secrets) == before


LOOKS_ENCRYPTED = "platz-encrypted:AAAA, says the maintainer"


def test_a_string_in_a_document_that_looks_encrypted_survives_every_rotation(with_secrets: Database) -> None:
    with with_secrets.transaction() as connection:
        values = {"note": LOOKS_ENCRYPTED, "list": [LOOKS_ENCRYPTED], "json": f'{{"{MARK}": "{PREFIX}AAAA"}}'}
        connection.execute(update(schema.deployments).values(config=values))
    encrypt_all(with_secrets, OLD)
    encrypt_all(with_secrets, NEW, OLD)
    with with_secrets.reading() as connection:
        assert connection.execute(select(schema.deployments.c.config)).scalar_one() == values
        assert unreadable_rows(connection, Cipher([NEW])) == (3, [])


def test_a_secret_that_looks_encrypted_survives_the_first_key(with_secrets: Database) -> None:
    with with_secrets.transaction() as connection:
        stored = NoCipher().encrypt(LOOKS_ENCRYPTED)
        connection.execute(update(schema.secrets).values(contents=stored))
    encrypt_all(with_secrets, OLD)
    assert {Cipher([OLD]).decrypt(each) for each in contents(with_secrets)} == {LOOKS_ENCRYPTED}


def test_everything_can_be_decrypted_for_good(with_secrets: Database) -> None:
    encrypt_all(with_secrets, OLD)
    with with_secrets.transaction() as connection:
        assert decrypt_everything(connection, Cipher([OLD])) == 4
        assert unreadable_rows(connection, NoCipher()) == (0, [])
        assert connection.execute(select(schema.deployments.c.config)).scalar_one() == {
            "pin": 1234,
            "size": 1,
        }
    assert contents(with_secrets) == ["plain a", "plain b"]


def test_rows_that_can_not_be_decrypted_are_named(with_secrets: Database) -> None:
    encrypt_all(with_secrets, OLD)
    with with_secrets.transaction() as connection:
        damaged = connection.execute(
            update(schema.secrets)
            .where(schema.secrets.c.name == "b")
            .values(contents=f"{PREFIX}AAAA")
            .returning(schema.secrets.c.id)
        ).scalar_one()
        foreign = {"pin": {MARK: Cipher([NEW]).encrypt("1")}}
        deployment = connection.execute(
            update(schema.deployments).values(config=foreign).returning(schema.deployments.c.id)
        ).scalar_one()
        looked_at, unreadable = unreadable_rows(connection, Cipher([OLD]))
    assert looked_at == 4
    assert [str(row) for row in unreadable] == [
        f"secrets.contents, id {damaged}",
        f"deployments.config, id {deployment}",
    ]


@given(
    st.text(st.characters(codec="utf-8")), st.sampled_from(["", PREFIX, PLAIN_PREFIX, PREFIX + PLAIN_PREFIX])
)
def test_a_plain_text_comes_back_whatever_it_looks_like(plain: str, start: str) -> None:
    stored = NoCipher().encrypt(start + plain)
    assert not stored.startswith(PREFIX)
    assert NoCipher().decrypt(stored) == start + plain
    assert Cipher([OLD]).decrypt(stored) == start + plain
    assert Cipher([OLD]).decrypt(Cipher([OLD]).renew(stored)) == start + plain
    assert NoCipher().renew(stored) == stored


def test_the_token_key_is_made_once_and_stored_encrypted(database: Database) -> None:
    cipher = Cipher([OLD])
    with database.reading() as connection:
        first = jwt_secret(connection, cipher)
        assert jwt_secret(connection, cipher) == first
        assert len(b64decode(first, validate=True)) == 24
        stored = connection.execute(text("SELECT value FROM settings")).scalar_one()
    assert stored.startswith(PREFIX)


def test_processes_that_start_together_agree_on_the_token_key(database: Database) -> None:
    found: list[str] = []
    together = threading.Barrier(8)

    def start() -> None:
        together.wait()
        with database.reading() as connection:
            found.append(jwt_secret(connection, Cipher([OLD])))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
