"""A credential is kept until shortly before it ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from platz.errors import Retryable
from platz.kube.credentials import Credential, RenewedCredential, successors_of_token
from platz.kube.errors import KubeUnreachable


class Counter:
    """Makes tokens that end after some seconds."""

    def __init__(self, seconds: float | None) -> None:
        self.made = 0
        self._seconds = seconds

    def __call__(self) -> Credential:
        self.made += 1
        ends = None if self._seconds is None else datetime.now(UTC) + timedelta(seconds=self._seconds)
        return Credential(token=str(self.made), expires_at=ends)


@pytest.mark.parametrize(
    ("seconds", "made"),
    [(None, 1), (600, 1), (59, 2), (-1, 2)],
    ids=["does not end", "ends later", "ends within the margin", "has ended"],
)
def test_a_credential_is_fetched_again_when_it_ends_soon(seconds: float | None, made: int) -> None:
    counter = Counter(seconds)
    source = RenewedCredential(counter)
    source.current()
    source.current()
    assert counter.made == made


def test_a_refused_credential_is_fetched_again_whatever_its_end() -> None:
    source = RenewedCredential(Counter(600))
    assert source.current().token == "1"
    assert source.renew().token == "2"
    assert source.current().token == "2"


def test_nothing_is_kept_when_fetching_fails() -> None:
    def fail() -> Credential:
        raise LookupError

    source = RenewedCredential(fail)
    for _ in range(2):
        with pytest.raises(LookupError):
            source.current()


@pytest.mark.parametrize(
    ("seconds", "token"), [(600, "1"), (120, "2")], ids=["good for minutes", "too short for a running Helm"]
)
def test_the_successor_of_a_token_is_good_for_some_minutes(seconds: float, token: str) -> None:
    fresh_token = successors_of_token(RenewedCredential(Counter(seconds)))
    assert fresh_token is not None
    assert fresh_token() == token


def test_a_token_that_lasts_for_ever_has_no_successors() -> None:
    assert successors_of_token(RenewedCredential(Counter(None))) is None


def test_without_a_credential_the_cluster_counts_as_unreachable() -> None:
    def fail() -> Credential:
        raise Retryable("The plugin failed.")

    with pytest.raises(KubeUnreachable, match="The plugin failed"):
        RenewedCredential(fail).current()
