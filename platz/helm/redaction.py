"""Removes secrets from text that comes from Helm or from a deployment.

Invariant: the result holds none of the given texts, neither plain nor in a spelling in which programs print it
(base64, hexadecimal, quoted, escaped, URL-encoded), nor a long line of a text of several lines; nor anything that shows
one of them when it is decoded as base64, such as `user:password` of a registry. It holds no JWT, whoever issued it: a
chart can read the deployment's own token and print it.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from typing import NewType
from urllib.parse import quote, quote_plus

Redacted = NewType("Redacted", str)
"""Text that holds no declared secret any more."""

MASK = "[secret]"
_SHORT = 4
_LONG_LINE = 8
_JWT = re.compile(r"eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]+")
_ENCODED = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
_STANDARD_TO_URL = str.maketrans("+/", "-_")
_NESTED = 3
"""How many times in one another encodings are looked into: a pull secret holds base64 in base64."""
_ESCAPED_BYTE = re.compile(r"%[0-9A-F]{2}")


class Redactor:
    """Removes the given secrets from any number of texts."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """Secrets shorter than four characters are removed only where they stand alone."""
        spellings = {spelling for secret in secrets if secret for spelling in _spellings(secret)}
        longest_first = sorted(spellings, key=len, reverse=True)
        self._pattern = re.compile("|".join([*map(_pattern, longest_first), _JWT.pattern]))
        long = [re.escape(text) for text in longest_first if len(text) >= _SHORT]
        self._inside = re.compile("|".join([*long, _JWT.pattern]))

    def __call__(self, text: str) -> Redacted:
        """Return ``text`` without the secrets."""
        decoded = _ENCODED.sub(lambda run: MASK if self._shows_secret(run.group()) else run.group(), text)
        return Redacted(self._pattern.sub(MASK, decoded))

    def _shows_secret(self, run: str, depth: int = 1) -> bool:
        """Tell whether a run of base64 holds a secret; the run may begin before the encoded text does."""
        return any(
            self._inside.search(text)
            or (
                depth < _NESTED
                and any(self._shows_secret(found, depth + 1) for found in _ENCODED.findall(text))
            )
            for text in _decoded(run)
        )


def _decoded(run: str) -> Iterator[str]:
    """Yield what a run means when the first, second, third or fourth character begins the encoded text."""
    characters = run.rstrip("=").translate(_STANDARD_TO_URL)
    for start in range(4):
        piece = characters[start:]
        piece = piece[: len(piece) - (len(piece) % 4 == 1)]
        yield base64.urlsafe_b64decode(piece + "=" * (-len(piece) % 4)).decode(errors="replace")


def _spellings(secret: str) -> Iterator[str]:
    lines = [line.strip() for line in secret.splitlines()] if "\n" in secret else []
    for text in [secret, *(line for line in lines if len(line) >= _LONG_LINE)]:
        yield text
        if len(text) < _SHORT:
            continue
        encoded = base64.b64encode(text.encode())
        yield from (encoded.decode(), encoded.rstrip(b"=").decode())
        yield base64.urlsafe_b64encode(text.encode()).decode()
        yield from (text.encode().hex(), text.encode().hex().upper())
        for escaped in (json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]):
            yield from (escaped, escaped.replace("/", "\\/"))
        for quoted in (quote(text, safe=""), quote(text), quote_plus(text)):
            yield from (quoted, _ESCAPED_BYTE.sub(lambda found: found[0].lower(), quoted))
        yield from (text.replace("'", "''"), html.escape(text))


def _pattern(text: str) -> str:
    escaped = re.escape(text)
    return escaped if len(text) >= _SHORT else rf"(?<!\w){escaped}(?!\w)"
