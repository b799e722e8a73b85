"""Field paths and who owns them."""

from __future__ import annotations

import copy
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from platz_sandbox.kubernetes.objects import field_paths, managed_fields
from platz_sandbox.kubernetes.objects.managed_fields import APPLY, Writer
from platz_sandbox.kubernetes.objects.served_kinds import built_in
from platz_sandbox.kubernetes.objects.shapes import shape_of
from platz_sandbox.kubernetes.objects.status_errors import ApiError

SHAPE = shape_of(built_in("deployments.apps"))
STEPS = st.sampled_from(["f:a", "f:b", 'k:{"name":"x"}', 'v:"y"', "f:c"])
PATHS = st.sets(st.lists(STEPS, min_size=1, max_size=4).map(tuple), max_size=8)
NAMES = st.sampled_from(["A", "B", "C"])
VARIABLES = st.lists(st.fixed_dictionaries({"name": NAMES, "value": st.sampled_from(["1", "2"])}),
                     unique_by=lambda variable: variable["name"], min_size=1, max_size=3)  # fmt: skip
CONFIGS = st.fixed_dictionaries(
    {},
    optional={
        "replicas": st.integers(0, 3),
        "minReadySeconds": st.integers(0, 2),
        "env": VARIABLES,
        "args": st.lists(st.sampled_from(["-x", "-y"]), min_size=1, max_size=2),
    },
)


def config(**fields: Any) -> dict[str, Any]:
    container = {"name": "main", **{key: fields[key] for key in ("env", "args") if key in fields}}
    spec = {key: fields[key] for key in ("replicas", "minReadySeconds") if key in fields}
    template = {"spec": {"containers": [container]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {**spec, "template": template},
    }


def writer(name: str, operation: str = APPLY) -> Writer:
    return Writer(manager=name, api_version="apps/v1", operation=operation)


def apply(
    live: dict[str, Any] | None, applied: dict[str, Any], name: str, *, force: bool = False
) -> dict[str, Any]:
    return managed_fields.apply(live, applied, SHAPE, writer(name), force=force)


def apply_or_none(live: dict[str, Any], applied: dict[str, Any], name: str) -> dict[str, Any] | None:
    """Apply without force; None when other managers' fields are in the way."""
    try:
        return apply(live, applied, name)
    except ApiError as refused:
        if refused.reason != "Conflict" or not refused.causes:
            raise
        return None


def content(document: dict[str, Any]) -> dict[str, Any]:
    return managed_fields.owned_part(copy.deepcopy(document), status=False)


@given(PATHS)
def test_field_sets_survive_writing_and_reading(paths: set[tuple[str, ...]]) -> None:
    assert field_paths.decode(orjson.loads(orjson.dumps(field_paths.encode(paths)))) == paths


def test_paths_name_elements_by_their_keys() -> None:
    container = {"name": "main", "ports": [{"containerPort": 80}], "args": ["-x"]}
    document = {
        "metadata": {"finalizers": ["f"]},
        "spec": {"template": {"spec": {"containers": [container]}}},
    }

    found = field_paths.leaves(document, SHAPE)

    base = ("f:spec", "f:template", "f:spec", "f:containers", 'k:{"name":"main"}')
    assert set(found) == {
        ("f:metadata", "f:finalizers", 'v:"f"'),
        base,
        (*base, "f:name"),
        (*base, "f:args"),
        (*base, "f:ports", 'k:{"containerPort":80,"protocol":"TCP"}'),
        (*base, "f:ports", 'k:{"containerPort":80,"protocol":"TCP"}', "f:containerPort"),
    }
    assert field_paths.text((*base, "f:args")) == '.spec.template.spec.containers[name="main"].args'


@given(CONFIGS)
def test_applying_again_changes_nothing(fields: dict[str, Any]) -> None:
    once = apply(None, config(**fields), "one")

    assert apply(once, config(**fields), "one") == once


@given(CONFIGS, CONFIGS)
def test_one_manager_gets_exactly_what_it_applies(first: dict[str, Any], second: dict[str, Any]) -> None:
    live = apply(apply(None, config(**first), "one"), config(**second), "one")

    direct = apply(None, config(**second), "one")
    assert field_paths.leaves(content(live), SHAPE) == field_paths.leaves(content(direct), SHAPE)


@given(CONFIGS, CONFIGS)
def test_forcing_gives_the_manager_every_field_that_it_applies(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    live = apply(apply(None, config(**first), "one"), config(**second), "two", force=True)

    wanted = field_paths.leaves(content(config(**second)), SHAPE)
    present = field_paths.leaves(content(live), SHAPE)
    assert {path: present[path] for path in wanted} == wanted
    mine = next(owner for owner in managed_fields.read(live) if owner.writer.manager == "two")
    assert mine.paths == wanted.keys()


@given(CONFIGS, CONFIGS)
def test_without_force_nothing_of_others_changes(first: dict[str, Any], second: dict[str, Any]) -> None:
    before = apply(None, config(**first), "one")
    owned = field_paths.leaves(content(config(**first)), SHAPE)
    after = apply_or_none(before, config(**second), "two")
    if after is None:
        return
    present = field_paths.leaves(content(after), SHAPE)
    assert {path: present[path] for path in owned} == owned


@given(CONFIGS, CONFIGS)
def test_giving_everything_up_restores_what_others_own(first: dict[str, Any], second: dict[str, Any]) -> None:
    before = apply(None, config(**first), "one")
    between = apply_or_none(before, config(**second), "two")
    if between is None:
        return
    nothing = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}}

    after = apply(between, nothing, "two")

    assert field_paths.leaves(content(after), SHAPE) == field_paths.leaves(content(before), SHAPE)


def test_an_update_owns_what_it_changed_and_nothing_else() -> None:
    before = apply(None, config(replicas=1, minReadySeconds=1), "one")
    after = copy.deepcopy(before)
    after["spec"]["replicas"] = 2
    del after["spec"]["minReadySeconds"]

    managed_fields.track_update(before, after, SHAPE, writer("hand", "Update"))

    owners = {owner.writer.manager: owner.paths for owner in managed_fields.read(after)}
    assert owners["hand"] == {("f:spec", "f:replicas")}
    assert ("f:spec", "f:replicas") not in owners["one"]
    assert ("f:spec", "f:minReadySeconds") not in owners["one"]


def test_an_object_that_was_never_tracked_belongs_to_before_first_apply() -> None:
    with pytest.raises(ApiError) as refused:
        apply(config(replicas=1), config(replicas=2), "one")

    assert "before-first-apply" in refused.value.message
