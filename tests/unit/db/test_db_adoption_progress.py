"""The steps of an adoption are told before they begin."""

from __future__ import annotations

from typing import Any

import pytest

from platz.db.adoption.adoption_progress import STARTING, Progress, Step, run_steps


class Connection:
    """As much of a connection as steps need."""

    def __init__(self) -> None:
        self.info: dict[str, Any] = {}


def test_it_begins_with_the_start() -> None:
    assert str(Progress()) == STARTING


def test_each_step_is_told_with_its_place_before_it_runs() -> None:
    connection: Any = Connection()
    progress, told = Progress(), []
    progress.follow(connection)
    steps = [Step(name=name, run=lambda _: told.append(str(progress))) for name in ("drop", "merge")]
    run_steps(connection, steps)
    assert told == ["adopting: step 1 of 2 (drop)", "adopting: step 2 of 2 (merge)"]


def test_a_step_that_fails_is_the_last_one_told() -> None:
    connection: Any = Connection()
    progress = Progress()
    progress.follow(connection)

    def fail(_: object) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        run_steps(connection, [Step(name="bad", run=fail), Step(name="good", run=lambda _: None)])
    assert str(progress) == "adopting: step 1 of 2 (bad)"


def test_steps_run_when_nobody_follows(capsys: pytest.CaptureFixture[str]) -> None:
    connection: Any = Connection()
    run_steps(connection, [Step(name="merge", run=lambda _: 7)])
    said = capsys.readouterr().out
    assert "rows=7" in said
    assert "of=1" in said
