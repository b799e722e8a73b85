"""The clock by which the right to work runs out: seconds since this machine was started.

Invariant: it never jumps, goes on while the machine sleeps or a process is stopped, and is the same for all processes
of the machine, so that a time can be handed to a child process.
"""

from __future__ import annotations

import time

CLOCK = time.CLOCK_BOOTTIME


def now() -> float:
    """Return the seconds since the start of the machine."""
    return time.clock_gettime(CLOCK)
