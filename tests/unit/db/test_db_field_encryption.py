"""Encryption of sensitive values."""

from __future__ import annotations

from uuid import UUID

import orjson
import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from platz.db.encryption import PREFIX, Cipher, Undecipherable
from platz.db.field_encryption import (
    MARK,
    decrypt_bytes,
    decrypt_document,
    decrypt_fields,
    decrypt_object,
    encrypt_fields,
    reject_encrypted_markers,
    renew_document,
)
from platz.errors import Rejected
from platz.identities import ChartId
from platz.json import json_equal
from platz.tasks.operations import Install, InvokeAction, Uninstall, Upgrade
from platz.tasks.sensitive_inputs import InputEncryption, of_chart, of_resource_type

KEY, KEY_AFTER = Fernet.generate_key().decode(), Fernet.generate_key().decode()
CIPHER = Cipher([KEY])
CHART = ChartId(UUID(int=1))
keys = st.sampled_from(["pin", "size", "more", 'quo"te', "dot.ted"])
documents = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e9, 1e9) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(keys, documents, max_size=4)


@given(objects, st.frozensets(keys))
def test_what_was_encrypted_is_decrypted_to_itself(
    document: dict[str, object], sensitive: frozenset[str]
) -> None:
    stored = encrypt_fields(document, sensitive, CIPHER)  # pyright: ignore[reportArgumentType]
    assert json_equal(decrypt_fields(stored, CIPHER), document)  # pyright: ignore[reportArgumentType]
    assert json_equal(orjson.loads(decrypt_bytes(orjson.dumps(stored), CIPHER)), document)  # pyright: ignore[reportArgumentType]


@given(st.text("abcdefgh", min_size=12))
def test_a_sensitive_value_is_not_in_what_is_stored(value: str) -> None:
    stored = orjson.dumps(
        encrypt_fields({"pin": value, "more": {"deep": value[:2]}}, {"pin"}, CIPHER)
    ).decode()
    assert value not in stored.replace(PREFIX, "")


def test_null_stays_and_what_is_encrypted_is_not_encrypted_again() -> None:
    once = encrypt_fields({"pin": "1", "none": None}, {"pin", "none"}, CIPHER)
    assert encrypt_fields(once, {"pin", "none"}, CIPHER) == once
    assert isinstance(once, dict)
    assert once["none"] is None


def test_plain_documents_are_decrypted_to_themselves() -> None:
    assert decrypt_object({"pin": "1"}, CIPHER) == {"pin": "1"}
    assert decrypt_object([1], CIPHER) == {}
    assert decrypt_bytes(b'{"pin": 1}', CIPHER) == b'{"pin": 1}'


def test_jsonb_text_of_postgresql_is_decrypted_too() -> None:
    token = CIPHER.encrypt('{"a": "\\\\1"}')
    body = f'{{"config": {{"pin": {{"$encrypted": "{token}"}}}}}}'.encode()
    assert orjson.loads(decrypt_bytes(body, CIPHER)) == {"config": {"pin": {"a": "\\1"}}}


OTHER = Cipher([Fernet.generate_key().decode()])
UNREADABLE = [
    pytest.param(f"{PREFIX}AAAA", id="damaged"),
    pytest.param(PREFIX + "A" * 120, id="too short for a token"),
    pytest.param(OTHER.encrypt('"x"'), id="of another key"),
    pytest.param(CIPHER.encrypt("no JSON"), id="of another place"),
]


@pytest.mark.parametrize("ciphertext", UNREADABLE)
def test_who_reads_finds_null_where_nothing_can_be_decrypted(ciphertext: str) -> None:
    body = orjson.dumps([{"config": {"pin": {MARK: ciphertext}, "size": 1}}, {"pin": encrypted("2")}])
    assert orjson.loads(decrypt_bytes(body, CIPHER)) == [{"config": {"pin": None, "size": 1}}, {"pin": 2}]


