"""Says in a sentence how a Helm child ended.

Invariant: every child has an outcome, also one that died without an answer; only a canceled child has none.
"""

from __future__ import annotations

import signal

from platz.errors import PlatzError
from platz.helm.child_process import ChildEnd, Killed
from platz.helm.engine import HelmOutcome
from platz.helm.wire import decode_outcome

_LAST_WORDS = (
    (
        b"out of memory",
        "Helm ran out of memory. A template of this chart makes more text than the {memory} allowed.",
    ),
    (b"cannot allocate memory", "Helm ran out of memory. This chart needs more than the {memory} allowed."),
    (
        b"MemoryError",
        "Helm ran out of memory. This chart and its values need more than the {memory} allowed.",
    ),
    (b"stack exceeds", "Helm was stopped: the templates of this chart call each other without end."),
    (b"stack overflow", "Helm was stopped: the templates of this chart call each other without end."),
)


class HelmKilled(PlatzError):
    """Helm was stopped before it had finished."""


def outcome_of(end: ChildEnd, *, timeout_seconds: int, memory_bytes: int) -> HelmOutcome:
    """Return the outcome that the child answered, or one that says how it failed. Raises `HelmKilled`."""
    if end.killed is Killed.CANCELED:
        raise HelmKilled
    log = end.log.decode(errors="replace")
    if end.answer.endswith(b"\n"):
        answered = decode_outcome(end.answer)
        return HelmOutcome(
            ok=answered.ok,
            output=answered.output,
            revision=answered.revision,
            log="\n".join(part for part in (answered.log, log) if part),
            manifest=answered.manifest,
        )
    return HelmOutcome(ok=False, output=_sentence(end, timeout_seconds, memory_bytes), log=log)


def _sentence(end: ChildEnd, timeout_seconds: int, memory_bytes: int) -> str:
    if end.killed is Killed.DEADLINE:
        return f"Helm did not finish within {timeout_seconds} s and was stopped."
    for words, sentence in _LAST_WORDS:
        if words in end.log:
            return sentence.format(memory=f"{memory_bytes // (1024 * 1024)} MB")
    if end.exit_code < 0:
        return f"Helm was ended by the system ({signal.Signals(-end.exit_code).name}), probably for want of memory."
    return f"Helm ended without an answer (exit code {end.exit_code})."
