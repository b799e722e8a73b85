"""A wait for a removal ends with the object, at its deadline, and when the client is cut."""

from __future__ import annotations

import time

import pytest

from platz.kube.client import KubeClient
from platz.kube.cluster_access import ClusterAccess
from platz.kube.credentials import Credential, FixedCredential
from platz.kube.errors import KubeAborted, KubeUnfinished
from platz.kube.object_removal import wait_until_gone

FAR_AWAY = 3600.0


@pytest.fixture
def client() -> KubeClient:
    """A client that sends nothing."""
    access = ClusterAccess(
        name="east", server="https://east.example", credentials=FixedCredential(credential=Credential())
    )
    return KubeClient(access)


def test_it_ends_when_the_object_is_gone(client: KubeClient) -> None:
    looks = iter(["Pod web does not end.", None])
    wait_until_gone(client, lambda: next(looks), deadline=time.monotonic() + FAR_AWAY)
    assert next(looks, "all were used") == "all were used"


def test_at_the_deadline_it_says_what_is_still_there(client: KubeClient) -> None:
    with pytest.raises(KubeUnfinished, match="Pod web does not end"):
        wait_until_gone(client, lambda: "Pod web does not end.", deadline=time.monotonic())


def test_a_client_that_is_cut_ends_it_without_another_look(client: KubeClient) -> None:
    looks = 0

    def look() -> str:
        nonlocal looks
        looks += 1
        client.abort()
        return "Pod web does not end."

    with pytest.raises(KubeAborted):
        wait_until_gone(client, look, deadline=time.monotonic() + FAR_AWAY)
    assert looks == 1
