"""The key ring: one key signs, retired ones stay published as long as their tokens may be valid."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from jose import jwk, jwt

from platz.errors import Rejected
from platz_sandbox.identity.key_ring import Algorithm, KeyRing

HOUR = timedelta(hours=1)


class Clock:
    def __init__(self) -> None:
        self.time = datetime(2025, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time


def open_ring(folder: Path, clock: Clock, algorithm: Algorithm = Algorithm.ES256) -> KeyRing:
    return KeyRing(folder / "keys.json", algorithm=algorithm, keep_retired=HOUR, now=clock)


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_what_the_current_key_signs_verifies_with_the_published_key_of_its_kid(tmp_path, algorithm):
    ring = open_ring(tmp_path, Clock(), algorithm)
    key = ring.current()

    token = jwt.encode({"sub": "x"}, key.pem, algorithm=algorithm, headers={"kid": key.kid})

    (published,) = [one for one in ring.published() if one["kid"] == key.kid]
    assert jwt.decode(token, jwk.construct(published, algorithm), algorithms=[algorithm]) == {"sub": "x"}


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_nothing_private_is_published(tmp_path, algorithm):
    ring = open_ring(tmp_path, Clock(), algorithm)

    allowed = {"kid", "use", "alg", "kty", "n", "e", "crv", "x", "y"}
    assert set(ring.published()[0]) <= allowed


def test_a_rotation_signs_with_a_new_key_and_keeps_the_old_one_published(tmp_path):
    ring = open_ring(tmp_path, Clock())
    old = ring.current().kid

    new = ring.rotate().kid

    assert new != old
    assert ring.current().kid == new
    assert [key["kid"] for key in ring.published()] == [new, old]


def test_a_retired_key_goes_when_its_tokens_have_expired(tmp_path):
    clock = Clock()
    ring = open_ring(tmp_path, clock)
    new = ring.rotate().kid

    clock.time += HOUR - timedelta(seconds=1)
    assert len(ring.published()) == 2
    clock.time += timedelta(seconds=1)
    assert [key["kid"] for key in ring.published()] == [new]


def test_many_rotations_in_a_row_keep_every_key_that_may_be_needed(tmp_path):
    ring = open_ring(tmp_path, Clock())

    kids = {ring.current().kid, *(ring.rotate().kid for _ in range(5))}

    assert {key["kid"] for key in ring.published()} == kids


def test_a_second_rotation_does_not_prolong_an_older_retirement(tmp_path):
    clock = Clock()
    ring = open_ring(tmp_path, clock)
    first = ring.current().kid
    ring.rotate()
    clock.time += HOUR / 2
    ring.rotate()

    clock.time += HOUR / 2

    assert first not in {key["kid"] for key in ring.published()}


def test_a_restart_goes_on_with_the_same_keys(tmp_path):
    clock = Clock()
    before = open_ring(tmp_path, clock)
    before.rotate()

    after = open_ring(tmp_path, clock)

    assert after.current() == before.current()
    assert after.published() == before.published()


def test_the_file_of_keys_is_for_its_owner_only(tmp_path):
    open_ring(tmp_path, Clock())

    assert (tmp_path / "keys.json").stat().st_mode & 0o077 == 0


def test_another_algorithm_at_the_next_start_makes_a_key_and_keeps_the_old_one_published(tmp_path):
    clock = Clock()
    old = open_ring(tmp_path, clock, Algorithm.RS256).current().kid

    ring = open_ring(tmp_path, clock, Algorithm.ES256)

    assert ring.current().algorithm is Algorithm.ES256
    assert old in {key["kid"] for key in ring.published()}


@pytest.mark.parametrize("age_in_hours", [23, 24, 25])
def test_the_schedule_rotates_a_key_that_has_reached_its_age(tmp_path, age_in_hours):
    clock = Clock()
    ring = open_ring(tmp_path, clock)
    old = ring.current().kid
    clock.time += timedelta(hours=age_in_hours)

    rotated = ring.rotate_when_older_than(timedelta(hours=24))

    assert rotated is (age_in_hours >= 24)
    assert (ring.current().kid != old) is rotated


@pytest.mark.parametrize("content", [b"", b"{}", b'[{"kid": 1}]', b"\xff"])
def test_a_broken_file_of_keys_is_refused_and_left_alone(tmp_path, content):
    (tmp_path / "keys.json").write_bytes(content)

    with pytest.raises(Rejected, match=r"keys\.json can't be read"):
        open_ring(tmp_path, Clock())

    assert (tmp_path / "keys.json").read_bytes() == content
