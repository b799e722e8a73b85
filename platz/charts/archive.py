"""The files of a chart that matter to Platz, read safely from an archive or a directory.

Invariant: only the files in `KEPT_FILES` are kept, each as its bytes or as the reason why it can't be read. Nothing
outside the chart is ever read, and nothing is written anywhere.

Source: docs/contract/chart-extensions.md, "Files that are read".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from platz.charts.documents.chart_metadata import CHART_FILE
from platz.charts.reading.problems import quoted
from platz.charts.reading.syntax import MAX_FILE_BYTES, MAX_VALUES_BYTES
from platz.charts.reading.tar_stream import Member, MemberKind, TarStream, UnsafeArchive

EXTENSION_DIRECTORY = "platz"
NEW_LAYOUT = ("platz/values-ui.yaml", "platz/actions.yaml", "platz/features.yaml", "platz/resources.yaml")
LEGACY_LAYOUT = ("values.ui.json", "actions.schema.json", "features.json")
VALUES_FILE = "values.yaml"
VALUES_SCHEMA_FILE = "values.schema.json"
KEPT_FILES = frozenset({CHART_FILE, *NEW_LAYOUT, *LEGACY_LAYOUT, VALUES_FILE, VALUES_SCHEMA_FILE})

MAX_ARCHIVE_BYTES = 64 * 1024 * 1024
MAX_TEMPLATE_BYTES = 1024 * 1024
_TEMPLATES = "templates/"
_MAX_NAMES = 500
_IS_DIRECTORY = "It is a directory."
_PREFIX_LIKE_OURS = re.compile(rf"^\W?{EXTENSION_DIRECTORY}/", re.IGNORECASE)
"""Matches the beginning of names in directories that authors may take for the one that is read."""
_MAX_BYTES = {VALUES_FILE: MAX_VALUES_BYTES, VALUES_SCHEMA_FILE: MAX_VALUES_BYTES}


@dataclass(frozen=True)
class Unreadable:
    """A file that exists but can't be read."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class ChartFiles:
    """The files of a chart, by name relative to its root."""

    files: Mapping[str, bytes | Unreadable]
    has_extension_directory: bool
    names: tuple[str, ...] = field(default=())
    """Names at the root and in ``platz``, for telling authors which files are not read."""
    templates: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    """The chart's own templates up to `MAX_TEMPLATE_BYTES` in all, for telling authors which values they misspell."""


def unpack(archive: bytes) -> ChartFiles:
    """Read a chart's ``.tgz``; raise `UnsafeArchive`."""
    if len(archive) > MAX_ARCHIVE_BYTES:
        raise UnsafeArchive(f"The archive is larger than {MAX_ARCHIVE_BYTES // 1024**2} MiB.")
    stream = TarStream(archive)
    collected = _Collected()
    root: str | None = None
    for member in stream.members():
        segments = _segments(member)
        if not segments:
            continue
        first, *inside = segments
        if root not in {None, first}:
            raise UnsafeArchive("The archive does not hold exactly one directory.")
        root = first
        if inside:
            collected.add("/".join(inside), member, stream)
        elif member.kind is MemberKind.FILE:
            raise UnsafeArchive("The archive does not hold exactly one directory.")
    if root is None:
        raise UnsafeArchive("The archive is empty.")
    return collected.chart_files()


def read_directory(directory: Path) -> ChartFiles:
    """Read an unpacked chart; raise `UnsafeArchive` if the path is not a directory."""
    if not directory.is_dir():
        raise UnsafeArchive(f"{quoted(str(directory))} is not a directory.")
    root = directory.resolve()
    files = {name: _read(root, name) for name in sorted(KEPT_FILES)}
    templates = (path.relative_to(root).as_posix() for path in sorted((root / _TEMPLATES).rglob("*")))
    read = {name: _read(root, name) for name in islice(templates, _MAX_NAMES)}
    return ChartFiles(
        files={name: content for name, content in files.items() if content is not None},
        has_extension_directory=(root / EXTENSION_DIRECTORY).is_dir(),
        names=tuple(_names(root)),
        templates={name: content for name, content in read.items() if isinstance(content, bytes)},
    )


