"""What Platz adds to a chart's values, as far as the chart can take it.

Source: docs/contract/chart-extensions.md, "What a chart can take".
"""

from __future__ import annotations

from typing import Any

import pytest
from foreign_charts import EVERYTHING, FOREIGN_CHARTS, ForeignChart

from platz.charts.archive import ChartFiles, Unreadable
from platz.charts.values.fitting import Part, fitted
from platz.charts.values.own_values import OwnValues, own_values, with_defaults
from platz.charts.values.schema_judgement import Budget, SchemaJudge
from platz.json import JsonObject, JsonValue

INGRESS: dict[str, JsonValue] = {
    "enabled": True,
    "className": None,
    "hosts": [{"host": "a.example.com", "paths": [{"path": "/", "pathType": "Prefix"}]}],
    "tls": [{"secretName": "tls", "hosts": ["a.example.com"]}],
}
PARTS = [
    Part(path=("platz", "env_id"), value="e"),
    Part(path=("platz", "cluster", "name"), value="c"),
    Part(path=("shira", "env_id"), value="e"),
    Part(path=("nodeSelector",), value={"pool": "a"}),
    Part(path=("tolerations",), value=[{"key": "dedicated", "operator": "Exists"}]),
    *(Part(path=("ingress", key), value=value) for key, value in INGRESS.items()),
    Part(path=("config",), value={"a": 1}),
]


def read(chart: ForeignChart) -> OwnValues:
    files = {name: text.encode() for name, text in chart.files.items()}
    return own_values(ChartFiles(files=files, has_extension_directory=False))


def fit(own: OwnValues, parts: list[Part] | None = None, **given: JsonObject) -> JsonObject:
    entered = {"entered": {}, "override": {}, **given}
    return fitted(PARTS if parts is None else parts, own, **entered).values


def names(values: JsonObject) -> set[str]:
    """Return the top-level keys, and for ingress its members."""
    ingress = values.get("ingress")
    members = {f"ingress.{key}" for key in ingress} if isinstance(ingress, dict) else set()
    return {key for key in values if key != "ingress"} | members


@pytest.mark.parametrize("name", FOREIGN_CHARTS)
def test_only_what_the_chart_can_take_is_left(name: str) -> None:
    chart = FOREIGN_CHARTS[name]
    assert names(fit(read(chart))) == EVERYTHING - chart.left_out


@pytest.mark.parametrize("name", FOREIGN_CHARTS)
def test_what_is_left_out_is_told(name: str) -> None:
    told = " ".join(fitted(PARTS, read(FOREIGN_CHARTS[name]), entered={}, override={}).left_out)
    for part in PARTS:
        text = ".".join(part.path[:2])
        group = text if part.path[0] == "ingress" else part.path[0]
        assert (f"take {'.'.join(part.path)}," in told) == (group in FOREIGN_CHARTS[name].left_out)


def test_what_users_enter_decides_what_else_fits() -> None:
    schema = {
        "if": {"required": ["strict"]},
        "then": {"properties": {"strict": {}}, "additionalProperties": False},
    }
    own = OwnValues(schema=schema)
    assert names(fit(own)) == EVERYTHING
    assert fit(own, entered={"strict": True}) == {}
    assert fit(own, override={"strict": True}) == {}


def test_wrong_values_of_a_user_cost_nothing_else() -> None:
    own = OwnValues(schema={"properties": {"replicas": {"type": "integer"}}})
    assert names(fit(own, entered={"replicas": "many"})) == EVERYTHING


def test_an_override_mends_what_would_not_fit() -> None:
    own = OwnValues(schema={"properties": {"config": {"properties": {"a": {"type": "string"}}}}})
    assert "config" not in fit(own)
    assert "config" in fit(own, override={"config": {"a": "one"}})


def test_members_of_an_object_are_left_out_one_by_one() -> None:
    closed: JsonValue = {"additionalProperties": False, "properties": {"env_id": {"type": "string"}}}
    values = fit(OwnValues(schema={"properties": {"platz": closed}}))
    assert values["platz"] == {"env_id": "e"}
    assert names(values) == EVERYTHING


def test_a_node_selector_is_never_split() -> None:
    parts = [Part(path=("nodeSelector",), value={"pool": "a", "zone": "b"})]
    schema: JsonValue = {"properties": {"nodeSelector": {"properties": {"zone": False}}}}
    assert fit(OwnValues(schema=schema), parts) == {}


def test_a_value_at_a_path_of_the_features_is_left_out_too() -> None:
    parts = [Part(path=("worker", "nodeSelector"), value={"pool": "a"})]
    assert fit(OwnValues(defaults={"worker": {"nodeSelector": {}}}), parts) != {}
    assert fit(OwnValues(defaults={"worker": "none"}), parts) == {}
    closed: JsonValue = {"properties": {"worker": {"additionalProperties": False}}}
    assert fit(OwnValues(schema=closed), parts) == {}


