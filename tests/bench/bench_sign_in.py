"""Checks of a credential a second: what every request pays before anything else."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from figures import Figure, per_second

from platz.access.tokens import Tokens, new_api_token, read_api_token, same_secret
from platz.identities import User, UserId

KEY = bytes(range(24))
CHECKS, ROUNDS = 5000, 3


def measure() -> Iterator[Figure]:
    """Access tokens and API tokens, without the query for the subject."""
    tokens = Tokens(lambda: base64.b64encode(KEY).decode())
    now = datetime.now(UTC)
    hour = timedelta(hours=1)
    strangers = iter([tokens.issue(User(id=UserId(uuid4())), hour, now).text for _ in range(CHECKS * ROUNDS)])
    text = tokens.issue(User(id=UserId(uuid4())), hour, now).text
    signed, _, signature = text.rpartition(".")

    def bare() -> None:
        digest = hmac.new(KEY, signed.encode(), hashlib.sha256).digest()
        hmac.compare_digest(digest, base64.urlsafe_b64decode(signature + "="))

    floor = per_second(bare, times=CHECKS, rounds=ROUNDS)
    for name, check in (
        ("access tokens checked for the first time", lambda: tokens.verify(next(strangers), now)),
        ("access tokens checked again", lambda: tokens.verify(text, now)),
    ):
        value = per_second(check, times=CHECKS, rounds=ROUNDS)
        yield Figure(name=name, value=value, unit="/s", floor=floor, floor_is="bare HMAC")
    stored, api_token = new_api_token()
    yield Figure(
        name="API tokens checked",
        value=per_second(
            lambda: same_secret(read_api_token(api_token), stored.secret_hash), times=CHECKS, rounds=ROUNDS
        ),
        unit="/s",
        floor=floor,
        floor_is="bare HMAC",
    )
