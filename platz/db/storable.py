"""Makes text that Platz did not write fit for PostgreSQL, which can store neither NUL nor half a surrogate pair.

Invariant: whatever a cluster, a deployment or Helm says, it can be recorded; only what can't be stored is replaced.
What users send is refused instead (`platz.http.requests`).
"""

from __future__ import annotations

import re

_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


def storable(words: str) -> str:
    """Replace what PostgreSQL can't store in text."""
    return words.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def storable_json(document: str) -> str:
    """Replace what PostgreSQL can't store in `jsonb`; takes and gives JSON as text."""
    return _NUL.sub(r"\1\\ufffd", document)
