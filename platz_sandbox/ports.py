"""Checks, before anything starts, that the ports of the stand-ins are free."""

from __future__ import annotations

import errno
import socket
import threading
import time
from collections.abc import Sequence

from platz.web_addresses import LOOPBACK
from platz_sandbox.stand_in_process import StandInFailed

LOOPBACK_HOSTS = (LOOPBACK, "localhost")
"""The host names that a stand-in accepts."""
TIMEOUT_SECONDS = 4.0
"""How long to wait for a taken port: the children of a killed process end within this time."""


def require_free(port: int, *, purpose: str, setting: str) -> None:
    """Return when the port is free; raise `StandInFailed` with a sentence naming ``setting`` when it stays taken."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    pause = threading.Event()
    while not _is_free(port):
        if time.monotonic() > deadline:
            raise StandInFailed(
                f"Port {port}, wanted for {purpose}, is taken: stop what listens there,"
                f" or choose another with {setting}."
            )
        pause.wait(0.05)


def require_distinct(ports: Sequence[int]) -> None:
    """Raise `StandInFailed` when two stand-ins are given the same port."""
    for port in ports:
        if ports.count(port) > 1:
            raise StandInFailed(f"Port {port} is wanted for two stand-ins: choose another for one of them.")


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            return False
    return True
