"""A deployment's namespace is made once, never taken from somebody else."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast
from uuid import UUID

import pytest
from fake_cluster import FakeCluster

from platz.errors import Conflict
from platz.identities import DeploymentId
from platz.json import JsonObject
from platz.kube.client import KubeClient
from platz.kube.errors import KubeUnfinished
from platz.kube.namespaces import (
    delete_namespace,
    delete_namespace_of,
    ensure_namespace,
    seconds_terminating,
    still_terminating,
)

OURS = DeploymentId(UUID(int=1))
OTHER = DeploymentId(UUID(int=2))
KEY = ("namespaces", "shop-blue")


@pytest.fixture
def cluster() -> FakeCluster:
    return FakeCluster()


@pytest.fixture
def client(cluster: FakeCluster) -> KubeClient:
    return cast("KubeClient", cluster)


def namespace(
    owner: DeploymentId | None, *, terminating: bool = False, labels: JsonObject | None = None
) -> JsonObject:
    metadata: JsonObject = {"name": "shop-blue", "labels": {"platz": "yes"} if labels is None else labels}
    if owner is not None:
        metadata["annotations"] = {"platz_deployment_id": str(owner)}
    if terminating:
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    return {"metadata": metadata}


def test_a_namespace_carries_exactly_the_label_and_the_annotation(
    cluster: FakeCluster, client: KubeClient
) -> None:
    ensure_namespace(client, name="shop-blue", deployment_id=OURS)
    assert cluster.objects[KEY] == {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": "shop-blue",
            "labels": {"platz": "yes"},
            "annotations": {"platz_deployment_id": str(OURS)},
        },
    }


def test_a_namespace_that_an_earlier_attempt_made_is_fine(cluster: FakeCluster, client: KubeClient) -> None:
    cluster.objects[KEY] = namespace(OURS)
    assert ensure_namespace(client, name="shop-blue", deployment_id=OURS) == namespace(OURS)


@pytest.mark.parametrize(
    ("owner", "words"), [(OTHER, f"belongs to deployment {OTHER}"), (None, "was not made by Platz")]
)
def test_somebody_elses_namespace_is_a_conflict(
    cluster: FakeCluster, client: KubeClient, owner: DeploymentId | None, words: str
) -> None:
    cluster.objects[KEY] = namespace(owner)
    with pytest.raises(Conflict, match=words):
        ensure_namespace(client, name="shop-blue", deployment_id=OURS)


def test_a_lost_label_is_put_back(cluster: FakeCluster, client: KubeClient) -> None:
    cluster.objects[KEY] = namespace(OURS, labels={})
    ensure_namespace(client, name="shop-blue", deployment_id=OURS)
    assert cluster.merges == [("namespaces", "shop-blue", {"metadata": {"labels": {"platz": "yes"}}})]


def test_an_old_namespace_that_goes_is_waited_for(cluster: FakeCluster, client: KubeClient) -> None:
    cluster.objects[KEY] = namespace(OTHER, terminating=True)
    looks = iter([None, lambda: cluster.objects.pop(KEY)])

    def after_find() -> None:
        step = next(looks, None)
        if step is not None:
            step()

    cluster.after_find = after_find
    ensure_namespace(client, name="shop-blue", deployment_id=OURS)
    assert cluster.objects[KEY]["metadata"]["annotations"] == {"platz_deployment_id": str(OURS)}  # type: ignore[index,call-overload]


def test_an_old_namespace_that_does_not_go_is_given_up(cluster: FakeCluster, client: KubeClient) -> None:
    cluster.objects[KEY] = namespace(OURS, terminating=True)
    with pytest.raises(KubeUnfinished, match="still being deleted"):
        ensure_namespace(client, name="shop-blue", deployment_id=OURS, timeout_seconds=0)


def condition(type_: str, message: str, status: str = "True") -> JsonObject:
    return {"type": type_, "status": status, "message": message}


def test_what_holds_a_namespace_is_told_causes_first() -> None:
    held = namespace(OURS, terminating=True)
    held["status"] = {
        "conditions": [
            condition(
                "NamespaceFinalizersRemaining", "finalizers remaining: shop.io/keep in 1 resource instances"
            ),
            condition("NamespaceDeletionDiscoveryFailure", "Discovery failed for metrics.k8s.io/v1beta1."),
            condition("NamespaceContentRemaining", "Some resources are remaining: pods.", "False"),
        ]
    }
    held["metadata"]["finalizers"] = ["shop.io/own"]  # type: ignore[index,call-overload]
    assert still_terminating(held, cluster="east") == (
        "Namespace shop-blue in cluster east is still being deleted: Discovery failed for metrics.k8s.io/v1beta1; "
        "finalizers remaining: shop.io/keep in 1 resource instances; "
        "the namespace itself has the finalizers shop.io/own."
    )


@pytest.mark.parametrize("status", [None, {}, {"conditions": "?"}, {"conditions": [None, {"type": 5}]}])
def test_a_namespace_that_says_nothing_is_still_told(status: JsonObject | None) -> None:
    held = namespace(OURS, terminating=True) | ({} if status is None else {"status": status})
    assert "does not say what holds it" in still_terminating(held, cluster="east")


def test_a_very_long_reason_is_cut() -> None:
    held = namespace(OURS, terminating=True)
    held["status"] = {"conditions": [condition("NamespaceContentRemaining", "x" * 100_000)]}
    assert len(still_terminating(held, cluster="east")) < 2_200


@pytest.mark.parametrize(
    ("since", "seconds"), [("2026-01-01T00:00:00Z", 60.0), ("yesterday", 0.0), (None, 0.0)]
)
def test_how_long_a_namespace_has_been_going(since: str | None, seconds: float) -> None:
    going: JsonObject = {"metadata": {"name": "shop-blue", "deletionTimestamp": since}}
    assert seconds_terminating(going, datetime(2026, 1, 1, 0, 1, tzinfo=UTC)) == seconds


def test_a_namespace_without_the_label_is_not_deleted(cluster: FakeCluster, client: KubeClient) -> None:
    cluster.objects[KEY] = namespace(OURS, labels={})
    with pytest.raises(Conflict):
        delete_namespace_of(client, name="shop-blue", deployment_id=OURS)
    assert KEY in cluster.objects


def test_deleting_a_namespace_that_is_gone_is_a_success(client: KubeClient) -> None:
    delete_namespace(client, name="shop-blue")


def test_another_deployments_namespace_is_not_deleted(cluster: FakeCluster, client: KubeClient) -> None:
    cluster.objects[KEY] = namespace(OTHER)
    with pytest.raises(Conflict):
        delete_namespace_of(client, name="shop-blue", deployment_id=OURS)
    assert KEY in cluster.objects


def test_a_deployments_own_namespace_is_deleted(cluster: FakeCluster, client: KubeClient) -> None:
    cluster.objects[KEY] = namespace(OURS)
    delete_namespace_of(client, name="shop-blue", deployment_id=OURS)
    delete_namespace_of(client, name="shop-blue", deployment_id=OURS)
    assert KEY not in cluster.objects
