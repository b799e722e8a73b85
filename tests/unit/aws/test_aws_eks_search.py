"""One region or cluster that fails hides no other.

Source: docs/contract/workers.md, "Clusters of EKS".
"""

from __future__ import annotations

import base64
from typing import Any

import pytest
from fake_account import FakeAccount

from platz.aws.eks import find_clusters
from platz.errors import Denied, NotFound, Retryable

NAMES = {"eu-west-1": ["shop", "bank"], "us-east-1": ["shop"], "ap-east-1": []}
CA = base64.b64encode(b"PEM").decode()


def described(region: str, name: str, **changes: object) -> dict[str, Any]:
    cluster = {
        "name": name,
        "arn": f"arn:aws:eks:{region}:111122223333:cluster/{name}",
        "endpoint": f"https://{name}.{region}.eks.test",
        "certificateAuthority": {"data": CA},
        "status": "ACTIVE",
    }
    return {"cluster": cluster | changes}


def list_clusters(region: str) -> dict[str, Any]:
    return {"clusters": NAMES[region]}


def regions(_region: str) -> dict[str, Any]:
    return {"Regions": [{"RegionName": region} for region in NAMES]}


def account(**changes: Any) -> FakeAccount:
    answers = {"describe_regions": regions, "list_clusters": list_clusters, "describe_cluster": described}
    return FakeAccount(answers | changes)


def test_all_regions_are_looked_at() -> None:
    search = find_clusters(account())
    assert [(cluster.region, cluster.name) for cluster in search.clusters] == [
        ("eu-west-1", "bank"),
        ("eu-west-1", "shop"),
        ("us-east-1", "shop"),
    ]
    assert search.failures == ()
    first = search.clusters[0]
    assert (first.arn, first.endpoint, first.ca) == (
        "arn:aws:eks:eu-west-1:111122223333:cluster/bank",
        "https://bank.eu-west-1.eks.test",
        b"PEM",
    )


def test_a_region_that_fails_is_told_and_hides_no_other() -> None:
    def listing(region: str) -> dict[str, Any]:
        if region == "eu-west-1":
            raise Denied("AWS EKS in eu-west-1 refused ListClusters: AccessDenied.")
        return list_clusters(region)

    search = find_clusters(account(list_clusters=listing))
    assert [cluster.region for cluster in search.clusters] == ["us-east-1"]
    assert search.failures == ("AWS EKS in eu-west-1 refused ListClusters: AccessDenied.",)


def test_a_cluster_that_fails_is_told_and_hides_no_other() -> None:
    def describing(region: str, name: str) -> dict[str, Any]:
        if name == "bank":
            raise Retryable("AWS EKS in eu-west-1 cannot be reached.")
        return described(region, name)

    search = find_clusters(account(describe_cluster=describing))
    assert [cluster.name for cluster in search.clusters] == ["shop", "shop"]
    assert search.failures == ("Cluster bank in eu-west-1: AWS EKS in eu-west-1 cannot be reached.",)


def test_a_cluster_that_is_deleted_meanwhile_is_no_failure() -> None:
    def describing(region: str, name: str) -> dict[str, Any]:
        if name == "bank":
            raise NotFound
        return described(region, name)

    search = find_clusters(account(describe_cluster=describing))
    assert [cluster.name for cluster in search.clusters] == ["shop", "shop"]
    assert search.failures == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"endpoint": None, "status": "CREATING"},
            "Cluster bank in eu-west-1 has no endpoint: its status is CREATING.",
        ),
        (
            {
                "endpoint": None,
                "status": "FAILED",
                "health": {"issues": [{"code": "VpcNotFound", "message": "The VPC is gone."}]},
            },
            "Cluster bank in eu-west-1 has no endpoint: its status is FAILED. The VPC is gone.",
        ),
        ({"endpoint": "", "status": "ACTIVE"}, "has no endpoint: AWS tells no reason."),
        ({"certificateAuthority": {}}, "no certificate authority"),
        ({"certificateAuthority": {"data": "%%"}}, "not base64"),
    ],
    ids=["creating", "failed", "endpoint", "authority", "base64"],
)
def test_a_cluster_that_cannot_be_reached_yet_is_told(changes: dict[str, Any], words: str) -> None:
    def describing(region: str, name: str) -> dict[str, Any]:
        return described(region, name, **(changes if name == "bank" else {}))

    search = find_clusters(account(describe_cluster=describing))
    assert len(search.clusters) == 2
    assert words in search.failures[0]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"status": "UPDATING"}, ()),
        ({"status": "DELETING"}, ("Cluster bank in eu-west-1: its status is DELETING.",)),
        ({"status": "FAILED"}, ("Cluster bank in eu-west-1: its status is FAILED.",)),
        (
            {"health": {"issues": [{"code": "Ec2SubnetNotFound", "message": "A subnet is gone."}]}},
            ("Cluster bank in eu-west-1: its status is ACTIVE. A subnet is gone.",),
        ),
    ],
    ids=["updating", "deleting", "failed", "issues"],
)
def test_a_cluster_with_an_endpoint_is_found_whatever_its_status_which_is_told(
    changes: dict[str, Any], told: tuple[str, ...]
) -> None:
    def describing(region: str, name: str) -> dict[str, Any]:
        return described(region, name, **(changes if name == "bank" else {}))

    search = find_clusters(account(describe_cluster=describing))
    assert len(search.clusters) == 3
    assert search.failures == told


def test_regions_that_cannot_be_listed_end_the_search() -> None:
    def refuse(_region: str) -> dict[str, Any]:
        raise Denied("no")

    with pytest.raises(Denied):
        find_clusters(account(describe_regions=refuse))


def test_no_client_is_left_open() -> None:
    made = account()
    find_clusters(made)
    assert len(made.clients) == 1 + len(NAMES)
    assert all(client.closed for client in made.clients)
