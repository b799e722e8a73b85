"""A locked file has one holder, and tells who it is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from platz_sandbox.file_lock import LockHeld, lock_file


def test_a_file_is_held_until_it_is_closed(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    with lock_file(file):
        with pytest.raises(LockHeld) as caught:
            lock_file(file)
        assert caught.value.process == str(os.getpid())
    lock_file(file).close()


def test_the_holder_is_told_whoever_held_it_before(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    file.write_text("1234567890123\n")
    lock_file(file).close()
    assert file.read_text() == f"{os.getpid()}\n"


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    lock_file(tmp_path / "lock").close()
    assert (tmp_path / "lock").stat().st_mode & 0o777 == 0o600
