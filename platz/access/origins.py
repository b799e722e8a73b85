"""Origins as browsers write them (RFC 6454): the host in lower case, without the scheme's own port.

Invariant: two addresses of one place have one origin, however the installation's own address was written.
"""

from __future__ import annotations

from urllib.parse import urlsplit

_OWN_PORTS = {"http": ":80", "https": ":443"}


def origin_of(url: str) -> tuple[str, str] | None:
    """Return scheme and authority; None for what is no web address (`null`, for one)."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme not in _OWN_PORTS or not parts.netloc:
        return None
    return parts.scheme, authority_of(parts.scheme, parts.netloc)


def authority_of(scheme: str, netloc: str) -> str:
    """Return the host with its port, as `Host` and `Origin` name it."""
    return netloc.rpartition("@")[2].lower().removesuffix(_OWN_PORTS[scheme])
