"""Clients ask with timeouts and read every page."""

from __future__ import annotations

import boto3
import pytest
from botocore.stub import Stubber

from platz.aws.sessions import AwsAccount, AwsClient, AwsLimits
from platz.errors import Rejected

KEYS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}


def test_every_page_is_read() -> None:
    client = boto3.client("eks", region_name="eu-west-1", **KEYS)
    with Stubber(client) as stub:
        stub.add_response("list_clusters", {"clusters": ["a", "b"], "nextToken": "more"}, {})
        stub.add_response("list_clusters", {"clusters": ["c"]}, {"nextToken": "more"})
        found = list(AwsClient(client, service="eks").pages("list_clusters", "clusters"))
        stub.assert_no_pending_responses()
    assert found == ["a", "b", "c"]


def test_a_page_that_is_refused_ends_the_reading() -> None:
    client = boto3.client("eks", region_name="eu-west-1", **KEYS)
    with Stubber(client) as stub:
        stub.add_response("list_clusters", {"clusters": ["a"], "nextToken": "more"}, {})
        stub.add_client_error("list_clusters", "InvalidParameterException", http_status_code=400)
        pages = AwsClient(client, service="eks").pages("list_clusters", "clusters")
        assert next(pages) == "a"
        with pytest.raises(Rejected, match="refused ListClusters: InvalidParameterException"):
            next(pages)


def test_calls_are_bounded_in_time_and_number() -> None:
    limits = AwsLimits(connect_seconds=1, read_seconds=2, attempts=4)
    client = AwsAccount(region="eu-west-1", limits=limits).client("sqs")
    config = client._client.meta.config
    assert (config.connect_timeout, config.read_timeout) == (1, 2)
    assert config.retries == {"mode": "standard", "total_max_attempts": 4}
    assert client.region == "eu-west-1"


def test_a_region_that_is_none_is_refused() -> None:
    with pytest.raises(Rejected, match="AWS SQS in eu west 1"):
        AwsAccount().client("sqs", "eu west 1")
