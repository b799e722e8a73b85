"""What a user is told about a release: the objects that were made and the chart's notes.

Invariant: the text is bounded, and holds no values and no manifest.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_LIMIT = 32_000
_SHOWN = 40
_KIND = re.compile(r"^kind:[ \t]*[\"']?([A-Za-z]\w*)", re.MULTILINE)
_NAME = re.compile(r"^metadata:[ \t]*\n(?:[ \t]+.*\n)*?[ \t]+name:[ \t]*[\"']?([^\s\"'#]+)", re.MULTILINE)


def release_report(*, release: str, revision: int, status: str, manifest: str, notes: str) -> str:
    """Return the text for a task's `reason`."""
    objects = objects_of(manifest)
    lines = [f"Release {release}, revision {revision}: {status}."]
    if objects:
        lines += ["", f"{len(objects)} objects:", *(f"  {line}" for line in _by_kind(objects))]
    if notes.strip():
        lines += ["", "Notes:", notes.strip()]
    return bounded("\n".join(lines))


def objects_of(manifest: str) -> Sequence[tuple[str, str]]:
    """Return kind and name of every object, by pattern: parsing a megabyte of YAML would take a minute."""
    found: list[tuple[str, str]] = []
    for document in re.split(r"^---.*$", manifest, flags=re.MULTILINE):
        kind, name = _KIND.search(document), _NAME.search(document + "\n")
        if kind is not None:
            found.append((kind.group(1), name.group(1) if name else "?"))
    return found


def bounded(text: str, limit: int = _LIMIT) -> str:
    """Return the text, its middle left out when it is longer than ``limit`` characters."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n… {len(text) - 2 * half} characters left out …\n{text[-half:]}"


def _by_kind(objects: Sequence[tuple[str, str]]) -> Sequence[str]:
    lines: list[str] = []
    for kind in Counter(kind for kind, _ in objects):
        names = [name for found, name in objects if found == kind]
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        lines.append(f"{kind}: {', '.join(names[:_SHOWN])}{more}")
    return lines
