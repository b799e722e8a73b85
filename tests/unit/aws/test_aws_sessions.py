"""Clients ask with timeouts and read every page; the credentials of a role are renewed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import boto3
import pytest
from botocore.stub import Stubber
from fake_account import FakeAccount
from typing_extensions import override

from platz.aws.sessions import AwsAccount, AwsClient, AwsLimits
from platz.errors import Denied, Rejected

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


ROLE = "arn:aws:iam::444455556666:role/platz"


class Origin(AwsAccount):
    """An account whose credentials may assume a role for ``minutes``; the asked parameters are kept."""

    def __init__(self, minutes: float) -> None:
        super().__init__(region="eu-west-1")
        self.asked: list[dict[str, Any]] = []
        self.refusal: Denied | None = None
        self._ends = datetime.now(UTC) + timedelta(minutes=minutes)
        self._fake = FakeAccount({"assume_role": self._assume})

    @override
    def client(self, service: str, region: str | None = None) -> AwsClient:
        assert service == "sts"
        return cast("AwsClient", self._fake.client(service, region))

    def all_closed(self) -> bool:
        return all(client.closed for client in self._fake.clients)

    def _assume(self, _region: str, **parameters: Any) -> dict[str, Any]:
        self.asked.append(parameters)
        if self.refusal is not None:
            raise self.refusal
        number = len(self.asked)
        made = {"AccessKeyId": f"key-{number}", "SecretAccessKey": "s", "SessionToken": f"token-{number}"}
        return {"Credentials": {**made, "Expiration": self._ends}}


def test_a_role_is_assumed_when_it_is_needed_and_its_credentials_are_kept() -> None:
    origin = Origin(minutes=60)
    account = origin.assuming(ROLE)
    assert origin.asked == []
    assert [account.credentials().access_key for _ in range(3)] == ["key-1"] * 3
    assert origin.asked == [{"RoleArn": ROLE, "RoleSessionName": "platz"}]
    assert account.credentials().token == "token-1"
    assert origin.all_closed()


def test_credentials_of_a_role_that_end_soon_are_renewed() -> None:
    origin = Origin(minutes=14)  # an EKS token that they sign lasts as long
    account = origin.assuming(ROLE)
    assert [account.credentials().access_key for _ in range(2)] == ["key-1", "key-2"]


def test_a_role_that_may_not_be_assumed_is_told_and_tried_again() -> None:
    origin = Origin(minutes=60)
    origin.refusal = Denied("AWS STS in eu-west-1 refused AssumeRole: AccessDenied.")
    account = origin.assuming(ROLE)
    with pytest.raises(Denied, match="refused AssumeRole"):
        account.credentials()
    origin.refusal = None
    assert account.credentials().access_key == "key-2"
