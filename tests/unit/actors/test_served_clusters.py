"""Which clusters this process may talk to."""

from __future__ import annotations

from uuid import uuid4

import pytest

from platz.actors.served_clusters import ServedClusters
from platz.config import Role
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


def test_when_the_leases_have_run_out_no_cluster_is_reached_even_if_nobody_has_noticed() -> None:
    safe = [True]
    served, cluster_id = ServedClusters(lambda: safe[0]), ClusterId(uuid4())
    served.put(cluster_id, FAR)
    assert served.client(cluster_id).access is FAR

    safe[0] = False

    with pytest.raises(ClusterNotServed):
        served.client(cluster_id)


@pytest.mark.parametrize(
    ("roles", "works"),
    [
        (list(Role), [Role.DEPLOY, Role.TRACK, Role.CREDENTIALS]),
        ([Role.CREDENTIALS, Role.API], [Role.CREDENTIALS]),
        ([Role.CLUSTERS], []),
    ],
)
def test_a_process_does_in_clusters_what_its_roles_say(roles: list[Role], works: list[Role]) -> None:
    assert list(ServedClusters(roles=roles).works) == works
