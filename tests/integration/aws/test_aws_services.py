"""The queue, the parameter store and the credentials, tried against moto."""

from __future__ import annotations

from typing import Any

import pytest

from platz.aws.ecr import EcrAuthorization
from platz.aws.sessions import AwsAccount
from platz.aws.sqs import EventQueue
from platz.aws.ssm import parameter_values
from platz.errors import Denied, NotFound, Rejected

QUEUE = "platz-chart-discovery"


def make_queue(operator: Any, *bodies: str, **attributes: str) -> str:
    client = operator.client("sqs")
    url = client.create_queue(QueueName=QUEUE, Attributes=attributes)["QueueUrl"]
    for body in bodies:
        client.send_message(QueueUrl=url, MessageBody=body)
    return str(url)


def test_messages_are_received_one_by_one_and_deleted(account: AwsAccount, operator: Any) -> None:
    make_queue(operator, "one", "two")
    queue = EventQueue(account, name=QUEUE, region="eu-west-1")
    bodies: set[str] = set()
    while (message := queue.receive(wait_seconds=0)) is not None:
        bodies.add(message.body)
        queue.delete(message)
    assert bodies == {"one", "two"}


def test_a_message_that_is_not_deleted_comes_again_and_is_counted(account: AwsAccount, operator: Any) -> None:
    make_queue(operator, "one", VisibilityTimeout="0")
    queue = EventQueue(account, name=QUEUE, region="eu-west-1")
    counts = [message.receives for _ in range(3) if (message := queue.receive(wait_seconds=0))]
    assert counts == [1, 2, 3]


def test_a_queue_of_a_longer_name_is_another_queue(account: AwsAccount, operator: Any) -> None:
    make_queue(operator, "one")
    with pytest.raises(NotFound, match="GetQueueUrl"):
        EventQueue(account, name="platz", region="eu-west-1").receive(wait_seconds=0)


def test_a_queue_that_is_made_later_is_found(account: AwsAccount, operator: Any) -> None:
    queue = EventQueue(account, name=QUEUE, region="eu-west-1")
    with pytest.raises(NotFound):
        queue.receive(wait_seconds=0)
    url = make_queue(operator, "one")
    assert queue.receive(wait_seconds=0) is not None
    operator.client("sqs").delete_queue(QueueUrl=url)
    with pytest.raises(NotFound):
        queue.receive(wait_seconds=0)
    make_queue(operator, "two")
    assert queue.receive(wait_seconds=0) is not None


def test_parameters_are_decrypted_in_their_order(account: AwsAccount, operator: Any) -> None:
    client = operator.client("ssm")
    client.put_parameter(Name="/platz/oidc/id", Value="platz", Type="String")
    client.put_parameter(Name="/platz/oidc/secret", Value="hush", Type="SecureString")
    names = ["/platz/oidc/secret", "/platz/oidc/id", "/platz/oidc/id"]
    assert parameter_values(account, names) == ["hush", "platz", "platz"]


def test_parameters_may_be_named_by_their_arn(account: AwsAccount, operator: Any) -> None:
    client = operator.client("ssm")
    client.put_parameter(Name="/platz/oidc/id", Value="platz", Type="String")
    arn = client.get_parameter(Name="/platz/oidc/id")["Parameter"]["ARN"]
    assert parameter_values(account, [arn]) == ["platz"]


def test_missing_parameters_are_named(account: AwsAccount, operator: Any) -> None:
    operator.client("ssm").put_parameter(Name="/there", Value="hush", Type="SecureString")
    with pytest.raises(Rejected, match=r"no parameter /a, /b in eu-west-1") as caught:
        parameter_values(account, ["/a", "/there", "/b"])
    assert "hush" not in caught.value.message


def test_the_registry_is_signed_in_to_as_aws(account: AwsAccount) -> None:
    assert EcrAuthorization(account, "eu-west-1")().startswith("Basic QVdTO")  # "AWS:..."


def test_credentials_come_from_the_default_chain(account: AwsAccount) -> None:
    found = account.credentials()
    assert (found.access_key, found.secret_key, found.token) == ("testing", "testing-secret", None)


def test_an_account_without_credentials_is_told(aws_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    account = AwsAccount(endpoint_url=aws_url)
    with pytest.raises(Denied, match="No AWS credentials were found"):
        account.credentials()
    with pytest.raises(Denied, match="No AWS credentials were found"):
        parameter_values(account, ["/a"])


def test_a_process_without_region_is_told(aws_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    with pytest.raises(Rejected, match="No AWS region is set"):
        parameter_values(AwsAccount(endpoint_url=aws_url), ["/a"])


def test_a_region_of_our_own_is_for_calls_that_name_none(aws_url: str, operator: Any) -> None:
    operator.client("ssm", "us-west-2").put_parameter(Name="/a", Value="there", Type="String")
    assert parameter_values(AwsAccount(region="us-west-2", endpoint_url=aws_url), ["/a"]) == ["there"]
