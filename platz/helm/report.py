"""The text that a user reads about a release: its objects and the chart's notes.

Invariant: the text is bounded, and holds no values and no manifest.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

_LIMIT = 32_000
_SHOWN = 40
_KIND = re.compile(r"kind:[ \t]*[\"']?([A-Za-z]\w*)")
_NAME = re.compile(r"name:[ \t]*[\"']?([^\s\"'#]+)")
_FLOW_NAME = re.compile(r"metadata:[ \t]*\{(?:[^{}]*,)?[ \t]*name:[ \t]*[\"']?([^\s\"'#,}]+)")


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
    """Return kind and name of every object, read line by line: parsing a megabyte of YAML would take a minute."""
    documents = (_kind_and_name(lines) for lines in _documents(manifest))
    return [(kind, name or "?") for kind, name in documents if kind]


def _documents(manifest: str) -> Iterator[list[str]]:
    lines: list[str] = []
    for line in manifest.splitlines():
        if line.startswith("---"):
            yield lines
            lines = []
        else:
            lines.append(line)
    yield lines


def _kind_and_name(lines: Sequence[str]) -> tuple[str, str]:
    """Return the top-level `kind`, and `name` at the first level below the top-level `metadata`."""
    kind = name = ""
    indent: int | None = None
    in_metadata = False
    for line in lines:
        text = line.lstrip(" ")
        depth = len(line) - len(text)
        if not text or text.startswith("#"):
            continue
        if depth == 0:
            in_metadata, indent = text.startswith("metadata:"), None
            kind = kind or _captured(_KIND, text)
            name = name or _captured(_FLOW_NAME, text)
        elif in_metadata:
            indent = depth if indent is None else indent
            name = name or (_captured(_NAME, text) if depth == indent else "")
    return kind, name


def _captured(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.match(text)
    return found.group(1) if found else ""


def bounded(text: str, limit: int = _LIMIT) -> str:
    """Return the text, without its middle when it is longer than ``limit`` characters."""
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
