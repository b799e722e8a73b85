"""Web addresses: the names of this machine, and the normal form of URLs.

Invariant: these functions only work on text; none connects or looks up a name.
"""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

LOOPBACK = "127.0.0.1"
LOOPBACK_NAMES = (LOOPBACK, "localhost", "[::1]")
"""The host names by which URLs refer to this machine."""

DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443, "ftp": 21}
"""The default port of each scheme, which a URL may leave out."""

_WEB_SCHEMES = ("http", "https")


def origin_of(url: str) -> tuple[str, str] | None:
    """Return scheme and authority as browsers write them (RFC 6454); None if it is no web address (such as `null`)."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme not in _WEB_SCHEMES or not parts.netloc:
        return None
    return parts.scheme, authority_of(parts.scheme, parts.netloc)


def authority_of(scheme: str, netloc: str) -> str:
    """Return the host in lower case with its port, as in `Host` and `Origin`: a default port is left out."""
    authority = netloc.rpartition("@")[2].lower()
    return authority.removesuffix(f":{DEFAULT_PORTS[scheme]}") if scheme in DEFAULT_PORTS else authority


def normalised_url(url: str) -> str:
    """Return the normal form of an absolute URL: scheme and host in lower case, no default port, and a slash after a
    bare origin.
    """
    parts = urlsplit(url.strip())
    person, at, _ = parts.netloc.rpartition("@")
    netloc = f"{person}{at}{authority_of(parts.scheme, parts.netloc)}"
    return urlunsplit((parts.scheme, netloc, parts.path or "/", parts.query, parts.fragment))
