"""A restart is a changed annotation of the pod template."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from fake_cluster import FakeCluster

from platz.errors import Rejected
from platz.kube.client import KubeClient
from platz.kube.workload_restart import restart_workload


@pytest.mark.parametrize(
    ("kind", "plural"),
    [("Deployment", "deployments"), ("StatefulSet", "statefulsets"), ("DaemonSet", "daemonsets")],
)
def test_a_restart_stamps_the_pod_template(kind: str, plural: str) -> None:
    cluster = FakeCluster()
    restart_workload(cast("KubeClient", cluster), kind=kind, namespace="shop", name="web")
    [(patched, name, patch)] = cluster.merges
    document = cast("Any", patch)
    assert (patched, name) == (plural, "web")
    stamp = document["spec"]["template"]["metadata"]["annotations"]["kube.kubernetes.io/restartedAt"]
    assert abs(datetime.now(UTC) - datetime.fromisoformat(stamp)) < timedelta(seconds=5)


@pytest.mark.parametrize("kind", ["Job", "Namespace", ""])
def test_a_kind_without_roll_out_is_rejected(kind: str) -> None:
    cluster = FakeCluster()
    with pytest.raises(Rejected, match="cannot be restarted"):
        restart_workload(cast("KubeClient", cluster), kind=kind, namespace="shop", name="web")
    assert cluster.merges == []
