"""Given a lease that changes hands in every possible way, then two owners never run Helm at the same time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fencing_contest import Contest, contest


@pytest.fixture(scope="module")
def contested(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Contest]:
    folder: Path = tmp_path_factory.mktemp("contest")
    with contest(folder) as made:
        yield made


@pytest.mark.parametrize("fault", ["end the session", "stop", "kill", "restart the database"])
def test_no_run_of_helm_begins_before_the_one_of_another_owner_has_ended(
    contested: Contest, fault: str
) -> None:
    for _ in range(2):
        contested.round(contested.faults[fault])
    assert contested.overlaps() == []


def test_a_process_that_was_stopped_loses_its_work_and_gets_it_back_like_any_other(
    contested: Contest,
) -> None:
    contested.round(contested.stop_owner)
    heir = contested.owner()
    contested.round(contested.stop_owner)
    assert contested.owner() != heir
    assert contested.overlaps() == []
