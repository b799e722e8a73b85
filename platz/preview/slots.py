"""How many previews run at once.

Invariant: a preview takes a thread of the web server and a Helm child for seconds, so there are never more than the
limit; a further one is turned away at once, and told when to come back.
"""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager

from platz.errors import Retryable

MOST_AT_ONCE = 4
RETRY_SECONDS = 5


class TooManyPreviews(Retryable):
    """Too many previews are being made at this moment; try again in a few seconds."""

    retry_after = RETRY_SECONDS


class Slots:
    """The places for previews in this process; safe to use from every thread."""

    def __init__(self, most: int = MOST_AT_ONCE) -> None:
        self._free = threading.Semaphore(most)

    @contextmanager
    def taken(self) -> Generator[None]:
        """Hold a place for the time of the block; raise `TooManyPreviews` if there is none."""
        if not self._free.acquire(blocking=False):
            raise TooManyPreviews
        try:
            yield
        finally:
            self._free.release()
