"""Values are merged as Helm merges several value files."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from platz.json import merged_values

documents = some.dictionaries(
    some.sampled_from("abc"),
    some.recursive(
        some.none() | some.integers() | some.text(max_size=3) | some.lists(some.integers(), max_size=2),
        lambda inner: some.dictionaries(some.sampled_from("abc"), inner, max_size=3),
        max_leaves=8,
    ),
    max_size=3,
)


def test_the_contracts_example() -> None:
    values = {"ingress": {"annotations": {"k": "a"}}}
    assert merged_values(values, {"ingress": {"enabled": True}}) == {
        "ingress": {"annotations": {"k": "a"}, "enabled": True}
    }


def test_lists_are_replaced() -> None:
    assert merged_values({"hosts": ["a", "b"]}, {"hosts": ["c"]}) == {"hosts": ["c"]}


def test_a_null_is_kept_for_helm_to_remove_the_default() -> None:
    assert merged_values({"a": {"b": 1}}, {"a": {"b": None}}) == {"a": {"b": None}}


@given(documents, documents)
def test_every_leaf_of_the_override_wins(values: dict[str, object], override: dict[str, object]) -> None:
    merged = merged_values(values, override)  # type: ignore[arg-type]
    assert merged_values(merged, override) == merged  # type: ignore[arg-type]
    assert set(merged) == set(values) | set(override)


@given(documents)
def test_no_override_changes_nothing(values: dict[str, object]) -> None:
    assert merged_values(values, None) == values  # type: ignore[arg-type]
    assert merged_values({}, values) == values  # type: ignore[arg-type]
