"""The lock files hold what pyproject.toml declares: one version of each distribution, and no address."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from locks import DEVELOPMENT, LOCKS, PRODUCTION, SANDBOX, lock_text, locked
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from repository import ROOT

PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
DECLARED = {
    PRODUCTION: PYPROJECT["project"]["dependencies"],
    SANDBOX: PYPROJECT["project"]["optional-dependencies"]["sandbox"],
    DEVELOPMENT: PYPROJECT["dependency-groups"]["dev"],
}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_a_fitting_version_of_all_that_is_declared(lock: str) -> None:
    versions = locked(lock)

    for wanted in map(Requirement, DECLARED[lock]):
        name = canonicalize_name(wanted.name)
        assert name in versions, "run `make lock`"
        assert wanted.specifier.contains(versions[name]), f"{wanted}: run `make lock`"


def test_what_only_the_stand_ins_need_is_not_in_the_lock_of_production() -> None:
    assert locked(PRODUCTION).keys().isdisjoint(locked(SANDBOX))


def test_no_two_locks_disagree_about_a_version() -> None:
    pins = {pin for lock in LOCKS for pin in locked(lock).items()}

    assert len(pins) == len({name for name, _ in pins})


@pytest.mark.parametrize("lock", LOCKS)
def test_every_file_is_known_by_its_hash_and_none_by_an_address(lock: str) -> None:
    text = lock_text(lock)

    assert text.count("==") == len(locked(lock))
    assert all("--hash=sha256:" in entry for entry in text.split("==")[1:])
    assert "://" not in text
    assert "index-url" not in text
