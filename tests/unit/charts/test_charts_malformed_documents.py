"""Every document in every wrong shape: a complaint at the place of the mistake, or a stored form that stays the same.

Source: docs/contract/chart-extensions.md, "Syntax of the files", "Stored form of a document".
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from platz.charts.documents.actions import ActionsDocument, parse_actions
from platz.charts.documents.chart_metadata import ChartMetadata, metadata_from
from platz.charts.documents.features import FeaturesDocument, parse_features
from platz.charts.documents.resource_types import parse_resource_types, stored_resource_types
from platz.charts.documents.status_document import parse_status
from platz.charts.documents.ui_schema import UiSchema, parse_ui_schema
from platz.charts.reading.problems import Complaint, InvalidDocument, Place, place_text
from platz.json import json_equal

INPUT: dict[str, Any] = {
    "id": "shop",
    "type": "array",
    "itemType": "CollectionSelect",
    "collection": {"deployment": "Shop", "type": "mirror"},
    "label": "Shop",
    "initialValue": [],
    "helpText": "Choose",
    "required": True,
    "sensitive": False,
    "options": [{"value": 1, "label": "One", "helpText": "The first"}],
    "showIfAll": [{"field": "on", "value": True}],
    "showIf": {"==": [1, 1]},
    "filters": [{"field": "kind", "value": "Shop"}],
    "minimum": "1",
    "maximum": "2.50",
    "step": "0.5",
}
FORM: dict[str, Any] = {
    "inputs": [INPUT],
    "outputs": {
        "values": [{"path": ["a", "b"], "value": {"FieldValue": {"input": "shop"}}}],
        "secrets": {"login": {"key": {"FieldProperty": {"input": "shop", "property": "name"}}}},
    },
}
VERSIONED_FORM = {"apiVersion": "platz.io/v1beta1", "kind": "ValuesUi", **FORM}
ACTION: dict[str, Any] = {
    "id": "go",
    "allowed_role": "Owner",
    "allowed_on_statuses": ["Open"],
    "endpoint": "standard_ingress",
    "path": "/go",
    "method": "POST",
    "title": "Go",
    "description": "Goes",
    "fontawesome_icon": "x",
    "dangerous": False,
    "ui_schema": FORM,
}
ACTIONS = [{"apiVersion": "platz.io/v1beta1", "kind": "Action", "spec": ACTION}]
ACTIONS_V0 = {"schema_version": 0, "actions": [ACTION]}
TARGET = {"endpoint": "standard_ingress", "path": "/x", "method": "PUT"}
RESOURCE_TYPES = [
    {
        "apiVersion": "platz.io/v1beta1",
        "kind": "ResourceType",
        "key": "mirror",
        "spec": {
            "name_singular": "Mirror",
            "name_plural": "Mirrors",
            "fontawesome_icon": "circle",
            "global": True,
            "values_ui": FORM,
            "lifecycle": {
                "create": {"allowed_role": "Owner", "target": TARGET},
                "update": {"allowed_role": None, "target": None},
                "delete": None,
            },
        },
    }
]
FEATURES_V0: dict[str, Any] = {
    "standard_ingress": True,
    "status": {"endpoint": "standard_ingress", "path": "/s", "refresh_interval_secs": 20},
    "cardinality": "Many",
    "reinstall_dependencies": True,
    "node_selector_paths": [["a", "b"]],
    "tolerations_paths": [["c"]],
}
METRIC = {"value": "1", "unit": "s", "short_description": "m", "color": "primary"}
STATUS = {
    "status": {"name": "Open", "color": "success"},
    "primary_metric": {**METRIC},
    "metrics": [{**METRIC}],
    "notices": [{"level": "Info", "text": "x"}],
}
METADATA = {
    "apiVersion": "v2",
    "version": "1.0.0",
    "annotations": {"platz.io/git/commit": "a", "platz.io/git/repo": "https://example.com/a"},
}


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of document: a full example, what reads it, and places whose content is free."""

    example: Any
    stored: Callable[[Any], Any]
    free: tuple[str, ...] = ()


_FREE_OF_FORMS = ("initialValue", "showIf", "value", "collection")

