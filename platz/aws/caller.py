"""The IAM identity with which Platz calls AWS: its account, and its ARN as an EKS cluster must know it.

Source: AWS, "IAM identifiers": a session of a role has the ARN `arn:aws:sts::<account>:assumed-role/<role>/<session>`.
"""

from __future__ import annotations

import re
from contextlib import closing

from platz.aws.sessions import AwsAccount
from platz.errors import PlatzError

_SESSION = re.compile(r"^arn:(?P<partition>[^:]+):sts::(?P<account>\d+):assumed-role/(?P<role>[^/]+)/")


def account_number(account: AwsAccount) -> str:
    """Return the number of the account; raise `Denied`, `Rejected` or `Retryable`."""
    return _told(account, "Account")


def caller_arn(account: AwsAccount) -> str | None:
    """Return the ARN of the role (without its path) or user; None when AWS does not tell it now."""
    try:
        arn = _told(account, "Arn")
    except PlatzError:
        return None
    session = _SESSION.match(arn)
    if session is None:
        return arn
    return f"arn:{session['partition']}:iam::{session['account']}:role/{session['role']}"


def _told(account: AwsAccount, what: str) -> str:
    with closing(account.client("sts")) as sts:
        return str(sts.call("get_caller_identity")[what])
