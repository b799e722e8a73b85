"""Limits for those who have no valid credential: how often one address may ask, and guess.

Invariant: a request with a valid credential is never refused here, so people behind one shared address are not shut out
by a stranger among them. What is remembered is bounded, whatever the number of addresses.

Source: docs/contract/http-api.md, "Being stopped".
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address, ip_network

from platz.errors import PlatzError

MAX_ADDRESSES = 20_000
"""The number of addresses that are remembered; the one that has been quiet for longest is forgotten first."""

_IPV6_PREFIX = 64
"""The bits of an IPv6 address that stand for a network: one machine may use all the others."""


class TooManyRequests(PlatzError):
    """Too many requests come from this address."""

    def __init__(self, message: str, *, retry_after: int) -> None:
        """Take the seconds after which the next request is allowed."""
        super().__init__(message)
        self.retry_after = retry_after


class RateLimit:
    """At most ``per_minute`` requests a minute for each address, all of which may come at once. Thread-safe."""

    def __init__(self, per_minute: int, refusal: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_minute = per_minute
        self._refusal = refusal
        self._clock = clock
        self._lock = threading.Lock()
        self._free_at: OrderedDict[str, float] = OrderedDict()

    def take(self, address: str | None) -> None:
        """Count one request of the address; raise `TooManyRequests` when it has none left.

        Each address owes a time: a request adds what it costs, and one that would owe more than a minute is refused.
        """
        cost, network = 60.0 / self._per_minute, network_of(address)
        with self._lock:
            now = self._clock()
            free_at = max(self._free_at.get(network, now), now) + cost
            if free_at - now > 60.0 + cost / 2:
                wait = math.ceil(free_at - now - 60.0)
                raise TooManyRequests(f"{self._refusal} Try again in {wait} s.", retry_after=wait)
            self._free_at[network] = free_at
            self._free_at.move_to_end(network)
            if len(self._free_at) > MAX_ADDRESSES:
                self._free_at.popitem(last=False)


def network_of(address: str | None) -> str:
    """Return what counts as one address: an IPv4 address, or the network of an IPv6 address."""
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return address or "unknown"
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ip_network((int(parsed), _IPV6_PREFIX), strict=False))


def anonymous_limit(per_minute: int) -> RateLimit:
    """Return the limit for routes that need no credential."""
    return RateLimit(
        per_minute,
        "Too many requests without a sign-in come from this address"
        " (PLATZ_ANONYMOUS_REQUESTS_PER_MINUTE limits them, so that strangers can't hold up others).",
    )


def failed_token_limit(per_minute: int) -> RateLimit:
    """Return the limit for credentials that are not valid."""
    return RateLimit(
        per_minute,
        "Too many invalid credentials come from this address"
        " (PLATZ_FAILED_TOKENS_PER_MINUTE limits them, so that nobody can guess one).",
    )


@dataclass(frozen=True, kw_only=True)
class RateLimits:
    """The limits of one process."""

    anonymous: RateLimit = field(default_factory=lambda: anonymous_limit(6000))
    failed_tokens: RateLimit = field(default_factory=lambda: failed_token_limit(6000))
