"""EKS clusters of all regions become clusters of Platz.

Source: docs/contract/workers.md, "Clusters of EKS", "Tokens and kubeconfigs for EKS".
"""

from __future__ import annotations

import base64
import logging
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from platz.aws.sessions import MAX_CONCURRENT_REQUESTS, AwsAccount
from platz.db import schema
from platz.db.database import Database
from platz.discovery.cluster_records import record_clusters
from platz.discovery.eks_clusters import EksSource
from platz.errors import Retryable
from platz.kube.cluster_access import ClusterAccess, as_kubeconfig

ROLE = "arn:aws:iam::123456789012:role/eks"


def create(operator: Any, region: str, *names: str) -> None:
    client = operator.client("eks", region)
    for name in names:
        client.create_cluster(name=name, roleArn=ROLE, resourcesVpcConfig={"subnetIds": ["subnet-1"]})


def test_clusters_of_every_region_are_found(account: AwsAccount, operator: Any) -> None:
    create(operator, "eu-west-1", "shop", "bank")
    create(operator, "us-east-1", "shop")
    found = EksSource(account).search()
    assert [(cluster.region_name, cluster.name, cluster.provider_id) for cluster in found] == [
        ("eu-west-1", "bank", "arn:aws:eks:eu-west-1:123456789012:cluster/bank"),
        ("eu-west-1", "shop", "arn:aws:eks:eu-west-1:123456789012:cluster/shop"),
        ("us-east-1", "shop", "arn:aws:eks:us-east-1:123456789012:cluster/shop"),
    ]
    described = operator.client("eks", "us-east-1").describe_cluster(name="shop")["cluster"]
    access = found[2].access
    assert (access.server, access.verify) == (described["endpoint"], True)
    assert access.ca == base64.b64decode(described["certificateAuthority"]["data"])
    assert access.identity is not None
    assert access.identity.who.startswith("arn:aws:")


def test_requests_for_many_clusters_share_the_connections_without_a_warning(
    account: AwsAccount, operator: Any, caplog: pytest.LogCaptureFixture
) -> None:
    create(operator, "eu-west-1", *(f"many-{number}" for number in range(2 * MAX_CONCURRENT_REQUESTS)))
    with caplog.at_level(logging.DEBUG, logger="urllib3"):
        assert len(EksSource(account).search()) == 2 * MAX_CONCURRENT_REQUESTS
    assert "Connection pool is full" not in caplog.text


def test_an_account_without_clusters_has_none(account: AwsAccount) -> None:
    with capture_logs() as logs:
        assert EksSource(account).search() == []
    assert logs == []


def test_a_cluster_that_did_not_change_is_found_equal(account: AwsAccount, operator: Any) -> None:
    create(operator, "eu-west-1", "shop")
    source = EksSource(account)
    assert source.search() == source.search()


def test_helm_gets_a_token_of_the_cluster_and_no_plugin(account: AwsAccount, operator: Any) -> None:
    create(operator, "eu-central-1", "shop")
    [found] = EksSource(account).search()
    document: Any = as_kubeconfig(found.access)
    [user] = document["users"]
    assert set(user["user"]) == {"token"}
    encoded = user["user"]["token"].removeprefix("k8s-aws-v1.")
    url = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    assert url.startswith("https://sts.eu-central-1.amazonaws.com/?")
    assert "testing-secret" not in url
    assert found.access.credentials.current() is found.access.credentials.current()


def test_found_clusters_are_recorded_as_ignored(
    account: AwsAccount, operator: Any, database: Database
) -> None:
    create(operator, "eu-west-1", "shop")
    with database.transaction() as connection:
        record_clusters(connection, EksSource(account).search())
        row = connection.execute(select(schema.k8s_clusters)).one()
    assert (row.name, row.region_name) == ("shop", "eu-west-1")
    assert (row.ignore, row.env_id) == (True, None)


