"""Removes secrets from text that comes from Helm.

Invariant: the result holds none of the given texts, neither plain nor in a spelling in which Kubernetes and Helm
print it (base64, quoted, URL-encoded), nor a long line of a text of several lines.
"""

from __future__ import annotations

import base64
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


class Redactor:
    """Removes the given secrets from any number of texts."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """Secrets shorter than four characters are removed only where they stand alone."""
        spellings = {spelling for secret in secrets if secret for spelling in _spellings(secret)}
        longest_first = sorted(spellings, key=len, reverse=True)
        self._pattern = re.compile("|".join(_pattern(text) for text in longest_first)) if spellings else None

    def __call__(self, text: str) -> Redacted:
        """Return ``text`` without the secrets."""
        return Redacted(text if self._pattern is None else self._pattern.sub(MASK, text))


def _spellings(secret: str) -> Iterator[str]:
    lines = [line.strip() for line in secret.splitlines()] if "\n" in secret else []
    for text in [secret, *(line for line in lines if len(line) >= _LONG_LINE)]:
        yield text
        if len(text) < _SHORT:
            continue
        encoded = base64.b64encode(text.encode())
        yield from (encoded.decode(), encoded.rstrip(b"=").decode())
        yield base64.urlsafe_b64encode(text.encode()).decode()
        yield from (json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1])
        yield from (quote(text, safe=""), quote_plus(text))
        yield text.replace("'", "''")


def _pattern(text: str) -> str:
    escaped = re.escape(text)
    return escaped if len(text) >= _SHORT else rf"(?<!\w){escaped}(?!\w)"
