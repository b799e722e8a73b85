"""Addresses on the web: the names of this machine, and one spelling for two addresses of one place.

Invariant: these are functions of text; nothing here connects or looks anything up.
"""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

LOOPBACK = "127.0.0.1"
LOOPBACK_NAMES = (LOOPBACK, "localhost", "[::1]")
"""How addresses name this machine itself."""

DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443, "ftp": 21}
"""By scheme: the port that an address need not name."""

_WEB_SCHEMES = ("http", "https")


def origin_of(url: str) -> tuple[str, str] | None:
    """Return scheme and authority as browsers write them (RFC 6454); None for what is no web address (`null`)."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme not in _WEB_SCHEMES or not parts.netloc:
        return None
    return parts.scheme, authority_of(parts.scheme, parts.netloc)


def authority_of(scheme: str, netloc: str) -> str:
    """Return the host in lower case with its port, as `Host` and `Origin` name it: without the scheme's own port."""
    authority = netloc.rpartition("@")[2].lower()
    return authority.removesuffix(f":{DEFAULT_PORTS[scheme]}") if scheme in DEFAULT_PORTS else authority


def normalised_url(url: str) -> str:
    """Write an absolute address the usual way: scheme and host in lower case, without the scheme's own port, a bare
    origin with a slash.
    """
    parts = urlsplit(url.strip())
    person, at, _ = parts.netloc.rpartition("@")
    netloc = f"{person}{at}{authority_of(parts.scheme, parts.netloc)}"
    return urlunsplit((parts.scheme, netloc, parts.path or "/", parts.query, parts.fragment))
