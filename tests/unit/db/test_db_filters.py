"""The SQL of list filters is constant, and values are only ever bound."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platz.db.lists import catalogue
from platz.db.lists.filters import contains, equals, equals_any_case, without_wildcards
from platz.db.lists.reading import Collection, item_statement, page_statement, seen_item_statement
from platz.identities import Bot, Deployment, User

COLLECTIONS = {name: value for name, value in vars(catalogue).items() if isinstance(value, Collection)}
EVERY_FILTER = [(name, key) for name, collection in COLLECTIONS.items() for key in collection.filters]


def like(pattern: str, text: str) -> bool:
    """Match as LIKE does, with a backslash as its escape character."""
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    meaning = {"%": ".*", "_": "."}
    regex = "".join(
        re.escape(part[1:]) if part[0] == "\\" else meaning.get(part, re.escape(part)) for part in parts
    )
    return re.fullmatch(regex, text, re.DOTALL | re.IGNORECASE) is not None


@given(st.text(), st.text())
def test_an_escaped_text_matches_only_itself(text: str, other: str) -> None:
    pattern = without_wildcards(text)
    assert like(pattern, text)
    assert like(pattern, other) == (
        re.fullmatch(re.escape(text), other, re.DOTALL | re.IGNORECASE) is not None
    )


@pytest.mark.parametrize(
    ("text", "pattern"),
    [("50%", "50\\%"), ("a_b", "a\\_b"), ("c\\d", "c\\\\d"), ("\\%", "\\\\\\%"), ("", "")],
)
def test_the_special_characters_are_escaped_once(text: str, pattern: str) -> None:
    assert without_wildcards(text) == pattern


def test_each_kind_of_match_binds_its_own_pattern() -> None:
    assert equals("name").bind("a%") == "a%"
    assert equals_any_case("name").bind("a%") == "a\\%"
    assert contains("name").bind("a%") == "%a\\%%"


@pytest.mark.parametrize(("name", "key"), EVERY_FILTER)
def test_every_filter_binds_its_value_by_its_name(name: str, key: str) -> None:
    statement = page_statement(COLLECTIONS[name], (key,), scoped=False)
    bound = set(re.findall(r"%\((\w+)\)s", statement)) - {
        "page",
        "per_page",
        "skipped",
        "everything",
        "caller",
    }
    assert bound <= {f"filter_{key}"}
    assert ":value" not in statement
    assert ":seen" not in statement


@pytest.mark.parametrize("name", COLLECTIONS)
def test_an_order_is_total_and_names_shown_columns(name: str) -> None:
    collection = COLLECTIONS[name]
    columns = [term.split()[0] for term in collection.order]
    assert columns[-1] == "id"
    assert set(columns) <= {column.name for column in collection.shown}


@pytest.mark.parametrize("name", COLLECTIONS)
@pytest.mark.parametrize("caller", [User, Bot, Deployment])
def test_hidden_columns_are_in_no_statement(name: str, caller: type[User | Bot | Deployment]) -> None:
    collection = COLLECTIONS[name]
    statements = (
        page_statement(collection, (), scoped=True, caller=caller),
        item_statement(collection, ()),
        seen_item_statement(collection, caller),
    )
    for hidden in collection.hidden:
        assert all(f"'{hidden}'" not in statement for statement in statements)
    for statement in statements:
        assert ":seen" not in statement


@pytest.mark.parametrize("name", COLLECTIONS)
def test_secrets_and_hashes_are_hidden(name: str) -> None:
    shown = {column.name for column in COLLECTIONS[name].shown}
    assert not shown & {"secret_hash", "contents", "claimed_by"}


def test_a_scoped_page_asks_for_the_seen_environments() -> None:
    assert "%(seen)s::uuid[]" in page_statement(catalogue.DEPLOYMENTS, (), scoped=True)
    assert "%(seen)s" not in page_statement(catalogue.DEPLOYMENTS, (), scoped=False)


def test_a_statement_is_made_once() -> None:
    first = page_statement(catalogue.USERS, ("email",), scoped=False)
    assert page_statement(catalogue.USERS, ("email",), scoped=False) is first
