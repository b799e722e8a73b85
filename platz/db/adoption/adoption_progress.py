"""How far the migration of the database has come, for the log and for those who ask whether the process is ready.

Invariant: each step is told before it begins, so that a step that takes long is the one that is shown.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import Connection

STARTING = "starting"
_KEY = "platz_progress"

log = structlog.get_logger(__name__)


class Progress:
    """The present step, as part of a sentence. Any thread may read it, one writes it."""

    def __init__(self) -> None:
        self._text = STARTING

    def tell(self, text: str) -> None:
        """Replace the present step."""
        self._text = text

    def __str__(self) -> str:
        return self._text

    def follow(self, connection: Connection) -> None:
        """Let the steps that are run on ``connection`` tell themselves here."""
        connection.info[_KEY] = self


@dataclass(frozen=True, kw_only=True)
class Step:
    """A named part of an adoption; ``run`` may return how many rows it changed."""

    name: str
    run: Callable[[Connection], int | None]


def run_steps(connection: Connection, steps: Sequence[Step]) -> None:
    """Run the steps in order, and tell and log each of them."""
    progress: Progress | None = connection.info.get(_KEY)
    for number, step in enumerate(steps, start=1):
        place = f"step {number} of {len(steps)}"
        if progress is not None:
            progress.tell(f"adopting: {place} ({step.name})")
        log.info("Adopting the former database", action="adopt", step=step.name, number=number, of=len(steps))
        began = time.monotonic()
        rows = step.run(connection)
        seconds = round(time.monotonic() - began, 1)
        log.info(
            "Adopted a part", action="adopted", step=step.name, number=number, rows=rows, seconds=seconds
        )
