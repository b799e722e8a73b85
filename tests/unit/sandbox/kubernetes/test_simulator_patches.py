"""JSON merge patches, JSON patches and strategic merge patches."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platz_sandbox.kubernetes.objects.patches import json_patch, merge_patch
from platz_sandbox.kubernetes.objects.served_kinds import built_in
from platz_sandbox.kubernetes.objects.shapes import ANY, shape_of
from platz_sandbox.kubernetes.objects.status_errors import ApiError
from platz_sandbox.kubernetes.objects.strategic_patch import strategic_patch

DEPLOYMENT = shape_of(built_in("deployments.apps"))
KEYS = st.text("abc", min_size=1, max_size=2)
SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.text("xy", max_size=2)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3)
)
OBJECTS = st.dictionaries(KEYS, JSON, max_size=3)


@pytest.mark.parametrize(
    ("document", "patch", "expected"),
    [
        # RFC 7386, appendix A
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patches_follow_the_rfc(document: Any, patch: Any, expected: Any) -> None:
    assert merge_patch(document, patch) == expected


@given(JSON, JSON)
def test_a_merge_patch_applied_twice_changes_no_more(document: Any, patch: Any) -> None:
    once = merge_patch(document, patch)

    assert merge_patch(once, patch) == once


@given(OBJECTS, OBJECTS)
def test_without_merge_keys_a_strategic_patch_is_a_merge_patch(
    document: dict[str, Any], patch: dict[str, Any]
) -> None:
    # but for nulls inside new objects, which both drop
    assert strategic_patch(document, patch, ANY) == merge_patch(document, patch)


def test_json_patch_operations() -> None:
    document = {"a": {"b": [1, 2, 3]}, "c~/d": 1}
    operations = [
        {"op": "test", "path": "/c~0~1d", "value": 1},
        {"op": "add", "path": "/a/b/1", "value": 9},
        {"op": "add", "path": "/a/b/-", "value": 4},
        {"op": "replace", "path": "/a/b/0", "value": 0},
        {"op": "copy", "from": "/a/b", "path": "/e"},
        {"op": "move", "from": "/c~0~1d", "path": "/f"},
        {"op": "remove", "path": "/a/b/2"},
    ]

    assert json_patch(document, operations) == {"a": {"b": [0, 9, 3, 4]}, "e": [0, 9, 2, 3, 4], "f": 1}
    assert document == {"a": {"b": [1, 2, 3]}, "c~/d": 1}


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": "/none"},
        {"op": "replace", "path": "/none", "value": 1},
        {"op": "add", "path": "/list/7", "value": 1},
        {"op": "add", "path": "no-slash", "value": 1},
        {"op": "test", "path": "/list", "value": []},
        {"op": "dance", "path": "/list"},
        {"op": "add", "path": "/list/0"},
        {"path": "/list/0"},
        "remove",
    ],
)
def test_json_patches_that_do_not_fit_are_refused(operation: Any) -> None:
    with pytest.raises(ApiError) as refused:
        json_patch({"list": [1]}, [operation])

    assert refused.value.code == 422


def pod_spec(**fields: Any) -> dict[str, Any]:
    return {"spec": {"template": {"spec": fields}}}


def patched(before: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    after = strategic_patch(pod_spec(**before), pod_spec(**change), DEPLOYMENT)
    return after["spec"]["template"]["spec"]


def test_elements_merge_by_their_key() -> None:
    before = {"containers": [{"name": "a", "image": "1", "args": ["x"]}, {"name": "b", "image": "1"}]}

    after = patched(before, {"containers": [{"name": "a", "image": "2"}, {"name": "c", "image": "3"}]})

    assert after["containers"] == [
        {"name": "a", "image": "2", "args": ["x"]},
        {"name": "b", "image": "1"},
        {"name": "c", "image": "3"},
    ]


def test_lists_without_a_key_are_replaced() -> None:
    after = patched({"tolerations": [{"key": "a"}]}, {"tolerations": [{"key": "b"}]})

    assert after["tolerations"] == [{"key": "b"}]


def test_directives_delete_and_replace_elements() -> None:
    before = {"containers": [{"name": "a"}, {"name": "b"}]}

    assert patched(before, {"containers": [{"$patch": "delete", "name": "a"}]})["containers"] == [
        {"name": "b"}
    ]
    assert patched(before, {"containers": [{"$patch": "replace"}, {"name": "c"}]})["containers"] == [
        {"name": "c"}
    ]
    assert patched(before, {"$patch": "replace", "hostNetwork": True}) == {"hostNetwork": True}


def test_element_order_is_set() -> None:
    order = [{"name": "b"}, {"name": "a"}]

    after = patched({"containers": [{"name": "a"}, {"name": "b"}]}, {"$setElementOrder/containers": order})

    assert after["containers"] == order


def test_retained_keys_drop_the_others() -> None:
    before = {"spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}}
    change = {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}

    assert strategic_patch(before, change, DEPLOYMENT)["spec"]["strategy"] == {"type": "Recreate"}


def test_primitive_lists_merge_and_lose_values() -> None:
    before = {"metadata": {"finalizers": ["a", "b"]}}
    change = {"metadata": {"finalizers": ["c"], "$deleteFromPrimitiveList/finalizers": ["a"]}}

    after = strategic_patch(before, change, DEPLOYMENT)

    assert sorted(after["metadata"]["finalizers"]) == ["b", "c"]


def test_an_unknown_directive_or_a_missing_key_is_refused() -> None:
    for change in ({"$patch": "explode"}, {"containers": [{"image": "no name"}]}):
        with pytest.raises(ApiError) as refused:
            patched({"containers": []}, change)
        assert refused.value.code == 400