KINDS: dict[str, Kind] = {
    "form": Kind(
        example=VERSIONED_FORM,
        stored=lambda document: UiSchema.stored(parse_ui_schema(document)),
        free=_FREE_OF_FORMS,
    ),
    "form-v0": Kind(
        example=FORM, stored=lambda document: UiSchema.stored(parse_ui_schema(document)), free=_FREE_OF_FORMS
    ),
    "actions": Kind(
        example=ACTIONS,
        stored=lambda document: ActionsDocument.stored(parse_actions(document)),
        free=_FREE_OF_FORMS,
    ),
    "actions-v0": Kind(
        example=ACTIONS_V0,
        stored=lambda document: ActionsDocument.stored(parse_actions(document)),
        free=_FREE_OF_FORMS,
    ),
    "resource-types": Kind(
        example=RESOURCE_TYPES,
        stored=lambda document: stored_resource_types(parse_resource_types(document)),
        free=_FREE_OF_FORMS,
    ),
    "features-v0": Kind(
        example=FEATURES_V0, stored=lambda document: FeaturesDocument.stored(parse_features(document))
    ),
    "status": Kind(example=STATUS, stored=parse_status),
    "metadata": Kind(example=METADATA, stored=lambda document: ChartMetadata.stored(metadata_from(document))),
}
WRONG: list[Any] = [None, True, 3, -1, 2.5, "text", "", [], {}, ["a"], {"a": 1}, [[]], [None]]


def places(value: Any, place: Place = ()) -> Iterator[Place]:
    """Yield the place of every value in a document."""
    yield place
    match value:
        case dict():
            for key, member in value.items():
                yield from places(member, (*place, key))
        case list():
            for position, member in enumerate(value):
                yield from places(member, (*place, position))
        case _:
            pass


def at(document: Any, place: Place) -> Any:
    for step in place:
        document = document[step]
    return document


def changed(document: Any, place: Place, value: Any) -> Any:
    """Return a copy of the document with another value at the place."""
    if not place:
        return value
    copied = copy.deepcopy(document)
    at(copied, place[:-1])[place[-1]] = value
    return copied


def without(document: Any, place: Place) -> Any:
    """Return a copy of the document without a key."""
    copied = copy.deepcopy(document)
    del at(copied, place[:-1])[place[-1]]
    return copied


def complaints_of(kind: Kind, document: Any) -> tuple[Complaint, ...]:
    """Return what is wrong with a document; check that an accepted one is stored in a stable form."""
    try:
        stored = kind.stored(document)
    except InvalidDocument as error:
        return error.complaints
    if kind is not KINDS["metadata"]:
        assert json_equal(kind.stored(copy.deepcopy(stored)), stored)
    return ()


ALL_PLACES = [
    (name, place)
    for name, kind in KINDS.items()
    for place in places(kind.example)
    if "FieldValue" not in place
]


@pytest.mark.parametrize("name", KINDS)
def test_the_full_example_is_accepted_and_whole(name: str) -> None:
    kind = KINDS[name]
    assert complaints_of(kind, kind.example) == ()
    if name != "metadata":
        assert json_equal(kind.stored(kind.example), kind.example)


@pytest.mark.parametrize(
    ("name", "place"), ALL_PLACES, ids=lambda value: place_text(value) if isinstance(value, tuple) else value
)
def test_a_wrong_value_is_complained_about_where_it_stands(name: str, place: Place) -> None:
    kind = KINDS[name]
    is_free = any(step in kind.free for step in place if place[-2:-1] != ("value",))
    for value in WRONG:
        for complaint in complaints_of(kind, changed(kind.example, place, value)):
            is_near = (
                complaint.place[: len(place)] == place or place[: len(complaint.place)] == complaint.place
            )
            depends = place and place[-1] in {"type", "itemType"}
            assert is_near or depends, (value, complaint)
            assert complaint.remedy or is_free
            assert complaint.message.endswith((".", "…"))


@pytest.mark.parametrize("name", sorted(KINDS.keys() - {"metadata"}))
def test_texts_are_never_numbers_or_booleans(name: str) -> None:
    kind = KINDS[name]
    for place in places(kind.example):
        is_free = any(step in (*kind.free, "minimum", "maximum", "step") for step in place)
        if isinstance(at(kind.example, place), str) and not is_free and place[-1] != "value":
            for value in (7, True, ["x"], {"x": "y"}):
                assert complaints_of(kind, changed(kind.example, place, value)), (place, value)


