"""However a child ends, a user can read why."""

from __future__ import annotations

import re

import pytest

from platz.helm.child_process import ChildEnd, Killed
from platz.helm.diagnosis import HelmKilled, outcome_of
from platz.helm.engine import HelmOutcome
from platz.helm.wire import encode_outcome


def ended(
    *, answer: bytes = b"", log: bytes = b"", killed: Killed = Killed.NO, exit_code: int = 2
) -> HelmOutcome:
    end = ChildEnd(answer=answer, log=log, killed=killed, exit_code=exit_code)
    return outcome_of(end, timeout_seconds=60, memory_bytes=512 * 1024 * 1024)


@pytest.mark.parametrize(
    ("log", "exit_code", "killed", "words"),
    [
        (b"fatal error: runtime: out of memory", 2, Killed.NO, "ran out of memory.*512 MB"),
        (
            b"runtime: goroutine stack exceeds 1000000000-byte limit",
            2,
            Killed.NO,
            "call each other without end",
        ),
        (b"", -9, Killed.NO, "SIGKILL"),
        (b"", 3, Killed.NO, r"exit code 3"),
        (b"", -9, Killed.DEADLINE, "did not finish within 60 s"),
    ],
)
def test_a_child_without_an_answer_failed_for_a_reason(
    log: bytes, exit_code: int, killed: Killed, words: str
) -> None:
    outcome = ended(log=log, exit_code=exit_code, killed=killed)
    assert not outcome.ok
    assert re.search(words, outcome.output)


def test_a_canceled_child_has_no_outcome_even_when_it_answered() -> None:
    answer = encode_outcome(HelmOutcome(ok=True, output="", revision=1))
    with pytest.raises(HelmKilled):
        ended(answer=answer, killed=Killed.CANCELED, exit_code=-9)


def test_an_answer_counts_even_when_the_deadline_came_right_after() -> None:
    answer = encode_outcome(HelmOutcome(ok=True, output="done", revision=1))
    assert ended(answer=answer, killed=Killed.DEADLINE, exit_code=-9).ok


def test_an_answer_cut_in_half_is_none() -> None:
    answer = encode_outcome(HelmOutcome(ok=True, output="done", revision=1))[:-5]
    assert not ended(answer=answer, exit_code=1).ok
