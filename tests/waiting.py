"""Waiting in tests: for a condition with a deadline, never for a fixed time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(look: Callable[[], T], *, seconds: float = 10.0, every: float = 0.02) -> T:
    """Repeat ``look`` until it returns something true, and return that; fail with the last result at the deadline."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while True:
        answer = look()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"did not come true within {seconds} s; the last answer was {answer!r}")
        pause.wait(every)
