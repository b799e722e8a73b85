"""Values and secrets from a form.

Source: docs/contract/chart-extensions.md, "Rendering", "Collection items", "Dependencies and reinstalls".
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from platz.charts.documents.collections import KindResources, LegacyResources, Table, parse_reference
from platz.charts.documents.ui_schema import parse_ui_schema
from platz.charts.rendering.chosen_items import (
    PROPERTY_NAMES,
    item_property,
    parse_item_id,
)
from platz.charts.rendering.confidential import confidential_texts
from platz.charts.rendering.dependencies import uses
from platz.charts.rendering.item_rows import parse_collection_rows
from platz.charts.rendering.output_paths import ValuesTree
from platz.charts.rendering.outputs import Rendering, render_secrets, render_values
from platz.charts.rendering.rendering_errors import RenderingErrorCode, RenderingFailed
from platz.charts.rendering.timestamps import property_text, rfc3339_text

ENV = UUID("e0000000-0000-4000-8000-000000000001")
D1 = "d0000000-0000-4000-8000-000000000001"
X1 = "50000000-0000-4000-8000-000000000001"
R1 = "a0000000-0000-4000-8000-000000000001"
ROWS = parse_collection_rows(
    {
        "deployments": [
            {"id": D1, "name": "dome", "kind": "Telescope", "created_at": "2024-02-03T05:05:06.12+01:00"}
        ],
        "secrets": [{"id": X1, "env_id": str(ENV), "name": "key", "contents": "s3cr3t!"}],
        "resource_types": [{"id": R1, "env_id": None, "deployment_kind": "Telescope", "key": "mirror"}],
        "resources": [{"id": R1, "type_id": R1, "name": "primary", "props": {"id": "own", "size": None}}],
    }
)


def value_of(input_id: str) -> dict[str, Any]:
    return {"FieldValue": {"input": input_id}}


def property_of(input_id: str, name: str) -> dict[str, Any]:
    return {"FieldProperty": {"input": input_id, "property": name}}


def schema(*inputs: dict[str, Any], secrets: Any = None, **outputs: Any) -> Any:
    declared = [{"type": "text", "label": "", **each} for each in inputs]
    values = [{"path": path.split("/"), "value": reference} for path, reference in outputs.items()]
    return parse_ui_schema({"inputs": declared, "outputs": {"values": values, "secrets": secrets or {}}})


def render(form: Any, config: Any) -> Any:
    return render_values(form, env_id=ENV, config=config, collections=ROWS)


def select(input_id: str = "x", collection: Any = "deployments", **changes: Any) -> dict[str, Any]:
    return {"id": input_id, "type": "CollectionSelect", "collection": collection, **changes}


def select_many() -> dict[str, Any]:
    return select(type="array", itemType="CollectionSelect")


def test_null_counts_as_absent_for_a_property() -> None:
    assert render(schema(select(), v=property_of("x", "name")), {"x": None}) == {}
    with pytest.raises(RenderingFailed) as caught:
        render(schema(select(required=True), v=property_of("x", "name")), {"x": None})
    assert caught.value.code is RenderingErrorCode.MISSING_INPUT_VALUE


def test_null_stays_a_value_for_a_field_value() -> None:
    assert render(schema(select(required=True), v=value_of("x")), {"x": None}) == {"v": None}


@pytest.mark.parametrize("config", [None, [], "x", 5, True, [{"x": 1}]])
def test_a_config_that_is_no_object_has_no_keys(config: Any) -> None:
    assert render(schema({"id": "x"}, v=value_of("x")), config) == {}


def test_the_config_is_never_changed() -> None:
    config = {"x": {"list": [1], "object": {"k": 1}}, "y": 2}
    before = copy.deepcopy(config)
    form = schema(
        {"id": "x"},
        {"id": "y"},
        **{"a": value_of("x"), "a/object/k": value_of("y"), "a/list/[+]": value_of("y")},
    )
    assert render(form, config) == {"a": {"list": [1, 2], "object": {"k": 2}}}
    assert config == before


@pytest.mark.parametrize(
    ("form", "config", "code", "parameters"),
    [
        (schema(v=value_of("ghost")), {"ghost": 1}, "missing_input_schema", ("ghost",)),
        (schema({"id": "x"}, v=property_of("x", "name")), {}, "input_not_a_collection", ("x",)),
        (schema(select(collection=42, showIf=False), v=property_of("x", "n")), {}, "invalid_collection_name", (42,)),
        (schema(select(), v=property_of("x", "name")), {"x": 5}, "input_not_string", ("x",)),
        (schema(select_many(), v=property_of("x", "id")), {"x": D1}, "input_not_string_array", ("x",)),
        (schema(select_many(), v=property_of("x", "id")), {"x": [D1, None]}, "input_not_string_array", ("x",)),
        (schema(select(), v=property_of("x", "name")), {"x": f" {D1}"}, "invalid_collection_id", (f" {D1}",)),
        (schema(select(collection="users"), v=property_of("x", "y")), {"x": D1}, "unsupported_collection", ("users",)),
        (schema(select(), v=property_of("x", "status")), {"x": D1}, "unknown_property", ("status", "deployments")),
        (schema(select(), v=property_of("x", "status")), {"x": X1}, "collection_error", ("not_found",)),
        (schema(select(collection="gone"), v=property_of("x", "y")), {"x": "-"}, "collection_error", ("not_found",)),
        (schema(select(collection="mirror"), v=property_of("x", "y")), {"x": R1}, "unknown_property", ("y", "mirror")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_error_has_code_parameters_and_a_sentence(
    form: Any, config: Any, code: str, parameters: tuple[Any, ...]
) -> None:
    with pytest.raises(RenderingFailed) as caught:
        render(form, config)
    assert (caught.value.code, caught.value.parameters) == (code, parameters)
    assert str(parameters[0]).strip() in caught.value.message
    assert caught.value.message.endswith(".")


def test_a_long_id_is_shown_whole() -> None:
    long = "of-the-telescope-" * 10
    with pytest.raises(RenderingFailed, match=long):
        render(schema(v=value_of(long)), {})


def test_every_code_has_a_sentence() -> None:
    for code in RenderingErrorCode:
        assert "{" not in RenderingFailed(code, "first", "second").message.replace("{deployment", "")


def test_what_was_typed_into_a_sensitive_input_shows_in_no_error() -> None:
    with pytest.raises(RenderingFailed) as caught:
        render(schema(select(sensitive=True), v=property_of("x", "name")), {"x": "hunter2"})
    assert "hunter2" not in str(caught.value) + repr(caught.value.parameters)


def test_a_secret_of_another_environment_is_not_found() -> None:
    other = UUID("e0000000-0000-4000-8000-000000000002")
    with pytest.raises(RenderingFailed, match="has no item"):
        item_property(Table(name="secrets"), X1, "contents", env_id=other, collections=ROWS)


@pytest.mark.parametrize(("name", "expected"), [("id", R1), ("name", "primary"), ("size", None)])
def test_properties_of_a_resource_can_not_shadow_its_own(name: str, expected: Any) -> None:
    reference = KindResources(kind="Telescope", key="mirror")
    assert item_property(reference, R1.upper(), name, env_id=ENV, collections=ROWS).value == expected


@pytest.mark.parametrize(("table", "item_id"), [("deployments", D1), ("secrets", X1)])
def test_the_named_properties_are_the_ones_there_are(table: str, item_id: str) -> None:
    for name in PROPERTY_NAMES[table]:
        item_property(Table(name=table), item_id, name, env_id=ENV, collections=ROWS)
    with pytest.raises(RenderingFailed):
        item_property(Table(name=table), item_id, "anything else", env_id=ENV, collections=ROWS)


@pytest.mark.parametrize(
    "text",
    [D1, D1.upper(), D1.replace("-", ""), f"{{{D1}}}", f"urn:uuid:{D1}"],
)
def test_ids_are_read_in_every_notation(text: str) -> None:
    assert parse_item_id(text) == UUID(D1)


@pytest.mark.parametrize(
    "text",
    ["", f" {D1}", f"{D1}\n", f"{{{D1}", f"{D1}}}", f"{{{D1.replace('-', '')}}}",
     D1.replace("-", "", 1), f"urn:{D1}", f"URN:UUID:{D1}", "d" * 31, "g" * 32, "\u0661" * 32],
)  # fmt: skip
def test_other_texts_are_no_ids(text: str) -> None:
    assert parse_item_id(text) is None


@pytest.mark.parametrize(
    ("collection", "reference"),
    [
        ("deployments", Table(name="deployments")),
        ("mirror", LegacyResources(key="mirror")),
        (
            {"deployment": "Telescope", "type": "mirror", "more": 1},
            KindResources(kind="Telescope", key="mirror"),
        ),
        ({"deployment": "Telescope", "type": 5}, None),
        (["deployments"], None),
        (True, None),
    ],
)
def test_collection_reference_is_read_as(collection: Any, reference: Any) -> None:
    assert parse_reference(collection) == reference


# ---- secrets and confidentiality


def test_secrets_are_rendered_in_document_order_and_empty_ones_left_out() -> None:
    form = schema(
        {"id": "a"},
        {"id": "b"},
        secrets={"z": {"K": value_of("a")}, "y": {"L": value_of("b")}, "x": {}, "w": {"M": value_of("a")}},
    )
    secrets = render_secrets(form, env_id=ENV, config={"a": {"é": [1.0, None]}}, collections=ROWS)
    assert list(secrets.items()) == [("z", {"K": '{"é":[1.0,null]}'}), ("w", {"M": '{"é":[1.0,null]}'})]


def test_what_is_secret_is_gathered() -> None:
    form = schema(
        {"id": "pw", "sensitive": True},
        {"id": "pin", "sensitive": True, "showIf": False},
        {"id": "plain"},
        select("key", "secrets"),
        secrets={"s": {"K": value_of("plain")}},
        v=property_of("key", "contents"),
    )
    config = {"pw": {"deep": ["hunter2", 42, True]}, "pin": "0000", "plain": "visible", "key": X1}
    rendering = Rendering(form, env_id=ENV, config=config, collections=ROWS)
    rendering.values()
    rendering.secrets()
    assert confidential_texts(form, config, rendering.confidential) == {
        "hunter2",
        "42",
        "0000",
        "visible",
        "s3cr3t!",
    }


# ---- output paths


def test_padding_and_copies_are_bounded() -> None:
    tree = ValuesTree()
    paths = (["l", f"[{first}]", f"[{second}]", "[1023]"] for first in range(1024) for second in range(1024))
    with pytest.raises(RenderingFailed, match="too large"):
        _write_all(tree, paths)


def _write_all(tree: ValuesTree, paths: Iterable[list[str]]) -> None:
    for path in paths:
        tree.write(path, None)


def test_a_config_that_nests_too_deep_is_refused() -> None:
    config: Any = 1
    for _ in range(300):
        config = [config]
    with pytest.raises(RenderingFailed, match="nest too deep"):
        render(schema({"id": "x"}, v=value_of("x")), {"x": config})


def test_values_that_nest_too_deep_to_be_written_are_refused() -> None:
    def form(depth: int) -> Any:
        return schema({"id": "x"}, **{"/".join(["k"] * depth): value_of("x")})

    assert orjson.dumps(render(form(250), {"x": 1}))
    with pytest.raises(RenderingFailed, match="nest too deep"):
        render(form(5000), {"x": 1})


@pytest.mark.parametrize(
    ("writes", "expected"),
    [
        ([(["a", "[+]"], 1), (["a", "[+0]"], 2), (["a", "[002]"], 3)], {"a": [2, None, 3]}),
        ([(["a", "[=]", "[=]"], 1), (["a", "[=]", "[+]"], 2)], {"a": [[1, 2]]}),
        ([(["a", "[++1]"], 1)], {"a": []}),
        ([(["a", "[ 1]"], 1)], {"a": []}),
        ([(["a", "[]"], 1)], {"a": []}),
        ([(["a", "[1]", "x"], 1), (["a", "x"], 2)], {"a": [None, {"x": 1}]}),
        ([([""], 1), (["", "b"], 2)], {"": 1}),
        ([(["a"], False), (["a", "b"], 1)], {"a": False}),
        ([(["a"], []), (["a", "[1023]"], 1)], {"a": [None] * 1023 + [1]}),
        ([(["a"], [0] * 1024), (["a", "[+]"], 1), (["a", "[=]"], 2)], {"a": [0] * 1023 + [2]}),
        ([(["a", "["], 1), (["a", "]"], 2)], {"a": {"[": 1, "]": 2}}),
    ],
    ids=repr,
)
def test_writes_give(writes: list[tuple[list[str], Any]], expected: Any) -> None:
    tree = ValuesTree()
    for path, value in writes:
        tree.write(path, value)
    assert tree.root == expected


segments = st.sampled_from(["a", "b", "", "[0]", "[3]", "[+]", "[=]", "[x]", "[1024]"])


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(st.lists(segments, max_size=5), st.integers() | st.just({"a": [1]}) | st.just([None])),
        max_size=12,
    )
)
def test_the_last_write_to_a_plain_path_is_there(writes: list[tuple[list[str], Any]]) -> None:
    tree = ValuesTree()
    for path, value in writes:
        tree.write(path, value)
    tree.write(["last"], "here")
    tree.write(["last"], "there")
    assert tree.root["last"] == "there"
    assert set(tree.root) <= {path[0] for path, _ in writes if path} | {"last"}


# ---- dependencies


@pytest.mark.parametrize(
    ("declared", "collection", "config", "expected"),
    [
        (select(), "deployments", {"x": D1.upper()}, True),
        (select_many(), "deployments", {"x": [5, "junk", D1]}, True),
        (select_many(), "deployments", {"x": [R1]}, False),
        (
            select(collection={"deployment": "A", "type": "b", "c": 1}),
            {"deployment": "A", "type": "b"},
            {"x": D1},
            True,
        ),
        (select(collection={"deployment": "A", "type": "b"}), "b", {"x": D1}, False),
        (select(), "secrets", {"x": D1}, False),
        (select(collection=5), 5, {"x": D1}, False),
        ({"id": "x"}, "deployments", {"x": D1}, False),
        (select(), "deployments", [D1], False),
        (select(), "deployments", {"x": {"id": D1}}, False),
    ],
    ids=repr,
)
def test_config_uses_item(declared: Any, collection: Any, config: Any, expected: bool) -> None:
    assert uses(schema(declared), config, collection=collection, item_id=UUID(D1)) is expected


# ---- timestamps


@pytest.mark.parametrize(
    ("microseconds", "fraction"), [(0, ""), (120_000, ".120"), (1, ".000001"), (123_400, ".123400")]
)
def test_fraction_has_as_few_digits_as_needed(microseconds: int, fraction: str) -> None:
    moment = datetime(2024, 2, 3, 6, 5, 6, microseconds, tzinfo=timezone(timedelta(hours=2)))
    assert property_text(moment) == f"2024-02-03 04:05:06{fraction} UTC"
    assert rfc3339_text(moment.astimezone(UTC)) == f"2024-02-03T04:05:06{fraction}Z"