def test_an_account_that_does_not_answer_is_told(aws_url: str) -> None:
    with pytest.raises(Retryable, match="AWS EC2 in eu-west-1 cannot be reached"):
        EksSource(AwsAccount(endpoint_url="http://127.0.0.1:1")).search()


OTHER = "444455556666"
OTHER_ROLE = f"arn:aws:iam::{OTHER}:role/platz"


class Elsewhere:
    """The operator of another account, whose role he has assumed."""

    def __init__(self, url: str) -> None:
        sts = boto3.client("sts", region_name="eu-west-1", endpoint_url=url)
        made = sts.assume_role(RoleArn=OTHER_ROLE, RoleSessionName="operator")["Credentials"]
        self._session = boto3.Session(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])
        self._url = url

    def client(self, service: str, region: str = "eu-west-1") -> Any:
        return self._session.client(service, region_name=region, endpoint_url=self._url)


def test_clusters_of_several_accounts_are_found_each_with_its_own_credentials(
    account: AwsAccount, operator: Any, aws_url: str
) -> None:
    create(operator, "eu-west-1", "shop")
    create(Elsewhere(aws_url), "eu-west-1", "shop")
    create(Elsewhere(aws_url), "us-east-1", "bank")
    found = EksSource(account, account.assuming(OTHER_ROLE)).search()
    assert [cluster.provider_id for cluster in found] == [
        "arn:aws:eks:eu-west-1:123456789012:cluster/shop",
        f"arn:aws:eks:eu-west-1:{OTHER}:cluster/shop",
        f"arn:aws:eks:us-east-1:{OTHER}:cluster/bank",
    ]
    own, other, _ = found
    assert own.access.identity is not None
    assert other.access.identity is not None
    assert f"::{OTHER}:" not in own.access.identity.who
    assert other.access.identity.who == OTHER_ROLE
    assert signer_of(own.access) == "testing"
    assert signer_of(other.access) != "testing"


def signer_of(access: ClusterAccess) -> str:
    """Return the access key that signed the token of a cluster."""
    token = access.credentials.current().token or ""
    encoded = token.removeprefix("k8s-aws-v1.")
    url = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    return parse_qs(urlsplit(url).query)["X-Amz-Credential"][0].split("/")[0]


def test_an_account_that_fails_is_told_and_hides_no_other(account: AwsAccount, operator: Any) -> None:
    create(operator, "eu-west-1", "shop")
    dead = AwsAccount(endpoint_url="http://127.0.0.1:1").assuming(OTHER_ROLE)
    with capture_logs() as logs:
        found = EksSource(account, dead).search()
    assert [cluster.name for cluster in found] == ["shop"]
    (line,) = logs
    assert (line["event"], line["account"]) == ("An account could not be searched", OTHER_ROLE)
    assert line["reason"] == "AWS STS in eu-west-1 cannot be reached."


def test_no_account_that_answers_fails_the_search(aws_url: str) -> None:
    dead = AwsAccount(endpoint_url="http://127.0.0.1:1")
    with pytest.raises(Retryable, match="AWS EC2 in eu-west-1 cannot be reached"):
        EksSource(dead, dead.assuming(OTHER_ROLE)).search()


def test_an_account_that_is_named_twice_shows_its_clusters_once(account: AwsAccount, operator: Any) -> None:
    create(operator, "eu-west-1", "shop")
    own = account.assuming("arn:aws:iam::123456789012:role/platz")
    (found,) = EksSource(account, own).search()
    assert signer_of(found.access) != "testing"


def test_clusters_in_china_are_found_where_china_has_them(
    aws_url: str, operator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "cn-north-1")
    create(operator, "cn-north-1", "shop")
    (found,) = EksSource(AwsAccount(endpoint_url=aws_url)).search()
    assert found.provider_id == "arn:aws-cn:eks:cn-north-1:123456789012:cluster/shop"
    token = (found.access.credentials.current().token or "").removeprefix("k8s-aws-v1.")
    url = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
    assert url.startswith("https://sts.cn-north-1.amazonaws.com.cn/?")
