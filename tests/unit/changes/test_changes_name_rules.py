"""What a deployment may be called."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platz.changes.name_rules import check_cardinality, check_name
from platz.charts.documents.features import Cardinality
from platz.errors import Conflict, Rejected

RELEASE_NAME = re.compile(r"^(?!.{54})[a-z0-9]([-a-z0-9]*[a-z0-9])?\Z")


@pytest.mark.parametrize(
    "name",
    ["Upper", "-a", "a-", "a_b", "a.b", "a b", "é", "a\n", "$(reboot)", "--help", "a/../b", "x" * 46, "٣"],
)
def test_a_name_that_is_no_dns_label_is_rejected(name: str) -> None:
    with pytest.raises(Rejected) as refusal:
        check_name("WebShop", name)
    assert refusal.value.field == "name"


@pytest.mark.parametrize("name", ["a", "0", "a-b", "x" * 45])
def test_a_dns_label_is_a_name(name: str) -> None:
    assert check_name("WebShop", name) == f"webshop-{name}"


def test_without_a_name_the_namespace_is_the_kind() -> None:
    assert check_name("WebShop", "") == "webshop"


@given(st.text() | st.text("ab-0", min_size=40), st.sampled_from(["Shop", "2048Game", "A" * 30]))
def test_whatever_is_accepted_is_a_namespace_and_a_helm_release(name: str, kind: str) -> None:
    try:
        namespace = check_name(kind, name)
    except Rejected:
        return
    assert RELEASE_NAME.match(namespace)


def test_a_namespace_that_helm_could_not_use_as_a_release_is_refused_with_its_length() -> None:
    with pytest.raises(Rejected, match="would have 54 characters, and 53 are allowed: choose a shorter name"):
        check_name("WebShop", "x" * 46)


@pytest.mark.parametrize("kind", ["Charts/MyApp", "Foo.bar", "Größe", "My_Kind"])
def test_a_kind_that_makes_no_namespace_is_refused(kind: str) -> None:
    with pytest.raises(Conflict, match="rename the kind"):
        check_name(kind, "blue")


def test_cardinality_decides_about_the_name() -> None:
    check_cardinality(Cardinality.MANY, "blue")
    check_cardinality(Cardinality.ONE_PER_CLUSTER, "")
    with pytest.raises(Rejected, match="Missing name field"):
        check_cardinality(Cardinality.MANY, "")
    with pytest.raises(Conflict, match="one per cluster"):
        check_cardinality(Cardinality.ONE_PER_CLUSTER, "blue")
