"""A timer of the kernel that kills this process, whatever it does: also while it is stopped or busy in a library.

Source: timer_create(2), prctl(2).
"""

from __future__ import annotations

import ctypes
import os
import signal

from platz import boot_clock

_SIGEV_SIGNAL = 0
_TIMER_ABSTIME = 1
_PR_SET_PDEATHSIG = 1
_NANOSECONDS = 1_000_000_000

_libc = ctypes.CDLL(None, use_errno=True)


class _SignalEvent(ctypes.Structure):
    """`struct sigevent`."""

    _fields_ = (
        ("value", ctypes.c_void_p),
        ("signal_number", ctypes.c_int),
        ("notify", ctypes.c_int),
        ("rest", ctypes.c_byte * 48),
    )


class _TimeSpec(ctypes.Structure):
    """`struct timespec`."""

    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class _TimerSpec(ctypes.Structure):
    """`struct itimerspec`."""

    _fields_ = (("interval", _TimeSpec), ("value", _TimeSpec))


class KillTimer:
    """Kills the process that made it with SIGKILL at a time of the boot clock; processes that it starts stay.

    Does nothing where the kernel has no such timer, as in some sandboxes.
    """

    def __init__(self) -> None:
        """Make the timer, which is not set yet."""
        self._id = ctypes.c_void_p()
        event = _SignalEvent(None, signal.SIGKILL, _SIGEV_SIGNAL)
        made = _libc.timer_create(boot_clock.CLOCK, ctypes.byref(event), ctypes.byref(self._id))
        self._exists = made == 0

    def set(self, until: float) -> None:
        """Let the process live until then, at once no more if that is past; raise `OSError` if that can't be."""
        if not self._exists:
            return
        nanoseconds = max(1, int(until * _NANOSECONDS))  # zero would switch the timer off
        value = _TimeSpec(*divmod(nanoseconds, _NANOSECONDS))
        spec = _TimerSpec(_TimeSpec(0, 0), value)
        _check(_libc.timer_settime(self._id, _TIMER_ABSTIME, ctypes.byref(spec), None))


def die_with_parent() -> None:
    """Let the kernel kill this process when the thread that started it ends; raise `OSError` if it can't."""
    _check(_libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0))


def _check(status: int) -> None:
    if status != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
