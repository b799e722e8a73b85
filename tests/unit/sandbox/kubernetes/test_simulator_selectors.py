"""Label and field selectors."""

from __future__ import annotations

import pytest

from platz_sandbox.kubernetes.objects.selectors import parse_fields, parse_labels, selects
from platz_sandbox.kubernetes.objects.status_errors import ApiError

LABELS = {"app": "web", "tier": "front", "example.org/part": "1"}


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("", True),
        ("app=web", True),
        ("app == web", True),
        ("app=db", False),
        ("app!=web", False),
        ("none!=web", True),
        ("app in (web, db)", True),
        ("app in (db)", False),
        ("none in (db)", False),
        ("app notin (db)", True),
        ("none notin (db)", True),
        ("app", True),
        ("none", False),
        ("!none", True),
        ("! app", False),
        ("example.org/part=1,tier in (front,back),app", True),
        ("app=web,tier=back", False),
        ("app=", False),
    ],
)
def test_label_selectors(text: str, matches: bool) -> None:
    assert all(requirement(LABELS) for requirement in parse_labels(text)) is matches


@pytest.mark.parametrize("text", ["=", "a b", "app in web", "app=(", "app in (a", "!", "a/b/c=d"])
def test_texts_that_are_no_selector_are_refused(text: str) -> None:
    with pytest.raises(ApiError):
        parse_labels(text)


def test_field_selectors_name_known_fields_only() -> None:
    [requirement] = parse_fields("pods", "status.phase!=Running")

    assert requirement({"status.phase": "Pending"})
    assert not requirement({"status.phase": "Running"})
    for text in ("spec.image=x", "nonsense"):
        with pytest.raises(ApiError):
            parse_fields("pods", text)


@pytest.mark.parametrize(
    ("selector", "matches"),
    [
        (None, False),
        ({}, True),
        ({"matchLabels": {"app": "web"}}, True),
        (
            {
                "matchLabels": {"app": "web"},
                "matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}],
            },
            False,
        ),
        ({"matchExpressions": [{"key": "tier", "operator": "In", "values": ["front"]}]}, True),
        ({"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["front"]}]}, False),
        ({"matchExpressions": [{"key": "tier", "operator": "Exists"}]}, True),
        ({"matchExpressions": [{"key": "tier", "operator": "Near"}]}, False),
        ({"matchExpressions": [{}]}, False),
    ],
)
def test_selector_documents(selector: object, matches: bool) -> None:
    assert selects(selector, LABELS) is matches
