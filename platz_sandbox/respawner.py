"""The respawner restarts stand-ins that ended by themselves: a killed database or simulator comes back as a real one
would.

Invariant: after `stop` no start begins and none is under way, so whoever stops the stand-ins next stops all of them. A
restarted stand-in has the same files, addresses and credentials as before, so its users need not be told.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Protocol

import structlog

from platz.backoff import EXACT, Backoff
from platz_sandbox.stand_in_process import StandInFailed

LOOK_SECONDS = 0.5
BACKOFF = Backoff(first=1.0, limit=30.0, spread=EXACT)

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class StandIn(Protocol):
    """A stand-in that was started before."""

    @property
    def name(self) -> str:
        """The service that it stands in for."""
        ...

    def is_alive(self) -> bool:
        """Tell whether its process runs."""
        ...

    def start_again(self) -> None:
        """Restart it with the same data and address and wait until it answers; raise `StandInFailed`."""
        ...


class Respawner:
    """A thread that checks some stand-ins every `LOOK_SECONDS` and restarts those that ended."""

    def __init__(self, stand_ins: Sequence[StandIn]) -> None:
        self._stand_ins = stand_ins
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._look_after, name="respawner", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Restart nothing from now on; wait for a start that is under way, which has a time limit of its own."""
        self._ending.set()
        self._thread.join()

    def _look_after(self) -> None:
        failures = 0
        while not self._ending.wait(BACKOFF.after(failures) if failures else LOOK_SECONDS):
            ended = [stand_in for stand_in in self._stand_ins if not stand_in.is_alive()]
            respawned = [self._respawn(stand_in) for stand_in in ended if not self._ending.is_set()]
            failures = 0 if all(respawned) else failures + 1

    def _respawn(self, stand_in: StandIn) -> bool:
        log.warning(
            "A stand-in ended by itself and is started again", action="revive", stand_in=stand_in.name
        )
        try:
            stand_in.start_again()
        except StandInFailed as error:
            log.warning("A stand-in could not be started again", action="revive", reason=error.message)
            return False
        log.info("A stand-in is back", action="revive", stand_in=stand_in.name)
        return True
