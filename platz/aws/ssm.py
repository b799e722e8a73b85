"""Parameters of SSM's parameter store, secret ones decrypted.

Invariant: all names are asked for at once, so that the values belong together; no message holds a value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing

from platz.aws.sessions import AwsAccount
from platz.errors import Rejected


def parameters(account: AwsAccount, names: Sequence[str]) -> Mapping[str, str]:
    """Return the values of up to ten names, from the SDK's default region.

    Raises `Rejected` with the names that are missing, `Retryable`.
    """
    with closing(account.client("ssm")) as client:
        answer = client.call("get_parameters", Names=list(dict.fromkeys(names)), WithDecryption=True)
    found = {str(each["Name"]): str(each["Value"]) for each in answer["Parameters"]}
    by_arn = {str(each.get("ARN")): str(each["Value"]) for each in answer["Parameters"]}
    missing = [name for name in names if name not in found and name not in by_arn]
    if missing:
        raise Rejected(f"SSM has no parameter {', '.join(missing)} in {client.region}.")
    return {name: found.get(name) or by_arn[name] for name in names}
