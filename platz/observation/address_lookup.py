"""The lookup of a host's addresses within a time limit.

Invariant: the caller waits no longer than it says, although the resolver of the operating system can't be interrupted.
"""

from __future__ import annotations

import socket
import threading
from ipaddress import ip_address
from queue import Empty, Queue

from platz.observation.allowed_addresses import Address


class NoAddress(Exception):
    """The host has no address, or the resolver did not say it in time; the text says which."""


def addresses_of(host: str, port: int, *, seconds: float) -> tuple[Address, ...]:
    """Return all addresses of a host, the preferred ones first; raise `NoAddress`."""
    answers: Queue[tuple[Address, ...] | OSError] = Queue()
    thread = threading.Thread(target=_look_up, args=(host, port, answers), name="address-lookup", daemon=True)
    thread.start()
    try:
        answer = answers.get(timeout=seconds)
    except Empty:
        raise NoAddress(f"its name could not be resolved within {seconds:.0f} s") from None
    if isinstance(answer, OSError):
        raise NoAddress("its name can't be resolved") from answer
    return answer


def _look_up(host: str, port: int, answers: Queue[tuple[Address, ...] | OSError]) -> None:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        answers.put(error if isinstance(error, OSError) else OSError(str(error)))
        return
    answers.put(tuple(dict.fromkeys(ip_address(str(each[4][0]).partition("%")[0]) for each in found)))
