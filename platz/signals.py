"""Signal handling on one dedicated thread, whichever thread of the process receives a signal.

Python runs signal handlers on the main thread only, and a signal that the kernel delivers to another thread does not
wake a waiting main thread, so a SIGTERM could go unnoticed until the next signal. But Python's C handler writes the
signal's number to the wake-up descriptor from any thread, and the dedicated thread reads it there.
"""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Mapping
from types import FrameType


def heed(reactions: Mapping[signal.Signals, Callable[[], None]]) -> None:
    """Call the reaction of each signal when it arrives, on a dedicated thread; call this once, on the main thread."""
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    threading.Thread(target=_listen, args=(reader, writer, reactions), name="signals", daemon=True).start()
    signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    for number in reactions:
        signal.signal(number, _leave_to_the_thread)


def _leave_to_the_thread(_number: int, _frame: FrameType | None) -> None:
    """Do nothing; this handler replaces the default action, which would end the process."""


def _listen(
    reader: socket.socket, writer: socket.socket, reactions: Mapping[signal.Signals, Callable[[], None]]
) -> None:
    with reader, writer:  # both stay open as long as the thread runs
        while numbers := reader.recv(64):
            for number in numbers:
                reaction = reactions.get(signal.Signals(number))
                if reaction is not None:
                    reaction()
