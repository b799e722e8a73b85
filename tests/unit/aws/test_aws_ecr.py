"""ECR's events, domains and authorizations.

Source: docs/contract/workers.md, "Helm execution", "ECR event message".
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fake_account import FakeAccount
from hypothesis import given
from hypothesis import strategies as st

from platz.aws.ecr import EcrAuthorization, EcrPlace, ecr_region
from platz.aws.ecr_events import parse_image_event
from platz.errors import Rejected

DETAIL = {
    "result": "SUCCESS",
    "repository-name": "shop-charts",
    "image-digest": "sha256:0123",
    "action-type": "PUSH",
    "image-tag": "1.4.0",
    "manifest-media-type": "x",
}
EVENT = {
    "version": "0",
    "id": "9f0c2f0e-6a1b-4c55-9d5e-0c7d7c1f2a11",
    "detail-type": "ECR Image Action",
    "source": "aws.ecr",
    "account": "111122223333",
    "time": "2024-05-06T07:08:09Z",
    "region": "eu-west-1",
    "resources": [],
}


def body(detail: dict[str, Any] | None = None, **changes: Any) -> str:
    return json.dumps(EVENT | {"detail": DETAIL | (detail or {})} | changes)


def test_an_event_is_read() -> None:
    event = parse_image_event(body())
    place = EcrPlace(account="111122223333", region="eu-west-1", repository="shop-charts")
    assert (event.place, event.digest, event.tag) == (place, "sha256:0123", "1.4.0")
    assert (event.action, event.succeeded) == ("PUSH", True)
    assert event.at == datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert place.domain == "111122223333.dkr.ecr.eu-west-1.amazonaws.com"


@pytest.mark.parametrize("tag", [None, ""])
def test_an_image_may_have_no_tag(tag: str | None) -> None:
    assert parse_image_event(body({"image-tag": tag})).tag == ""


def test_the_tag_may_be_left_out() -> None:
    detail = {name: value for name, value in DETAIL.items() if name != "image-tag"}
    assert parse_image_event(json.dumps(EVENT | {"detail": detail})).tag == ""


def test_a_failed_push_says_so() -> None:
    assert not parse_image_event(body({"result": "FAILURE"})).succeeded


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "not JSON",
        "[]",
        json.dumps({"Type": "Notification", "Message": body()}),
        json.dumps(EVENT),
        body(source="aws.s3"),
        body(region="evil.example.com/"),
        body(account="11"),
        body(account=111122223333),
        body(time="yesterday"),
        body({"image-tag": 7}),
        body({"image-tag": "a\u0000"}),
        body({"repository-name": "../x"}),
        body({"repository-name": None}),
        body({"image-digest": "sha256"}),
        body({"result": "MAYBE"}),
    ],
)
def test_what_is_no_event_of_an_image_is_refused(wrong: str) -> None:
    with pytest.raises(Rejected):
        parse_image_event(wrong)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from([*EVENT, *DETAIL, "detail"]), inner, max_size=8)
        ),
        max_leaves=20,
    )
)
def test_no_document_does_more_than_be_refused(document: Any) -> None:
    for candidate in (document, EVENT | {"detail": document}):
        with pytest.raises(Rejected):
            parse_image_event(json.dumps(candidate))


def test_the_region_is_the_fourth_of_six_parts() -> None:
    assert ecr_region("111122223333.dkr.ecr.eu-west-1.amazonaws.com") == "eu-west-1"


@pytest.mark.parametrize(
    ("region", "domain"),
    [
        ("cn-northwest-1", "111122223333.dkr.ecr.cn-northwest-1.amazonaws.com.cn"),
        ("us-gov-west-1", "111122223333.dkr.ecr.us-gov-west-1.amazonaws.com"),
        ("eusc-de-east-1", "111122223333.dkr.ecr.eusc-de-east-1.amazonaws.eu"),
        ("ap-southeast-9", "111122223333.dkr.ecr.ap-southeast-9.amazonaws.com"),
    ],
)
def test_a_registry_of_any_partition_has_the_domain_that_its_region_gives(region: str, domain: str) -> None:
    assert EcrPlace(account="111122223333", region=region, repository="shop").domain == domain
    assert ecr_region(domain) == region


@pytest.mark.parametrize(
    "domain",
    [
        "localhost:5000",
        "dkr.ecr.eu-west-1.amazonaws.com",
        "1.dkr.ecr.eu-west-1.amazonaws.com.cn",
        "1.dkr.ecr.eu-west-1.evil.com",
        "1.dkr.ecr..amazonaws.com",
        "1.dkr.ecr.cn-north-1.amazonaws.com",
        "1.dkr.ecr.nowhere.amazonaws.com",
        "1.dkr.ecr.eu-west-1",
    ],
)
def test_other_domains_are_not_of_ecr(domain: str) -> None:
    with pytest.raises(Rejected):
        ecr_region(domain)


class Tokens:
    """Gives a new authorization for each request for one."""

    def __init__(self, life: timedelta) -> None:
        self.life = life
        self.given = 0

    def __call__(self, region: str) -> dict[str, Any]:
        self.given += 1
        token = {"authorizationToken": f"{region}-{self.given}", "expiresAt": datetime.now(UTC) + self.life}
        return {"authorizationData": [token]}


def authorization(tokens: Tokens) -> EcrAuthorization:
    return EcrAuthorization(FakeAccount({"get_authorization_token": tokens}), "eu-west-1")


def test_an_authorization_is_kept() -> None:
    header = authorization(Tokens(timedelta(hours=12)))
    assert [header(), header()] == ["Basic eu-west-1-1"] * 2


def test_an_authorization_that_ends_soon_is_renewed() -> None:
    header = authorization(Tokens(timedelta(minutes=9)))
    assert [header(), header()] == ["Basic eu-west-1-1", "Basic eu-west-1-2"]


def test_an_account_that_gives_none_is_told() -> None:
    header = EcrAuthorization(
        FakeAccount({"get_authorization_token": lambda _region: {"authorizationData": []}}), "eu-west-1"
    )
    with pytest.raises(Rejected, match="gave no authorization"):
        header()
