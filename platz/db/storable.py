"""Replacement of characters that PostgreSQL can't store (NUL and lone surrogates) in texts of other programs.

Invariant: every text of a cluster, a deployment or Helm can be recorded; only characters that can't be stored are
replaced. In the requests of users they are refused instead (`platz.http.requests`).
"""

from __future__ import annotations

import re

_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


def storable(words: str) -> str:
    """Replace NUL by U+FFFD, and lone surrogates by question marks."""
    return words.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def storable_json(document: str) -> str:
    """Replace escaped NUL characters, which `jsonb` can't store, by U+FFFD in the text of a JSON document."""
    return _NUL.sub(r"\1\\ufffd", document)