@pytest.mark.parametrize("ciphertext", UNREADABLE)
def test_who_acts_is_told(ciphertext: str) -> None:
    with pytest.raises(Undecipherable, match="keys check"):
        decrypt_fields({"pin": {MARK: ciphertext}}, CIPHER)
    with pytest.raises(Undecipherable):
        decrypt_document(orjson.dumps({"pin": {MARK: ciphertext}}).decode(), CIPHER)


@pytest.mark.parametrize(
    "value",
    [f"{PREFIX}AAAA", CIPHER.encrypt("1"), f'{{"{MARK}": "{PREFIX}AAAA"}}', {"nested": [f"{PREFIX}AAAA"]}],
    ids=["text", "ciphertext", "JSON in a text", "nested"],
)
def test_what_only_looks_encrypted_stays_as_it_is(value: object) -> None:
    document = orjson.dumps({"note": value, "pin": encrypted("2")})
    assert orjson.loads(decrypt_bytes(document, CIPHER)) == {"note": value, "pin": 2}
    assert orjson.loads(decrypt_document(document.decode(), CIPHER)) == {"note": value, "pin": 2}
    renewed = orjson.loads(renew_document(document.decode(), Cipher([KEY_AFTER, KEY])))
    assert renewed["note"] == value
    assert decrypt_fields(renewed, Cipher([KEY_AFTER])) == {"note": value, "pin": 2}


def encrypted(json: str) -> dict[str, str]:
    return {MARK: CIPHER.encrypt(json)}


@pytest.mark.parametrize("document", [{MARK: 1}, {"a": [{"b": {MARK: "x", "c": 1}}]}], ids=repr)
def test_nobody_outside_writes_encrypted_values(document: object) -> None:
    with pytest.raises(Rejected) as refusal:
        reject_encrypted_markers(document, "config")  # pyright: ignore[reportArgumentType]
    assert refusal.value.field == "config"


def test_selections_are_no_secrets() -> None:
    schema = {
        "inputs": [
            {"id": "pin", "type": "text", "label": "", "sensitive": True},
            {"id": "pins", "type": "array", "itemType": "text", "label": "", "sensitive": True},
            {
                "id": "shop",
                "type": "CollectionSelect",
                "collection": "secrets",
                "label": "",
                "sensitive": True,
            },
            {"id": "size", "type": "number", "label": ""},
        ]
    }
    assert of_chart(schema) == {"pin", "pins"}
    assert of_chart(None) == of_chart({"inputs": 1}) == of_resource_type({}) == frozenset()


def test_operations_are_encrypted_in_inputs_and_delta() -> None:
    def hidden(value: object) -> bool:
        return isinstance(value, dict) and value.keys() == {MARK}

    encrypted = InputEncryption(sensitive={"pin"}, cipher=CIPHER)
    upgrade = encrypted.operation(
        Upgrade(
            helm_chart_id=CHART,
            prev_helm_chart_id=None,
            config_inputs={"pin": {"a": 2}, "size": 2},
            config_delta={"pin.a": [1, 2], "pin": [None, 1], "size": [1, 2], "pinned": [1, 2]},
            values_override={"pin": 1},
        )
    )
    assert isinstance(upgrade, Upgrade)
    assert isinstance(upgrade.config_inputs, dict)
    assert hidden(upgrade.config_inputs["pin"])
    assert upgrade.config_inputs["size"] == 2
    assert upgrade.config_delta is not None
    [old, new] = upgrade.config_delta["pin.a"]  # pyright: ignore[reportGeneralTypeIssues]
    assert hidden(old)
    assert hidden(new)
    assert upgrade.config_delta["pin"][0] is None  # pyright: ignore[reportIndexIssue, reportOptionalSubscript]
    assert upgrade.config_delta["size"] == upgrade.config_delta["pinned"] == [1, 2]
    for operation in (
        Install(helm_chart_id=CHART, config_inputs={"pin": 1}, values_override=None),
        InvokeAction(helm_chart_id=CHART, action_id="a", body={"pin": 1}),
    ):
        assert "'pin': 1" not in repr(encrypted.operation(operation))
    assert encrypted.operation(Uninstall()) == Uninstall()
