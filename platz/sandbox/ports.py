"""Finds out before anything starts whether the ports that Platz wants are free."""

from __future__ import annotations

import errno
import socket

from platz.sandbox.process import StandInFailed

LOOPBACK = "127.0.0.1"


def require_free(port: int, *, purpose: str, setting: str) -> None:
    """Raise `StandInFailed` with a sentence naming ``setting`` when somebody listens on the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise StandInFailed(
                f"Port {port}, wanted for {purpose}, is taken: stop what listens there,"
                f" or choose another with {setting}."
            ) from None