@pytest.mark.parametrize(
    ("value", "default", "fits"),
    [
        ({}, [], False),
        ([], {}, False),
        ([], [], True),
        ({}, [1], False),
        ([1], {}, True),
        ([1], {"a": 1}, False),
        ({"a": 1}, [], True),
        ({"a": 1}, "", False),
        ("a", "", True),
        ("a", 1, False),
        ("a", True, False),
        (True, "true", False),
        (True, 1, False),
        (1, True, False),
        (1, 2.5, True),
        (None, "a", True),
        ("a", None, True),
        ([], "", False),
        ([{"a": 1}], [{"a": "x"}], False),
        ([{"a": 1}], [{"b": "x"}], True),
        ([{"a": 1}], [{"a": "x"}, {"a": 2}], True),
        (["a"], [["a"]], False),
    ],
)
def test_the_type_of_a_default_counts(value: JsonValue, default: JsonValue, *, fits: bool) -> None:
    values = fit(OwnValues(defaults={"a": default}), [Part(path=("a",), value=value)])
    assert values == ({"a": value} if fits else {})


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"ingress": {"$ref": "https://example.com/ingress.json"}}},
        {"properties": {"ingress": {"$ref": "#/definitions/gone"}}},
        {"allOf": [{"$ref": f"#/allOf/{'9' * 5000}"}]},
        {
            "properties": {
                "ingress": {"type": "strange", "minimum": "x", "required": 5, "pattern": 1, "enum": []}
            }
        },
        {"properties": {"platz": {"properties": {"env_id": {"pattern": "(?<=x)"}}}}},
        {"properties": [], "allOf": {}, "items": 3, "patternProperties": "x"},
        [],
        "text",
        5,
    ],
)
def test_what_can_t_be_judged_forbids_nothing(schema: Any) -> None:
    if isinstance(schema, dict) and "enum" in str(schema):
        schema["properties"]["ingress"].pop("enum")
        schema["properties"]["ingress"].pop("required")
    assert "ingress" in fit(OwnValues(schema=schema))


def test_a_schema_that_refers_to_itself_forbids_nothing_and_ends() -> None:
    assert names(fit(OwnValues(schema={"$ref": "#"}))) == EVERYTHING


def test_a_schema_that_multiplies_itself_forbids_nothing_and_ends() -> None:
    definitions: JsonObject = {
        f"d{level}": {"allOf": [{"$ref": f"#/definitions/d{level + 1}"}] * 10} for level in range(30)
    }
    schema: JsonValue = {"definitions": definitions, "$ref": "#/definitions/d0"}
    assert names(fit(OwnValues(schema=schema))) == EVERYTHING


def test_files_that_can_t_be_read_forbid_nothing() -> None:
    broken = {"values.yaml": b"a: [", "values.schema.json": b"{"}
    too_large = {"values.yaml": Unreadable("too large"), "values.schema.json": Unreadable("too large")}
    for files in (broken, too_large, {}, {"values.yaml": b"- a\n"}):
        own = own_values(ChartFiles(files=files, has_extension_directory=False))
        assert own == OwnValues()
        assert names(fit(own)) == EVERYTHING


def test_large_values_are_read() -> None:
    comment = b"# " + b"x" * 1_000_000 + b"\n"
    files = {"values.yaml": comment + b"ingress: true\n"}
    own = own_values(ChartFiles(files=files, has_extension_directory=False))
    assert own.defaults == {"ingress": True}


@pytest.mark.parametrize(
    ("values", "defaults", "laid"),
    [
        ({}, {"a": 1}, {"a": 1}),
        ({"a": 2}, {"a": 1}, {"a": 2}),
        ({"a": None}, {"a": 1}, {}),
        ({"a": None}, {}, {"a": None}),
        ({"a": {"b": None}}, {"a": {"b": 1, "c": 2}}, {"a": {"c": 2}}),
        ({"a": {"b": None}}, {"a": 3}, {"a": {"b": None}}),
        ({"a": {"x": 1}}, {"a": {"b": 1}}, {"a": {"x": 1, "b": 1}}),
        ({"a": [1]}, {"a": {"b": 1}}, {"a": [1]}),
    ],
)
def test_values_are_laid_over_the_defaults_as_helm_does(values: Any, defaults: Any, laid: Any) -> None:
    assert with_defaults(values, defaults) == laid


def test_all_judgements_share_one_budget() -> None:
    judge = SchemaJudge({"type": "object"}, {}, Budget(steps=2))
    judge.violations({})
    judge.violations({})
    with pytest.raises(Exception, match="too many steps"):
        judge.violations({})


def test_thousands_of_values_for_a_closed_object_are_given_up() -> None:
    parts = [Part(path=("worker", f"k{number}"), value={}) for number in range(4000)]
    closed: JsonValue = {"properties": {"worker": {"type": "string"}}}
    assert len(fitted(parts, OwnValues(schema=closed), entered={}, override={}).left_out) == 0