class _Collected:
    def __init__(self) -> None:
        self._files: dict[str, bytes | Unreadable] = {}
        self._has_extension_directory = False
        self._names: list[str] = []
        self._templates: dict[str, bytes] = {}
        self._room_for_templates = MAX_TEMPLATE_BYTES

    def add(self, name: str, member: Member, stream: TarStream) -> None:
        is_directory = member.kind is MemberKind.DIRECTORY
        if name.startswith(f"{EXTENSION_DIRECTORY}/") or (is_directory and name == EXTENSION_DIRECTORY):
            self._has_extension_directory = True
        if "/" not in _PREFIX_LIKE_OURS.sub("", name) and len(self._names) < _MAX_NAMES:
            self._names.append(name)
        parent = next((kept for kept in KEPT_FILES if name.startswith(f"{kept}/")), None)
        if parent is not None:
            self._files[parent] = Unreadable(_IS_DIRECTORY)
        elif name in KEPT_FILES:
            self._keep(name, member, stream)
        elif name.startswith(_TEMPLATES) and member.kind is MemberKind.FILE:
            self._keep_template(name, member, stream)

    def _keep(self, name: str, member: Member, stream: TarStream) -> None:
        if member.kind is MemberKind.DIRECTORY:
            self._files[name] = Unreadable(_IS_DIRECTORY)
            return
        if name in self._files:
            raise UnsafeArchive(f"The archive has the file {quoted(name)} twice.")
        self._files[name] = _too_large(name, member.size) or stream.content()

    def _keep_template(self, name: str, member: Member, stream: TarStream) -> None:
        if member.size <= self._room_for_templates:
            self._templates[name] = stream.content()
            self._room_for_templates -= member.size

    def chart_files(self) -> ChartFiles:
        return ChartFiles(
            files=self._files,
            has_extension_directory=self._has_extension_directory,
            names=tuple(sorted(self._names)),
            templates=self._templates,
        )


def _segments(member: Member) -> list[str]:
    """Split a member's name (``./`` gives no segments); raise `UnsafeArchive` if it is unusable or leaves the chart."""
    if "\0" in member.name:
        raise UnsafeArchive("The archive has a member with a NUL character in its name.")
    separator = "\\" if "\\" in member.name else "/"  # archives made on Windows
    if member.name.startswith(separator) or member.name[1:2] == ":":
        raise UnsafeArchive(f"The archive has the absolute path {quoted(member.name)} in it.")
    segments = [segment for segment in member.name.split(separator) if segment not in {"", "."}]
    if ".." in segments:
        raise UnsafeArchive(
            f"The archive has the path {quoted(member.name)} in it, which leads out of the chart."
        )
    if not segments and member.kind is MemberKind.FILE:
        raise UnsafeArchive("The archive has a member without a usable name.")
    return segments


def _read(root: Path, name: str) -> bytes | Unreadable | None:
    path = root / name
    if not path.exists() and not path.is_symlink():
        return None
    if not path.resolve().is_relative_to(root):
        return Unreadable("It is a link that leads out of the chart.")
    if not path.is_file():
        return Unreadable(_IS_DIRECTORY if path.is_dir() else "It is not a file.")
    try:
        return _too_large(name, path.stat().st_size) or path.read_bytes()
    except OSError as error:
        return Unreadable(f"It can't be read ({error.strerror}).")


def _too_large(name: str, size: int) -> Unreadable | None:
    limit = _MAX_BYTES.get(name, MAX_FILE_BYTES)
    return Unreadable(f"It is larger than {limit // 1024} KiB.") if size > limit else None


def _names(root: Path) -> Iterator[str]:
    for path in sorted(root.iterdir())[:_MAX_NAMES]:
        yield path.name
        if path.is_dir() and _PREFIX_LIKE_OURS.match(f"{path.name}/"):
            yield from (f"{path.name}/{inside.name}" for inside in sorted(path.iterdir())[:_MAX_NAMES])
