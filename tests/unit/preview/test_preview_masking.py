"""What a preview hides (docs/contract/http-api.md, "What a preview hides")."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from platz.helm.manifests import manifest_objects
from platz.json import JsonObject
from platz.preview.masking import Masking, hidden_keys
from platz.preview.secret_texts import secrets_in, secrets_of

PASSWORD = "correct-horse"
OTHER = "battery-staple"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def secret(**parts: Any) -> JsonObject:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, **parts}


def test_a_secret_that_stays_is_hidden_on_both_sides() -> None:
    document = {"password": PASSWORD, "user": "shop"}
    assert Masking([PASSWORD]).pair(document, document) == (
        {"password": "[secret]", "user": "shop"},
        {"password": "[secret]", "user": "shop"},
    )


def test_a_secret_that_changes_is_told_as_changed() -> None:
    before, after = Masking([PASSWORD, OTHER]).pair({"password": PASSWORD}, {"password": OTHER})
    assert before == {"password": "[secret]"}
    assert after == {"password": "[secret, changed]"}


def test_the_rest_of_a_text_stays_readable() -> None:
    shown, _ = Masking([PASSWORD]).pair(f"postgres://shop:{PASSWORD}@db/shop", None)
    assert shown == "postgres://shop:[secret]@db/shop"


def test_a_secret_that_only_moves_is_not_told_as_changed() -> None:
    env = [{"name": "A", "value": PASSWORD}]
    _, after = Masking([PASSWORD]).pair(env, [{"name": "NEW", "value": "1"}, *env])
    assert after == [{"name": "NEW", "value": "1"}, {"name": "A", "value": "[secret]"}]


@pytest.mark.parametrize(
    "value", [PASSWORD, encoded(PASSWORD), f"a {PASSWORD} b"], ids=["plain", "base64", "in"]
)
def test_a_secret_is_found_in_every_spelling_at_any_depth(value: str) -> None:
    shown, _ = Masking([PASSWORD]).pair({"a": [{"b": {"c": value}}]}, {})
    assert PASSWORD not in str(shown)
    assert encoded(PASSWORD) not in str(shown)
    assert "[secret]" in str(shown)


def test_a_number_that_is_a_secret_is_hidden_and_flags_are_not() -> None:
    shown, _ = Masking(["83214567"]).pair({"pin": 83214567, "on": True, "none": None, "size": 3}, {})
    assert shown == {"pin": "[secret]", "on": True, "none": None, "size": 3}


def test_the_data_of_a_secret_is_hidden_whatever_it_is() -> None:
    before = secret(data={"a": encoded("one"), "b": encoded("two")}, type="Opaque")
    after = secret(data={"a": encoded("one"), "b": encoded("2"), "c": encoded("three")}, type="Opaque")
    shown_before, shown_after = Masking([]).objects(before, after)
    assert shown_before == secret(data={"a": "[secret]", "b": "[secret]"}, type="Opaque")
    assert shown_after == secret(
        data={"a": "[secret]", "b": "[secret, changed]", "c": "[secret]"}, type="Opaque"
    )


def test_plain_and_encoded_data_of_a_secret_are_the_same() -> None:
    _, after = Masking([]).objects(secret(data={"a": encoded("one")}), secret(stringData={"a": "one"}))
    assert after == secret(data={"a": "[secret]"})


@pytest.mark.parametrize("data", ["one", ["one"], 7], ids=repr)
def test_data_of_a_secret_that_is_no_map_is_hidden_too(data: Any) -> None:
    shown, _ = Masking([]).objects(secret(data=data, stringData=data), None)
    assert "one" not in str(shown)
    assert "7" not in str(shown)


def test_a_new_secret_is_hidden() -> None:
    before, after = Masking([]).objects(None, secret(stringData={"a": "one"}))
    assert before is None
    assert after == secret(data={"a": "[secret]"})


def test_other_objects_are_hidden_only_where_they_show_a_secret() -> None:
    config_map: JsonObject = {"kind": "ConfigMap", "data": {"a": "one"}}
    assert Masking([PASSWORD]).objects(config_map, None) == (config_map, None)


def test_what_a_secret_of_the_release_holds_is_hidden_elsewhere() -> None:
    manifest = f"""
apiVersion: v1
kind: Secret
metadata: {{name: s}}
data: {{made: {encoded("made-by-the-chart")}}}
stringData: {{plain: "written-by-the-chart", short: admin}}
"""
    contents = secrets_in(manifest)
    masking = Masking([], contents=contents)
    shown, _ = masking.pair(
        {
            "url": "https://x:made-by-the-chart@db",
            "encoded": encoded("made-by-the-chart"),
            "plain": "written-by-the-chart",
            "user": "admin",
        },
        {},
    )
    assert shown == {"url": "[secret]", "encoded": "[secret]", "plain": "[secret]", "user": "admin"}


def test_only_secrets_hold_secrets() -> None:
    objects = manifest_objects(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: long-enough}\n"
    )
    assert secrets_of(objects) == frozenset()


def test_data_that_is_no_base64_is_kept_out_as_it_stands() -> None:
    found = secrets_in("apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: 'no base64 at all!'}\n")
    assert "no base64 at all!" in found
    assert "" not in found


def test_sensitive_inputs_are_hidden_by_their_ids() -> None:
    before, after = hidden_keys(
        {"size": "small", "password": "a", "pin": "1"},
        {"size": "big", "password": "b", "pin": "1"},
        {"password", "pin"},
    )
    assert before == {"size": "small", "password": "[secret]", "pin": "[secret]"}
    assert after == {"size": "big", "password": "[secret, changed]", "pin": "[secret]"}


def test_an_input_that_is_new_is_hidden_without_being_told_as_changed() -> None:
    assert hidden_keys({}, {"password": "b"}, {"password"}) == ({}, {"password": "[secret]"})


@pytest.mark.parametrize("document", [None, [], "text"], ids=repr)
def test_documents_without_keys_stay_as_they_are(document: Any) -> None:
    assert hidden_keys(document, document, {"password"}) == (document, document)


def test_sentences_lose_secrets_too() -> None:
    assert Masking([PASSWORD]).text(f"Invalid value: {PASSWORD}") == "Invalid value: [secret]"
