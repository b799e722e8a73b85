"""Parsing and storing the documents of a chart.

Source: docs/contract/chart-extensions.md, "Detection of the version", "Stored form of a document", "UI
schema", "Features", "Actions", "Resource types", "Status document".
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from platz.charts.documents.actions import NoSuchAction, find_action, parse_actions
from platz.charts.documents.features import (
    Cardinality,
    FeaturesDocument,
    OutsideChanges,
    effective_features,
    parse_features,
)
from platz.charts.documents.resource_types import (
    merged_props,
    parse_resource_spec,
    parse_resource_types,
    stored_resource_types,
)
from platz.charts.documents.status_document import parse_status
from platz.charts.documents.ui_schema import UI_SCHEMA, parse_ui_schema
from platz.charts.reading.mapping import Mapping
from platz.charts.reading.problems import InvalidDocument
from platz.charts.reading.syntax import read_json_file, read_yaml_file
from platz.json import JsonObject, json_equal

FORM_FOR_CLIENTS = Draft202012Validator(
    {**UI_SCHEMA.schema.json, "$defs": dict(UI_SCHEMA.schema.definitions)}
)


def form(**changes: Any) -> dict[str, Any]:
    return {"inputs": [{"id": "a", "type": "text", "label": "A", **changes}]}


def stored_input(**changes: Any) -> dict[str, Any]:
    stored: Any = parse_ui_schema(form(**changes)).stored()
    return stored["inputs"][0]


@pytest.mark.parametrize(
    ("spelling", "canonical"),
    [
        ("TEXT", "text"),
        ("Number", "number"),
        ("collectionselect", "CollectionSelect"),
        ("RADIOSELECT", "RadioSelect"),
        ("daysandhour", "DaysAndHour"),
        ("checkbox", "Checkbox"),
    ],
)
def test_type_names_ignore_ascii_case_and_are_stored_canonically(spelling: str, canonical: str) -> None:
    assert stored_input(type=spelling, collection="secrets")["type"] == canonical
    array = stored_input(type="array", itemType=spelling, collection="secrets")
    assert (array["type"], array["itemType"]) == ("array", canonical)


@pytest.mark.parametrize(
    "name", ["Array", "password", "boolean", "string", "select", "chec\u212abox", "text ", ""]
)
def test_other_type_names_are_refused(name: str) -> None:
    with pytest.raises(InvalidDocument, match="not an input type"):
        parse_ui_schema(form(type=name))


def test_what_a_type_does_not_use_is_ignored() -> None:
    stored = stored_input(itemType=7, collection={"x": 1})
    assert (stored["itemType"], stored["collection"]) == (None, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"options": [{"label": "x"}]},
        {"options": [{"value": 1, "label": 2}]},
        {"options": {}},
        {"showIfAll": [{"field": 1, "value": 1}]},
        {"showIfAll": [{"field": "b"}]},
        {"filters": [{"value": 1}]},
        {"required": "yes"},
        {"sensitive": None},
        {"helpText": 5},
        {"minimum": "1 000"},
        {"step": True},
        {"id": 5},
        {"type": "CollectionSelect", "collection": None},
        {"type": "array"},
        {"type": "array", "itemType": "array"},
    ],
    ids=repr,
)
def test_a_bad_input_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidDocument):
        parse_ui_schema(form(**changes))


def test_snake_case_keys_are_unknown_and_ignored() -> None:
    assert stored_input(help_text=5, initial_value=1)["helpText"] is None


@pytest.mark.parametrize(
    "reference",
    [
        {},
        None,
        "a",
        [],
        {"FieldValue": {}},
        {"FieldValue": "a"},
        {"Constant": {"input": "a"}},
        {"FieldProperty": {"input": "a"}},
        {"FieldValue": {"input": "a"}, "x": 1},
        {"FieldValue": ["a"]},
    ],
    ids=repr,
)
def test_a_bad_reference_is_refused(reference: Any) -> None:
    with pytest.raises(InvalidDocument):
        parse_ui_schema({"inputs": [], "outputs": {"values": [{"path": ["a"], "value": reference}]}})


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        "x",
        5,
        {},
        {"inputs": None},
        {"inputs": {}},
        {"inputs": [5]},
        {"inputs": [[]]},
        {"inputs": [], "outputs": []},
        {"inputs": [], "outputs": {"values": None}},
        {"inputs": [], "kind": "ValuesUi"},
        {"inputs": [], "apiVersion": "platz.io/v1beta1"},
    ],
    ids=repr,
)
def test_what_is_no_ui_schema(document: Any) -> None:
    with pytest.raises(InvalidDocument):
        parse_ui_schema(document)


def test_all_problems_of_a_document_are_told_at_once() -> None:
    with pytest.raises(InvalidDocument) as caught:
        parse_ui_schema({"inputs": [{"id": 1, "type": "x", "label": "A"}, {"id": "b", "type": "text"}]})
    assert [complaint.place for complaint in caught.value.complaints] == [
        ("inputs", 0, "id"),
        ("inputs", 0, "type"),
        ("inputs", 1),
    ]
    assert caught.value.message.endswith("(and 2 more problems)")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('{"inputs": [], "inputs": []}', "inputs"),
        ('{"inputs": [{"id": "a", "id": "b", "type": "text", "label": ""}]}', "id"),
    ],
)
def test_a_known_key_written_twice_is_refused(text: str, key: str) -> None:
    for document in (read_json_file(text.encode()), read_yaml_file(text.encode()).value):
        with pytest.raises(InvalidDocument, match=f'The key "{key}" is written twice'):
            parse_ui_schema(document)


def test_in_free_json_the_last_of_repeated_keys_wins() -> None:
    document = read_yaml_file(b"inputs: [{id: a, type: text, label: A, initialValue: {x: 1, x: 2}}]").value
    stored: Any = parse_ui_schema(document).stored()
    assert stored["inputs"][0]["initialValue"] == {"x": 2}


@pytest.mark.parametrize(
    "value", ["{1: x}", "[{true: x}]", "{~: x}", "18446744073709551616", "-9223372036854775809"]
)
def test_free_json_must_be_json(value: str) -> None:
    document = read_yaml_file(
        f"inputs: [{{id: a, type: text, label: A, initialValue: {value}}}]".encode()
    ).value
    with pytest.raises(InvalidDocument):
        parse_ui_schema(document)


def test_in_free_json_special_floats_become_null() -> None:
    document = read_yaml_file(b"inputs: [{id: a, type: text, label: A, initialValue: [.inf, .nan]}]").value
    stored: Any = parse_ui_schema(document).stored()
    assert stored["inputs"][0]["initialValue"] == [None, None]


def test_a_key_that_is_not_text_is_ignored_where_unknown_keys_are() -> None:
    document = read_yaml_file(b"inputs: [{id: a, type: text, label: A, 1: x}]").value
    assert parse_ui_schema(document).inputs[0].id == "a"


def test_secret_names_may_repeat_and_the_last_wins() -> None:
    secrets = '{"s": {"a": {"FieldValue": {"input": "x"}}}, "s": {}}'
    text = f'{{"inputs": [], "outputs": {{"values": [], "secrets": {secrets}}}}}'.encode()
    assert parse_ui_schema(read_json_file(text)).outputs.secrets == {"s": {}}


# ---- features


FULL_SPEC = {
    "ingress": {"enabled": True, "hostname_format": "Name"},
    "status": {"endpoint": "standard_ingress", "path": "/s", "refresh_interval_secs": 0},
    "cardinality": "OnePerCluster",
    "reinstall_dependencies": False,
    "node_selector_paths": [["a", "b"]],
    "tolerations_paths": [[]],
    "display": {"name": "DeploymentName", "icon": None},
}


def versioned(spec: Any, version: str = "v1beta2") -> dict[str, Any]:
    return {"apiVersion": f"platz.io/{version}", "kind": "Features", "spec": spec}


def test_a_full_features_document_is_stored_as_it_is() -> None:
    assert parse_features(versioned(FULL_SPEC)).stored() == versioned(FULL_SPEC)


@pytest.mark.parametrize("policy", OutsideChanges)
def test_the_policy_for_outside_changes_is_stored_only_where_the_chart_gives_it(
    policy: OutsideChanges,
) -> None:
    def features(spec: JsonObject) -> FeaturesDocument:
        return parse_features({"apiVersion": "platz.io/v1beta2", "kind": "Features", "spec": spec})

    given = features({"ingress": {"enabled": False}, "outside_changes": policy.value})
    assert given.features.outside_changes is policy
    assert given.stored()["spec"]["outside_changes"] == policy.value  # type: ignore[index,call-overload]
    absent = features({"ingress": {"enabled": False}})
    assert absent.features.outside_changes is None
    assert "outside_changes" not in absent.stored()["spec"]  # type: ignore[operator]


@pytest.mark.parametrize("written", [["platz", "config"], []])
def test_the_values_that_may_be_added_are_stored_only_when_they_are_written(written: Any) -> None:
    document = {"apiVersion": "platz.io/v1beta2", "kind": "Features", "spec": {"injected_values": written}}
    stored: Any = parse_features(document).stored()
    assert stored["spec"]["injected_values"] == written
    assert parse_features(stored).stored() == stored
    for absent in ({}, {"injected_values": None}):
        stored = parse_features({**document, "spec": absent}).stored()
        assert "injected_values" not in stored["spec"]


def test_the_values_that_may_be_added_are_named_exactly() -> None:
    document: Any = {
        "apiVersion": "platz.io/v1beta2",
        "kind": "Features",
        "spec": {"injected_values": ["Platz"]},
    }
    (ignored,) = parse_features(document).ignored
    assert "nodeSelector" in ignored.remedy


def test_no_features_document_means_no_reinstall_and_an_empty_one_means_reinstall() -> None:
    assert effective_features(None).reinstall_dependencies is False
    assert effective_features({}).reinstall_dependencies is True


@pytest.mark.parametrize(
    "spec",
    [
        None,
        [],
        {"ingress": None},
        {"ingress": {"enabled": "yes"}},
        {"ingress": {"enabled": True, "hostname_format": "kindandname"}},
        {"cardinality": None},
        {"status": {"endpoint": "standard_ingress", "path": "/s", "refresh_interval_secs": -1}},
        {"status": {"endpoint": "standard_ingress", "path": "/s", "refresh_interval_secs": 1.0}},
        {"status": {"endpoint": "other", "path": "/s", "refresh_interval_secs": 1}},
        {"node_selector_paths": [["a", 1]]},
        {"display": None},
        {"display": {"title": "x"}},
        {"display": {"icon": {"font_awesome": "x", "size": 1}}},
        {"display": {"name": {"InputField": {"name": "x", "y": 1}}}},
        {"display": {"name": "Deployment"}},
    ],
    ids=repr,
)
def test_a_faulty_versioned_features_document_falls_back_and_tells_why(spec: Any) -> None:
    document = parse_features(versioned(spec))
    assert document.version == "v0"
    assert json_equal(document.stored(), effective_features({}).stored())
    assert document.ignored


def test_features_of_an_unknown_version_fall_back_and_tell_why() -> None:
    assert parse_features(versioned({}, "v1beta3")).ignored
    assert parse_features({"ingress": {"enabled": True}}).ignored
    assert not parse_features({"standard_ingress": True, "whatever": 1}).ignored


@pytest.mark.parametrize(
    "document", [None, [], "x", {"standard_ingress": None}, {"status": {}}, {"cardinality": "few"}]
)
def test_what_is_no_features_document(document: Any) -> None:
    with pytest.raises(InvalidDocument):
        parse_features(document)


def test_v0_keys_beside_a_faulty_header_count() -> None:
    document = parse_features({**versioned({"ingress": 1}), "cardinality": "OnePerCluster"})
    assert document.features.cardinality is Cardinality.ONE_PER_CLUSTER


# ---- actions


def action(**changes: Any) -> dict[str, Any]:
    base = {"id": "go", "allowed_role": "Owner", "endpoint": "standard_ingress", "path": "", "method": "PUT"}
    return {**base, "title": "", "description": "", **changes}


@pytest.mark.parametrize(
    "changes",
    [
        {"allowed_role": "owner"},
        {"allowed_on_statuses": None},
        {"method": "HEAD"},
        {"endpoint": "http"},
        {"title": None},
        {"dangerous": 1},
        {"fontawesome_icon": 1},
        {"ui_schema": {"inputs": [], "extra": 1}},
        {"ui_schema": []},
    ],
    ids=repr,
)
def test_a_bad_action_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidDocument):
        parse_actions({"schema_version": 1, "actions": [action(), action(**changes)]})


@pytest.mark.parametrize("version", [None, -1, 1.0, "1", True])
def test_the_schema_version_is_a_count(version: Any) -> None:
    with pytest.raises(InvalidDocument):
        parse_actions({"schema_version": version, "actions": []})


def test_v0_actions_ignore_unknown_keys() -> None:
    assert parse_actions({"schema_version": 3, "actions": [], "spec": 1}).stored() == {
        "schema_version": 3,
        "actions": [],
    }


def test_the_first_action_of_an_id_is_found() -> None:
    stored = parse_actions({"schema_version": 0, "actions": [action(path="1"), action(path="2")]}).stored()
    assert find_action(stored, "go").target.path == "1"


@pytest.mark.parametrize("stored", [None, [], {"schema_version": 1, "actions": []}])
def test_an_unknown_action_is_not_found(stored: Any) -> None:
    with pytest.raises(NoSuchAction, match="fly"):
        find_action(stored, "fly")


# ---- resource types


SPEC: dict[str, Any] = {
    "name_singular": "Mirror",
    "name_plural": "Mirrors",
    "fontawesome_icon": "circle",
    "values_ui": {"inputs": [{"id": "serial", "type": "text", "label": "S", "sensitive": True}]},
}


def test_an_empty_resources_document_is_an_empty_list() -> None:
    assert stored_resource_types(parse_resource_types([])) == []


def test_the_spec_tells_which_properties_are_sensitive() -> None:
    assert parse_resource_spec(SPEC).sensitive_ids() == {"serial"}


def test_props_merge_deeply_and_lists_and_nulls_replace() -> None:
    stored = {"a": {"x": 1, "y": [1]}, "b": 1}
    assert merged_props(stored, {"a": {"y": [2], "z": None}, "c": {}}) == {
        "a": {"x": 1, "y": [2], "z": None},
        "b": 1,
        "c": {},
    }
    assert stored == {"a": {"x": 1, "y": [1]}, "b": 1}


@pytest.mark.parametrize(
    "lifecycle", [None, [], {"create": 1}, {"update": {"allowed_role": "Admin"}}, {"delete": {"target": {}}}]
)
def test_a_bad_lifecycle_is_refused(lifecycle: Any) -> None:
    with pytest.raises(InvalidDocument):
        parse_resource_spec({**SPEC, "lifecycle": lifecycle})


# ---- status


@pytest.mark.parametrize(
    "changes",
    [
        {"status": {"name": 5, "color": "success"}},
        {"status": None},
        {"metrics": {}},
        {"metrics": [None]},
        {"primary_metric": {"value": "1", "unit": None, "short_description": ""}},
        {"primary_metric": {"value": True, "unit": "", "short_description": ""}},
        {"primary_metric": {"value": 1, "unit": "", "short_description": "", "color": "red"}},
        {"notices": [{"level": "Info"}]},
        {"notices": {}},
    ],
    ids=repr,
)
def test_a_bad_status_document_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidDocument):
        parse_status({"status": {"name": "", "color": "success"}, **changes})


# ---- laws


finite = st.floats(allow_nan=False, allow_infinity=False)
free = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | finite | st.text(max_size=5),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3)
    ),
    max_leaves=6,
)
texts = st.text(max_size=6)
pairs = st.lists(st.fixed_dictionaries({"field": texts, "value": free}), max_size=2)
type_names = st.sampled_from(["text", "NUMBER", "RadioSelect", "checkbox", "DaysAndHour", "CollectionSelect"])
inputs = st.fixed_dictionaries(
    {
        "id": texts,
        "type": type_names | st.just("array"),
        "label": texts,
        "itemType": type_names,
        "collection": free.filter(lambda value: value is not None),
    },
    optional={
        "initialValue": free,
        "helpText": st.none() | texts,
        "required": st.booleans(),
        "sensitive": st.booleans(),
        "options": st.none()
        | st.lists(st.fixed_dictionaries({"value": free}, optional={"label": st.none() | texts}), max_size=2),
        "showIfAll": st.none() | pairs,
        "showIf": free,
        "filters": st.none() | pairs,
        "minimum": st.none()
        | st.integers(-100, 100)
        | st.floats(-1e6, 1e6)
        | st.sampled_from(["1.50", "-0", "1e3"]),
        "unknown": free,
    },
)
references = st.fixed_dictionaries(
    {"FieldValue": st.fixed_dictionaries({"input": texts})}
) | st.fixed_dictionaries({"FieldProperty": st.fixed_dictionaries({"input": texts, "property": texts})})
schemas = st.fixed_dictionaries(
    {"inputs": st.lists(inputs, max_size=3)},
    optional={
        "outputs": st.fixed_dictionaries(
            {
                "values": st.lists(
                    st.fixed_dictionaries({"path": st.lists(texts, max_size=3), "value": references}),
                    max_size=3,
                )
            },
            optional={
                "secrets": st.dictionaries(texts, st.dictionaries(texts, references, max_size=2), max_size=2)
            },
        )
    },
)


@settings(max_examples=200, deadline=None)
@given(schema=schemas, versioned=st.booleans())
def test_a_stored_ui_schema_reads_as_itself(schema: dict[str, Any], versioned: bool) -> None:
    header = {"apiVersion": "platz.io/v1beta1", "kind": "ValuesUi"} if versioned else {}
    stored = parse_ui_schema({**header, **schema}).stored()
    assert json_equal(orjson.loads(orjson.dumps(stored)), stored)
    assert json_equal(parse_ui_schema(stored).stored(), stored)


@settings(max_examples=100, deadline=None)
@given(schema=schemas, versioned=st.booleans())
def test_a_stored_ui_schema_is_as_clients_are_told(schema: dict[str, Any], versioned: bool) -> None:
    header = {"apiVersion": "platz.io/v1beta1", "kind": "ValuesUi"} if versioned else {}
    stored: Any = parse_ui_schema({**header, **schema}).stored()
    for declared in stored["inputs"]:
        for option in declared["options"] or ():
            option["label"] = option["label"] or ""  # null, of which clients are not told
        declared["collection"] = None  # any JSON is kept, also what refers to no collection
    FORM_FOR_CLIENTS.validate(stored)


@settings(max_examples=200, deadline=None)
@given(free)
def test_any_json_is_parsed_or_refused(document: Any) -> None:
    broken = Mapping({"inputs": document, "spec": document}, repeated={"inputs"}, has_other_keys=True)
    for parse in (parse_ui_schema, parse_features, parse_actions, parse_resource_types, parse_status):
        for attempted in (document, broken):
            with suppress(InvalidDocument):
                parse(attempted)
