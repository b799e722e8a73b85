"""The addresses and names that people write and browsers show: what they must be, so that a click runs no script.

Invariant: text that is saved through the API leads a browser to http and https only. What was saved before this rule
stays; it is checked when it changes.

Source: docs/contract/http-api.md, "Addresses that are shown".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import urlsplit

from platz.charts.reading.problems import quoted
from platz.errors import Rejected

MAX_DESTINATIONS = 2000
"""The number of links in one text; nobody reads more."""

_DOMAIN = re.compile(
    r"(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*",
    re.ASCII | re.IGNORECASE,
)
_ICON = re.compile(r"[a-z0-9][a-z0-9 _-]{0,99}", re.ASCII | re.IGNORECASE)
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.ASCII | re.IGNORECASE)
_IGNORED_BY_BROWSERS = re.compile(r"[\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202f\ufeff]")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_WEB = ("http", "https")

# Where Markdown and the HTML in it name an address (CommonMark 0.31, "Links", "Autolinks", "Raw HTML").
_DESTINATIONS = (
    re.compile(r"\]\(\s*<?([^)<>]*)"),
    re.compile(r"\]:\s*<?([^\s<>]*)"),
    re.compile(r"<([a-z][a-z0-9+.-]{1,31}:[^<>]*)>", re.ASCII | re.IGNORECASE),
    re.compile(
        r"\b(?:href|src|action|formaction|data|poster|background|srcset)\s*=\s*(?:\"([^\"]*)|'([^']*)|([^\s\"'>]+))",
        re.IGNORECASE,
    ),
)


def check_web_address(text: str, field: str) -> None:
    """Raise `Rejected` for what is no http or https address with a host."""
    try:
        parts = urlsplit(text)
        is_web = parts.scheme in _WEB and bool(parts.hostname)
    except ValueError:
        is_web = False
    if not is_web or _IGNORED_BY_BROWSERS.search(text):
        raise Rejected(f"{field} must be an address that begins with http:// or https://", field=field)


def check_domain(text: str, field: str) -> None:
    """Raise `Rejected` for what is no DNS name."""
    if not _DOMAIN.fullmatch(text):
        raise Rejected(f"{field} must be a domain, such as apps.example.com", field=field)


def check_icon(text: str, field: str) -> None:
    """Raise `Rejected` for what is not the name of a FontAwesome icon."""
    if text and not _ICON.fullmatch(text):
        raise Rejected(
            f"{field} must be the name of an icon: letters, digits, spaces and hyphens", field=field
        )


def check_markdown(text: str, field: str) -> None:
    """Raise `Rejected` for a Markdown text with a link that leads elsewhere than to http, https or the same site."""
    for number, destination in enumerate(_destinations(text)):
        scheme = _SCHEME.match(_as_a_browser_reads(destination))
        if number >= MAX_DESTINATIONS:
            raise Rejected(f"{field} has more than {MAX_DESTINATIONS} links", field=field)
        if scheme and scheme[1].lower() not in _WEB:
            raise Rejected(
                f"{field} has a link to {quoted(scheme[0])}; only http:// and https:// links are allowed",
                field=field,
            )


def _destinations(text: str) -> Iterator[str]:
    for pattern in _DESTINATIONS:
        for found in pattern.finditer(text):
            yield next((group for group in found.groups() if group is not None), "")


def _as_a_browser_reads(destination: str) -> str:
    return _IGNORED_BY_BROWSERS.sub("", _ESCAPED.sub(r"\1", unescape(destination)))
