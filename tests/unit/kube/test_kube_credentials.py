"""A credential is kept until shortly before it ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from platz.kube.credentials import Credential, RenewedCredential


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
