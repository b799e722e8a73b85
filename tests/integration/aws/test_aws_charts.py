"""Charts of ECR are found by their events.

Source: docs/contract/workers.md, "Queue of ECR events", "ECR event message", "ECR push", "ECR deletion",
"Download and reading of a chart".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import pytest
from botocore.client import BaseClient
from ecr_account import ACCOUNT, DOMAIN, IMAGE, QUEUE, REGION, EcrAccount
from sqlalchemy import Row, select, text
from structlog.testing import capture_logs

from platz.aws.caller import account_number
from platz.aws.ecr import EcrImages
from platz.aws.sessions import AwsAccount
from platz.aws.sqs import EventQueue
from platz.db.database import Database
from platz.db.enums import RegistryProvider
from platz.db.schema import helm_charts
from platz.db.tables import registries
from platz.discovery.ecr_charts import MAX_RECEIVES, WAIT_SECONDS, EcrSearch
from platz.errors import NotFound, Rejected, Retryable
from platz.helm.registry_client import RegistryClient
from platz.wiring.registry_clients import registry_client_of

SHOP = "web-shop"


@pytest.fixture
def ecr(operator: Any, registry_url: str) -> EcrAccount:
    made = EcrAccount(operator=operator, registry_url=registry_url)
    made.create(SHOP)
    return made


@pytest.fixture
def asked(registry_url: str) -> list[str]:
    """The domains that charts were downloaded from."""
    return []


@pytest.fixture
def search(account: AwsAccount, database: Database, registry_url: str, asked: list[str]) -> EcrSearch:
    def client_of(domain: str) -> RegistryClient:
        asked.append(domain)
        return RegistryClient(registry_url)

    return new_search(account, database, client_of)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platz.discovery.ecr_charts.WAIT_SECONDS", 0)


def new_search(
    account: AwsAccount, database: Database, client_of: Callable[[str], RegistryClient]
) -> EcrSearch:
    queue = EventQueue(account, name=QUEUE, region=REGION)
    return EcrSearch(
        queue=queue,
        images=EcrImages(account),
        database=database,
        client_of=client_of,
        own_account=lambda: account_number(account),
    )


def rows(database: Database) -> Sequence[Row[Any]]:
    with database.reading() as connection:
        return connection.execute(select(helm_charts).order_by(helm_charts.c.image_tag)).all()


def availability(database: Database) -> dict[str, bool]:
    return {row.image_tag: row.available for row in rows(database)}


def unreachable(_domain: str) -> RegistryClient:
    return RegistryClient("http://127.0.0.1:1")


def test_a_pushed_chart_is_recorded(ecr: EcrAccount, search: EcrSearch, asked: list[str]) -> None:
    digest = ecr.push_chart(SHOP, "1.0.0")
    ecr.tell("PUSH", SHOP, digest, "1.0.0")
    assert search.look().recorded == 1
    [row] = rows(search.database)
    assert (row.image_tag, row.image_digest, row.available, row.error) == ("1.0.0", digest, True, None)
    assert (row.parsed_version, row.values_ui is not None) == ("1.0.0", True)
    image = ecr.ecr.describe_images(repositoryName=SHOP)["imageDetails"][0]
    assert row.created_at == image["imagePushedAt"]
    with search.database.reading() as connection:
        registry = registries.find(connection, DOMAIN, SHOP)
    assert registry is not None
    assert registry.provider is RegistryProvider.ECR
    assert registry.created_at == repository_created(ecr)
    assert asked == [DOMAIN]
    assert ecr.left() == 0


def repository_created(ecr: EcrAccount) -> datetime:
    created: datetime = ecr.ecr.describe_repositories()["repositories"][0]["createdAt"]
    return created


def test_events_of_a_foreign_account_are_ignored(
    ecr: EcrAccount, search: EcrSearch, asked: list[str]
) -> None:
    digest = ecr.push_chart(SHOP, "1.0.0")
    with capture_logs() as logs:
        ecr.tell("PUSH", SHOP, digest, "1.0.0", account="999999999999")
        search.look()
    assert (rows(search.database), asked, ecr.left()) == ([], [], 0)
    assert any(entry.get("account") == "999999999999" for entry in logs)


def test_a_deletion_in_a_foreign_account_removes_nothing(ecr: EcrAccount, search: EcrSearch) -> None:
    digest = ecr.push_chart(SHOP, "1.0.0")
    ecr.tell("PUSH", SHOP, digest, "1.0.0")
    search.look()
    search.accounts = frozenset({"999999999999"})
    ecr.tell("DELETE", SHOP, digest, "1.0.0", seconds=3600)
    assert search.look().removed == 0
    assert availability(search.database) == {"1.0.0": True}


def test_the_settings_name_accounts_instead_of_sts(ecr: EcrAccount, search: EcrSearch) -> None:
    search.accounts = frozenset({"999999999999", ACCOUNT})
    search.own_account = lambda: pytest.fail("STS was asked")
    ecr.tell("PUSH", SHOP, ecr.push_chart(SHOP, "1.0.0"), "1.0.0")
    assert search.look().recorded == 1


def test_the_own_account_is_asked_for_once(ecr: EcrAccount, search: EcrSearch) -> None:
    told = iter([ACCOUNT])
    search.own_account = lambda: next(told)
    for tag in ("1.0.0", "stable"):
        ecr.tell("PUSH", SHOP, ecr.push_chart(SHOP, "1.0.0", as_tag=tag), tag)
    assert search.look().recorded == 2


def test_a_message_waits_while_sts_does_not_answer(ecr: EcrAccount, search: EcrSearch) -> None:
    def away() -> str:
        raise Retryable("STS is away.")

    search.own_account = away
    ecr.tell("PUSH", SHOP, ecr.push_chart(SHOP, "1.0.0"), "1.0.0")
    with pytest.raises(Retryable, match="STS is away"):
        search.look()
    assert ecr.left() == 1


def test_a_repeated_event_changes_nothing(ecr: EcrAccount, search: EcrSearch, asked: list[str]) -> None:
    digest = ecr.push_chart(SHOP, "1.0.0")
    for _ in range(3):
        ecr.tell("PUSH", SHOP, digest, "1.0.0")
    assert search.look().recorded == 1
    assert len(rows(search.database)) == 1
    assert len(asked) == 1


def test_two_tags_of_a_digest_are_two_charts(ecr: EcrAccount, search: EcrSearch) -> None:
    digest = ecr.push_chart(SHOP, "1.0.0")
    ecr.push_chart(SHOP, "1.0.0", as_tag="stable")
    for tag in ("1.0.0", "stable"):
        ecr.tell("PUSH", SHOP, digest, tag)
    search.look()
    assert availability(search.database) == {"1.0.0": True, "stable": True}
    ecr.remove(SHOP, "stable")
    ecr.tell("DELETE", SHOP, digest, "stable")
    assert search.look().removed == 1
    assert availability(search.database) == {"1.0.0": True, "stable": False}


@pytest.mark.parametrize(
    "case", ["image", "no tag", "no tag at all", "failure", "gone", "no repository", "new"]
)
def test_what_is_no_pushed_chart_is_ignored(ecr: EcrAccount, search: EcrSearch, case: str) -> None:
    digest = ecr.push_image(SHOP, "2.0") if case == "image" else ecr.push_chart(SHOP, "1.0.0")
    match case:
        case "image":
            ecr.tell("PUSH", SHOP, digest, "2.0")
        case "no tag":
            ecr.tell("PUSH", SHOP, digest, "")
        case "no tag at all":
            ecr.tell("PUSH", SHOP, digest, None)
        case "failure":
            ecr.tell("PUSH", SHOP, digest, "1.0.0", result="FAILURE")
        case "gone":
            ecr.tell("PUSH", SHOP, digest, "0.9.0")
        case "no repository":
            ecr.tell("PUSH", "elsewhere", digest, "1.0.0")
        case _:
            ecr.tell("REFERRER", SHOP, digest, "1.0.0")
    assert search.look().recorded == 0
    assert rows(search.database) == []
    assert ecr.left() == 0


def test_a_deletion_takes_the_chart_out_and_a_new_push_brings_it_back(
    ecr: EcrAccount, search: EcrSearch
) -> None:
    digest = ecr.push_chart(SHOP, "1.0.0")
    ecr.tell("PUSH", SHOP, digest, "1.0.0")
    search.look()
    ecr.remove(SHOP, "1.0.0")
    ecr.tell("DELETE", SHOP, digest, "1.0.0")
    search.look()
    assert availability(search.database) == {"1.0.0": False}
    ecr.push_chart(SHOP, "1.0.0")
    ecr.tell("PUSH", SHOP, digest, "1.0.0")
    search.look()
    assert availability(search.database) == {"1.0.0": True}


def test_a_deletion_without_tag_takes_out_all_tags_of_the_digest(ecr: EcrAccount, search: EcrSearch) -> None:
    digest = ecr.push_chart(SHOP, "1.0.0")
    ecr.push_chart(SHOP, "1.0.0", as_tag="stable")
    for tag in ("1.0.0", "stable"):
        ecr.tell("PUSH", SHOP, digest, tag)
    search.look()
    ecr.tell("DELETE", SHOP, digest, None)
    search.look()
    assert availability(search.database) == {"1.0.0": False, "stable": False}


def test_a_deletion_of_what_nobody_knows_is_ignored(ecr: EcrAccount, search: EcrSearch) -> None:
    ecr.tell("DELETE", "elsewhere", "sha256:1", "1.0.0")
    assert search.look().removed == 0
    assert ecr.left() == 0


def test_a_deletion_that_comes_after_the_next_push_is_too_late(ecr: EcrAccount, search: EcrSearch) -> None:
    digest = ecr.push_chart(SHOP, "1.0.0")
    ecr.tell("PUSH", SHOP, digest, "1.0.0")
    ecr.tell("DELETE", SHOP, digest, "1.0.0", seconds=-60)
    search.look()
    assert availability(search.database) == {"1.0.0": True}


def test_a_deletion_with_an_impossible_time_is_believed(ecr: EcrAccount, search: EcrSearch) -> None:
    digest = ecr.push_chart(SHOP, "1.0.0")
    ecr.tell("PUSH", SHOP, digest, "1.0.0")
    ecr.tell("DELETE", SHOP, digest, "1.0.0", seconds=-30 * 86400)
    search.look()
    assert availability(search.database) == {"1.0.0": False}


def test_a_chart_that_cannot_be_downloaded_now_is_recorded_and_read_later(
    ecr: EcrAccount, search: EcrSearch, account: AwsAccount
) -> None:
    ecr.tell("PUSH", SHOP, ecr.push_chart(SHOP, "1.0.0"), "1.0.0")
    with pytest.raises(Retryable):
        new_search(account, search.database, unreachable).look()
    [row] = rows(search.database)
    assert row.error == "The chart could not be downloaded yet: Registry 127.0.0.1:1 cannot be reached."
    assert (row.values_ui, row.parsed_version) == (None, "1.0.0")
    search.look()
    [read] = rows(search.database)
    assert (read.id, read.error, read.values_ui is not None) == (row.id, None, True)
    assert ecr.left() == 0


def test_what_failed_is_told_until_a_message_is_handled_again(
    ecr: EcrAccount, search: EcrSearch, account: AwsAccount
) -> None:
    digest = ecr.push_chart(SHOP, "1.0.0")
    ecr.tell("PUSH", SHOP, digest, "1.0.0")
    failing = new_search(account, search.database, unreachable)
    with pytest.raises(Retryable) as failed:
        failing.look()
    search.look()
    assert failing.look().failures == (failed.value.message,)
    ecr.tell("PUSH", SHOP, digest, "1.0.0")
    assert failing.look().failures == ()


def test_a_chart_that_the_registry_refuses_is_recorded_with_the_reason(
    ecr: EcrAccount, search: EcrSearch
) -> None:
    config = {"mediaType": "application/vnd.cncf.helm.config.v1+json"}
    digest = ecr.put(SHOP, json.dumps(IMAGE | {"config": config}), tag="7.0.0")
    ecr.tell("PUSH", SHOP, digest, "7.0.0")
    search.look()
    [row] = rows(search.database)
    assert row.error is not None
    assert row.error.startswith("The chart could not be downloaded: ")
    assert ecr.left() == 0


def test_a_poisoned_message_stops_nothing_and_is_dropped_in_the_end(
    ecr: EcrAccount, search: EcrSearch
) -> None:
    ecr.say("poison " * 1000)
    ecr.tell("PUSH", SHOP, ecr.push_chart(SHOP, "1.0.0"), "1.0.0")
    with capture_logs() as logs:
        search.look()
    assert availability(search.database) == {"1.0.0": True}
    assert ecr.left() == 0
    refusals = [entry["action"] for entry in logs if entry.get("reason") == "The message is not JSON."]
    assert refusals == ["wait"] * (MAX_RECEIVES - 1) + ["drop"]
    [dropped] = [entry for entry in logs if entry["action"] == "drop"]
    assert (dropped["log_level"], len(dropped["body"])) == ("error", 500)


def test_a_message_stays_while_the_database_is_away(
    ecr: EcrAccount, search: EcrSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_arguments: object) -> None:
        raise Retryable("The database is away.")

    ecr.tell("PUSH", SHOP, ecr.push_chart(SHOP, "1.0.0"), "1.0.0")
    with monkeypatch.context() as patched:
        patched.setattr(search, "database", type("Away", (), {"reading": away, "transaction": away})())
        for _ in range(2 * MAX_RECEIVES):
            with pytest.raises(Retryable):
                search.look()
    assert ecr.left() == 1
    assert search.look().recorded == 1


def test_a_queue_that_is_not_there_is_told(account: AwsAccount, database: Database) -> None:
    with pytest.raises(NotFound, match="AWS SQS in eu-west-1 refused GetQueueUrl"):
        new_search(account, database, unreachable).look()


def test_a_round_ends_soon_although_messages_keep_coming(
    ecr: EcrAccount, search: EcrSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platz.discovery.ecr_charts.ROUND_SECONDS", 0)
    for tag in ("a", "b", "c"):
        ecr.tell("DELETE", SHOP, "sha256:1", tag)
    search.look()
    assert ecr.left() == 2


def test_an_empty_queue_is_waited_at_for_two_seconds_at_most(
    ecr: EcrAccount, search: EcrSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[int] = []
    call = BaseClient._make_api_call

    def noting(client: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
        if operation == "ReceiveMessage":
            waits.append(parameters["WaitTimeSeconds"])
            parameters = {**parameters, "WaitTimeSeconds": 0}
        return call(client, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", noting)
    monkeypatch.setattr("platz.discovery.ecr_charts.WAIT_SECONDS", WAIT_SECONDS)
    search.look()
    assert waits == [2]


def test_a_deployment_reads_its_chart_with_the_authorization_of_the_region(
    account: AwsAccount, search: EcrSearch, ecr: EcrAccount
) -> None:
    ecr.tell("PUSH", SHOP, ecr.push_chart(SHOP, "1.0.0"), "1.0.0")
    search.look()
    with search.database.reading() as connection:
        registry = registries.find(connection, DOMAIN, SHOP)
    assert registry is not None
    client = registry_client_of(None, account)(registry)
    assert client._base == f"https://{DOMAIN}"
    assert str(client._authorization()).startswith("Basic ")
    client.close()


def test_an_ecr_registry_of_no_ecr_domain_gets_no_authorization(
    account: AwsAccount, search: EcrSearch, ecr: EcrAccount
) -> None:
    ecr.tell("PUSH", SHOP, ecr.push_chart(SHOP, "1.0.0"), "1.0.0")
    search.look()
    with search.database.transaction() as connection:
        connection.execute(text("update helm_registries set domain_name = 'evil.example.com'"))
        registry = registries.find(connection, "evil.example.com", SHOP)
    assert registry is not None
    with pytest.raises(Rejected):
        registry_client_of(None, account)(registry)