MANDATORY: dict[str, set[str]] = {
    "form": {"inputs", "id", "type", "itemType", "label", "collection", "path", "value", "field", "input",
             "property", "values", "kind"},
    "form-v0": {"inputs", "id", "type", "itemType", "label", "collection", "path", "value", "field", "input",
                "property", "values"},
    "actions": {"apiVersion", "kind", "spec", "id", "allowed_role", "endpoint", "path", "method", "title",
                "description"},
    "actions-v0": {"schema_version", "actions", "id", "allowed_role", "endpoint", "path", "method", "title",
                   "description"},
    "resource-types": {"apiVersion", "kind", "key", "spec", "name_singular", "name_plural", "fontawesome_icon",
                       "values_ui", "endpoint", "path", "method"},
    "features-v0": {"endpoint", "path", "refresh_interval_secs"},
    "status": {"status", "name", "value", "unit", "short_description", "level", "text"},
    "metadata": {"apiVersion", "version"},
}  # fmt: skip
OPTIONAL: dict[str, set[str]] = {
    "form": {"initialValue", "helpText", "required", "sensitive", "options", "showIfAll", "showIf", "filters",
             "minimum", "maximum", "step", "outputs", "secrets"},
    "form-v0": {"initialValue", "helpText", "required", "sensitive", "options", "showIfAll", "showIf", "filters",
                "minimum", "maximum", "step", "outputs", "secrets"},
    "actions": {"allowed_on_statuses", "fontawesome_icon", "dangerous", "ui_schema"},
    "actions-v0": {"allowed_on_statuses", "fontawesome_icon", "dangerous", "ui_schema"},
    "resource-types": {"global", "lifecycle", "create", "update", "delete", "allowed_role", "target"},
    "features-v0": set(FEATURES_V0),
    "status": {"primary_metric", "metrics", "notices"},
    "metadata": {"annotations", "platz.io/git/commit", "platz.io/git/repo"},
}  # fmt: skip


def keyed(name: str, keys: set[str]) -> Iterator[Place]:
    """Yield the places of these keys, outside of forms that are embedded in other documents."""
    for place in places(KINDS[name].example):
        is_embedded = not name.startswith("form") and {"ui_schema", "values_ui"} & set(place[:-1])
        is_free = {"initialValue", "showIf", "collection", "options"} & set(place[:-1])
        if place and place[-1] in keys and not is_embedded and not is_free:
            yield place


@pytest.mark.parametrize("name", MANDATORY)
def test_a_mandatory_key_that_is_missing_is_named(name: str) -> None:
    found = set()
    for place in keyed(name, MANDATORY[name]):
        complaints = complaints_of(KINDS[name], without(KINDS[name].example, place))
        sentence = " ".join(complaint.sentence() for complaint in complaints)
        assert f'"{place[-1]}" is missing' in sentence, place
        found.add(place[-1])
    assert found == MANDATORY[name]


@pytest.mark.parametrize("name", OPTIONAL)
def test_an_optional_key_may_be_missing(name: str) -> None:
    found = set()
    for place in keyed(name, OPTIONAL[name]):
        assert complaints_of(KINDS[name], without(KINDS[name].example, place)) == (), place
        found.add(place[-1])
    assert found == OPTIONAL[name]


NOT_NULL: dict[str, set[str]] = {
    "form": {"required", "sensitive", "outputs", "secrets", "inputs", "values", "path"},
    "actions": {"allowed_on_statuses", "dangerous", "spec"},
    "resource-types": {"global", "lifecycle", "spec", "values_ui"},
    "features-v0": {"standard_ingress", "cardinality", "reinstall_dependencies", "node_selector_paths"},
    "status": {"status", "notices"},
}


@pytest.mark.parametrize("name", NOT_NULL)
def test_null_is_refused_where_it_has_no_meaning(name: str) -> None:
    for place in keyed(name, NOT_NULL[name]):
        complaints = complaints_of(KINDS[name], changed(KINDS[name].example, place, None))
        assert complaints, place
        assert complaints[0].place[: len(place)] == place
        assert complaints[0].message.startswith("Null ")


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("form", ()),
        ("form", ("inputs", 0)),
        ("form", ("inputs", 0, "options", 0)),
        ("actions", (0,)),
        ("actions", (0, "spec")),
        ("actions-v0", ()),
        ("resource-types", (0,)),
        ("resource-types", (0, "spec", "lifecycle")),
        ("features-v0", ()),
        ("features-v0", ("status",)),
        ("status", ()),
        ("status", ("metrics", 0)),
        ("metadata", ()),
    ],
    ids=str,
)
def test_an_unknown_key_changes_nothing(name: str, place: Place) -> None:
    kind = KINDS[name]
    extended = {**at(kind.example, place), "somethingNew": {"a": [1]}}
    assert json_equal(kind.stored(changed(kind.example, place, extended)), kind.stored(kind.example))


@settings(max_examples=300)
@given(
    some.sampled_from(ALL_PLACES),
    some.recursive(
        some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=5),
        lambda inner: (
            some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=5), inner, max_size=3)
        ),
        max_leaves=6,
    ),
)
def test_any_json_anywhere_is_accepted_or_complained_about(where: tuple[str, Place], value: Any) -> None:
    name, place = where
    complaints_of(KINDS[name], changed(KINDS[name].example, place, value))
