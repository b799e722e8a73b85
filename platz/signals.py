"""Signals, heeded by one thread whichever thread of the process the kernel gives them to.

Python runs handlers on the main thread only, and a signal that the kernel gave to another thread does not wake a main
thread that waits: without this module a SIGTERM could go unnoticed until the next signal. Python's own C handler,
however, writes the signal's number to the wake-up descriptor from any thread.
"""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Mapping
from types import FrameType


def heed(reactions: Mapping[signal.Signals, Callable[[], None]]) -> None:
    """From now on call the reaction of each signal, on a thread of its own; call this once, on the main thread."""
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    threading.Thread(target=_listen, args=(reader, writer, reactions), name="signals", daemon=True).start()
    signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    for number in reactions:
        signal.signal(number, _leave_to_the_thread)


def _leave_to_the_thread(_number: int, _frame: FrameType | None) -> None:
    """Stand for the default action, which would end the process."""


def _listen(
    reader: socket.socket, writer: socket.socket, reactions: Mapping[signal.Signals, Callable[[], None]]
) -> None:
    with reader, writer:  # both live as long as the thread
        while numbers := reader.recv(64):
            for number in numbers:
                reaction = reactions.get(signal.Signals(number))
                if reaction is not None:
                    reaction()
