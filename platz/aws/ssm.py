"""Parameters of the SSM parameter store, the secret ones decrypted.

Invariant: all parameters are read by one request, so that their values belong together; no message holds a value.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing

from platz.aws.sessions import AwsAccount
from platz.errors import Rejected


def parameter_values(account: AwsAccount, names: Sequence[str]) -> list[str]:
    """Return the values of up to ten names or ARNs, in their order, from the account's default region.

    Raises `Rejected` (with the names, when some are missing), `NotFound`, `Denied`, `Retryable`.
    """
    with closing(account.client("ssm")) as client:
        answer = client.call("get_parameters", Names=list(dict.fromkeys(names)), WithDecryption=True)
    found = {each[key]: str(each["Value"]) for each in answer["Parameters"] for key in ("Name", "ARN")}
    missing = [name for name in names if name not in found]
    if missing:
        raise Rejected(f"SSM has no parameter {', '.join(missing)} in {client.region}.")
    return [found[name] for name in names]
