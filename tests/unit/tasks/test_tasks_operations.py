"""The JSON form of a task's operation."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platz.errors import Rejected
from platz.identities import ChartId, ClusterId
from platz.tasks.operations import (
    Install,
    InvokeAction,
    Operation,
    Recreate,
    Reinstall,
    RestartK8sResource,
    Uninstall,
    Upgrade,
    from_json,
    to_json,
)

A, B = UUID("3048304f-8fd1-4b80-ba6a-4ecc06dc50cb"), UUID("0b3bc7ae-bcd9-49c3-9a47-01f63d48da13")

documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
charts = st.uuids().map(ChartId)
clusters = st.uuids().map(ClusterId)
operations: st.SearchStrategy[Operation] = st.one_of(
    st.builds(Install, helm_chart_id=charts, config_inputs=documents, values_override=documents),
    st.builds(
        Upgrade,
        helm_chart_id=charts,
        prev_helm_chart_id=st.none() | charts,
        config_inputs=documents,
        config_delta=st.none() | st.dictionaries(st.text(), documents, max_size=2),
        values_override=documents,
    ),
    st.builds(Reinstall, reason=st.text()),
    st.builds(
        Recreate,
        old_cluster_id=clusters,
        old_namespace=st.text(),
        new_cluster_id=clusters,
        new_namespace=st.text(),
    ),
    st.just(Uninstall()),
    st.builds(InvokeAction, helm_chart_id=charts, action_id=st.text(), body=documents),
    st.builds(RestartK8sResource, resource_id=st.uuids(), resource_name=st.text()),
)


@given(operations)
def test_an_operation_reads_back_as_it_was_written(operation: Operation) -> None:
    assert from_json(to_json(operation)) == operation


@pytest.mark.parametrize(
    ("operation", "document"),
    [
        (
            Install(helm_chart_id=ChartId(A), config_inputs={"size": "small"}, values_override={}),
            {"Install": {"helm_chart_id": str(A), "config_inputs": {"size": "small"}, "values_override": {}}},
        ),
        (
            Upgrade(
                helm_chart_id=ChartId(A),
                prev_helm_chart_id=None,
                config_inputs={},
                config_delta=None,
                values_override=None,
            ),
            {
                "Upgrade": {
                    "helm_chart_id": str(A),
                    "prev_helm_chart_id": None,
                    "config_inputs": {},
                    "config_delta": None,
                    "values_override": None,
                }
            },
        ),
        (Uninstall(), {"Uninstall": {}}),
        (
            Recreate(
                old_cluster_id=ClusterId(A), old_namespace="a", new_cluster_id=ClusterId(B), new_namespace="b"
            ),
            {
                "Recreate": {
                    "old_cluster_id": str(A),
                    "old_namespace": "a",
                    "new_cluster_id": str(B),
                    "new_namespace": "b",
                }
            },
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_listed_key_is_written_nulls_included(operation: Operation, document: object) -> None:
    assert to_json(operation) == document


def test_the_reason_of_an_upgrade_is_written_only_when_there_is_one() -> None:
    upgrade = Upgrade(
        helm_chart_id=ChartId(A),
        prev_helm_chart_id=None,
        config_inputs={},
        config_delta=None,
        values_override=None,
        reason="Rollback",
    )
    document = to_json(upgrade)
    assert document["Upgrade"] == {
        "helm_chart_id": str(A),
        "prev_helm_chart_id": None,
        "config_inputs": {},
        "config_delta": None,
        "values_override": None,
        "reason": "Rollback",
    }
    assert from_json(document) == upgrade


def test_keys_that_may_be_null_may_be_absent_and_unknown_keys_are_ignored() -> None:
    document = {"Upgrade": {"helm_chart_id": str(A).upper(), "config_inputs": {}, "something_new": 1}}
    assert from_json(document) == Upgrade(
        helm_chart_id=ChartId(A),
        prev_helm_chart_id=None,
        config_inputs={},
        config_delta=None,
        values_override=None,
    )


@pytest.mark.parametrize(
    "document",
    [
        None,
        "Uninstall",
        {},
        {"Uninstall": {}, "Reinstall": {"reason": ""}},
        {"Explode": {}},
        {"Uninstall": None},
        {"Reinstall": {}},
        {"Reinstall": {"reason": 1}},
        {"Install": {"config_inputs": {}}},
        {"Install": {"helm_chart_id": "no-uuid", "config_inputs": {}}},
        {"Install": {"helm_chart_id": str(A)}},
        {"Upgrade": {"helm_chart_id": str(A), "config_inputs": {}, "config_delta": []}},
        {"Upgrade": {"helm_chart_id": str(A), "config_inputs": {}, "reason": 1}},
        {"InvokeAction": {"helm_chart_id": str(A), "action_id": "x"}},
    ],
    ids=repr,
)
def test_a_malformed_operation_is_rejected_with_its_field(document: object) -> None:
    with pytest.raises(Rejected) as refusal:
        from_json(document)  # pyright: ignore[reportArgumentType]
    assert refusal.value.field == "operation"
