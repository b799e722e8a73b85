"""The addresses of the API servers that this process knows, to which no ingress may lead.

Invariant: the servers' names are looked up again at most every `KEPT_SECONDS`; a name that can't be resolved now has no
addresses.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from ipaddress import ip_address
from urllib.parse import urlsplit

from platz.observation.address_lookup import NoAddress, addresses_of
from platz.observation.allowed_addresses import Address

KEPT_SECONDS = 300.0
LOOKUP_SECONDS = 2.0
DEFAULT_PORTS = {"https": 443, "http": 80}


class ApiServers:
    """The API servers with these URLs; safe to use from many threads."""

    def __init__(self, urls: Callable[[], Collection[str]]) -> None:
        self._urls = urls
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, frozenset[tuple[Address, int]]]] = {}

    def are_at(self, address: Address, port: int) -> bool:
        """Return whether one of the API servers listens there."""
        return any((address, port) in self._endpoints(url) for url in self._urls())

    def _endpoints(self, url: str) -> frozenset[tuple[Address, int]]:
        with self._lock:
            known = self._known.get(url)
        if known is None or known[0] < time.monotonic():
            known = (time.monotonic() + KEPT_SECONDS, _looked_up(url))
            with self._lock:
                self._known[url] = known
        return known[1]


def _looked_up(url: str) -> frozenset[tuple[Address, int]]:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or DEFAULT_PORTS.get(parts.scheme, 443)
    try:
        return frozenset({(ip_address(host), port)})
    except ValueError:
        pass  # it is a name
    try:
        return frozenset((address, port) for address in addresses_of(host, port, seconds=LOOKUP_SECONDS))
    except NoAddress:
        return frozenset()
