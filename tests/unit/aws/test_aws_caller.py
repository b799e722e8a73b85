"""The identity with which Platz calls AWS is told as EKS needs it."""

from __future__ import annotations

from typing import cast

import pytest

from platz.aws.caller import caller_arn
from platz.aws.sessions import AwsAccount
from platz.errors import Retryable


class Account:
    """An account whose STS gives one answer, or none."""

    def __init__(self, arn: str | None) -> None:
        self._arn = arn

    def client(self, _service: str) -> Account:
        return self

    def call(self, _operation: str) -> dict[str, str]:
        if self._arn is None:
            raise Retryable("AWS is away.")
        return {"Arn": self._arn}

    def close(self) -> None:
        return


@pytest.mark.parametrize(
    ("arn", "told"),
    [
        ("arn:aws:sts::123456789012:assumed-role/platz/botocore-1", "arn:aws:iam::123456789012:role/platz"),
        ("arn:aws-cn:sts::123456789012:assumed-role/platz/x", "arn:aws-cn:iam::123456789012:role/platz"),
        ("arn:aws:iam::123456789012:user/deployer", "arn:aws:iam::123456789012:user/deployer"),
        (None, None),
    ],
    ids=["a role", "a role in another partition", "a user", "nobody tells"],
)
def test_a_session_is_told_as_its_role(arn: str | None, told: str | None) -> None:
    assert caller_arn(cast("AwsAccount", Account(arn))) == told
