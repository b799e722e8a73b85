"""Which clusters this process may talk to."""

from __future__ import annotations

from uuid import uuid4

import pytest

from platz.actors.served_clusters import ServedClusters
from platz.identities import ClusterId
from platz.kube.cluster_access import ClusterAccess
from platz.kube.credentials import Credential, FixedCredential
from platz.kube.errors import KubeAborted
from platz.tasks.context import ClusterNotServed
from tests.kube_requests import version_of

FAR = ClusterAccess(
    name="far", server="https://127.0.0.1:1", credentials=FixedCredential(credential=Credential())
)


def test_when_the_leases_are_lost_no_cluster_can_be_reached_any_more() -> None:
    served, cluster_id = ServedClusters(), ClusterId(uuid4())
    served.put(cluster_id, FAR)
    client = served.client(cluster_id)

    served.clear()

    with pytest.raises(ClusterNotServed):
        served.client(cluster_id)
    with pytest.raises(KubeAborted):
        version_of(client)
