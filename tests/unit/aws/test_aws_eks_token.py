"""Tokens for EKS, checked the way STS does: by signing what the token says once more.

Source: docs/contract/workers.md, "Tokens and kubeconfigs for EKS".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, urlsplit

import pytest

from platz.aws.eks_token import eks_token
from platz.aws.sessions import AwsCredentials
from platz.errors import Rejected

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
LASTING = AwsCredentials(access_key="AKIDEXAMPLE", secret_key=SECRET)
PASSING = AwsCredentials(access_key="ASIAEXAMPLE", secret_key=SECRET, token="IQoJb3/JpZ2+luX2Vj==")


def url_of(token: str) -> str:
    prefix, _, encoded = token.partition(".")
    assert prefix == "k8s-aws-v1"
    assert not encoded.endswith("=")
    return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()


def query_of(token: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url_of(token)).query, strict_parsing=True))


def signature(query: dict[str, str], *, host: str, cluster: str, secret: str) -> str:
    """AWS Signature Version 4 for query strings, from its specification."""
    moment = query["X-Amz-Date"]
    scope = query["X-Amz-Credential"].partition("/")[2]
    unsigned = sorted((name, value) for name, value in query.items() if name != "X-Amz-Signature")
    canonical = "\n".join(
        (
            "GET",
            "/",
            "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in unsigned),
            f"host:{host}",
            f"x-k8s-aws-id:{cluster}",
            "",
            "host;x-k8s-aws-id",
            hashlib.sha256(b"").hexdigest(),
        )
    )
    to_sign = "\n".join(("AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, to_sign.encode(), "sha256").hex()


@pytest.mark.parametrize("credentials", [LASTING, PASSING], ids=["lasting", "passing"])
@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("eu-west-1", "sts.eu-west-1.amazonaws.com"),
        ("us-east-1", "sts.us-east-1.amazonaws.com"),
        ("ap-southeast-3", "sts.ap-southeast-3.amazonaws.com"),
        ("us-gov-west-1", "sts.us-gov-west-1.amazonaws.com"),
        ("cn-north-1", "sts.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_sts_would_accept_the_signature(credentials: AwsCredentials, region: str, host: str) -> None:
    token = eks_token(credentials, cluster="shop", region=region).token
    assert urlsplit(url_of(token)).netloc == host
    query = query_of(token)
    assert query["X-Amz-Signature"] == signature(query, host=host, cluster="shop", secret=SECRET)


def test_a_region_that_aws_can_not_have_is_refused() -> None:
    with pytest.raises(Rejected, match="AWS has no region nowhere"):
        eks_token(LASTING, cluster="shop", region="nowhere")


def test_a_token_is_for_one_cluster() -> None:
    token = eks_token(LASTING, cluster="shop", region="eu-west-1").token
    query = query_of(token)
    host = "sts.eu-west-1.amazonaws.com"
    assert query["X-Amz-Signature"] != signature(query, host=host, cluster="bank", secret=SECRET)


def test_the_question_is_who_am_i_at_the_regional_endpoint() -> None:
    token = eks_token(PASSING, cluster="shop", region="eu-west-1").token
    parts, query = urlsplit(url_of(token)), query_of(token)
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "sts.eu-west-1.amazonaws.com", "/")
    assert (query["Action"], query["Version"]) == ("GetCallerIdentity", "2011-06-15")
    assert query["X-Amz-SignedHeaders"] == "host;x-k8s-aws-id"
    assert query["X-Amz-Expires"] == "60"
    assert query["X-Amz-Credential"].endswith("/eu-west-1/sts/aws4_request")
    assert query["X-Amz-Security-Token"] == PASSING.token


def test_lasting_credentials_have_no_session_token() -> None:
    token = eks_token(LASTING, cluster="shop", region="eu-west-1").token
    assert "X-Amz-Security-Token" not in query_of(token)


def test_another_endpoint_for_our_own_calls_does_not_leak_in(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    token = eks_token(LASTING, cluster="shop", region="eu-west-1").token
    assert urlsplit(url_of(token)).netloc == "sts.eu-west-1.amazonaws.com"


def test_a_token_ends_a_minute_before_eks_forgets_it() -> None:
    before = datetime.now(UTC)
    made = eks_token(LASTING, cluster="shop", region="eu-west-1")
    after = datetime.now(UTC)
    assert before + timedelta(minutes=14) <= made.expires_at <= after + timedelta(minutes=14)


def test_nothing_secret_is_shown() -> None:
    made = eks_token(PASSING, cluster="shop", region="eu-west-1")
    shown = repr((made, PASSING))
    assert SECRET not in shown
    assert "IQoJb3" not in shown
    assert "k8s-aws-v1" not in shown
