"""Read a chart's files into the documents that are stored with the chart's row.

Invariant: one unreadable file discards all extensions and the metadata, and the error names that file. A warning
never discards anything.

Source: docs/contract/chart-extensions.md, "Files and versions".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from platz.charts.archive import (
    EXTENSION_DIRECTORY,
    LEGACY_LAYOUT,
    NEW_LAYOUT,
    ChartFiles,
    Unreadable,
    unpack,
)
from platz.charts.documents.actions import ActionsDocument, parse_actions
from platz.charts.documents.chart_metadata import CHART_FILE, ChartMetadata, parse_chart_metadata
from platz.charts.documents.features import FeaturesDocument, parse_features
from platz.charts.documents.resource_types import ResourceType, parse_resource_types, stored_resource_types
from platz.charts.documents.ui_schema import UiSchema, parse_ui_schema
from platz.charts.installability import refusal_of
from platz.charts.linting.advice import advice_on
from platz.charts.parsed_chart import ParsedChart, ParsedFile
from platz.charts.reading.problems import InvalidDocument, Place, Problem, Severity, invalid
from platz.charts.reading.syntax import lines_of, read_json_file, read_yaml_file
from platz.charts.reading.tar_stream import UnsafeArchive
from platz.json import JsonValue

T = TypeVar("T")

_MAX_WARNINGS = 50


@dataclass(frozen=True, kw_only=True)
class ReadChart:
    """The parts of a chart that are stored; with an ``error``, everything else but ``warnings`` is None."""

    values_ui: JsonValue = None
    actions_schema: JsonValue = None
    features: JsonValue = None
    resource_types: JsonValue = None
    error: str | None = None
    metadata: ChartMetadata | None = None
    warnings: tuple[str, ...] = ()
    """Sentences for the chart's author; the chart can be used despite them."""


@dataclass(frozen=True, kw_only=True)
class Examination:
    """A chart as Platz understands it (None if it has errors), and everything that is wrong with it."""

    chart: ParsedChart | None
    problems: tuple[Problem, ...]

    def errors(self) -> list[Problem]:
        """Return the problems that make Platz refuse the chart."""
        return [problem for problem in self.problems if problem.severity is Severity.ERROR]

    def warnings(self) -> list[Problem]:
        """Return the problems that don't make Platz refuse the chart."""
        return [problem for problem in self.problems if problem.severity is Severity.WARNING]


def read_chart(archive: bytes) -> ReadChart:
    """Read a chart's archive; never raise for bad content, but report it as ``error``."""
    return _read_archive(archive, read_files)


def read_installable_chart(archive: bytes) -> ReadChart:
    """Read a chart as `read_chart`; report also as ``error`` that Helm refuses to install it."""
    return _read_archive(archive, _read_installable_files)


def _read_archive(archive: bytes, read: Callable[[ChartFiles], ReadChart]) -> ReadChart:
    try:
        return read(unpack(archive))
    except UnsafeArchive as error:
        return ReadChart(error=error.message)


def _read_installable_files(files: ChartFiles) -> ReadChart:
    read = read_files(files)
    refusal = refusal_of(files) if read.error is None else None
    return ReadChart(error=refusal, warnings=read.warnings) if refusal else read


def read_files(files: ChartFiles) -> ReadChart:
    """Read an unpacked chart; report what is wrong with it as ``error``."""
    examination = examine(files)
    errors, chart = examination.errors(), examination.chart
    warnings = tuple(problem.sentence() for problem in examination.warnings()[:_MAX_WARNINGS])
    if chart is None:
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        return ReadChart(error=errors[0].sentence() + more, warnings=warnings)
    return ReadChart(
        values_ui=chart.ui_schema.stored if chart.ui_schema else None,
        actions_schema=chart.actions.stored if chart.actions else None,
        features=chart.features.stored if chart.features else None,
        resource_types=chart.resource_types.stored if chart.resource_types else None,
        metadata=chart.metadata,
        warnings=warnings,
    )


def examine(files: ChartFiles) -> Examination:
    """Read every file of a chart and gather all problems, those of Chart.yaml first."""
    reader = _Reader(files)
    metadata = reader.metadata()
    ui_schema = reader.file(0, parse_ui_schema, UiSchema.stored)
    actions = reader.file(1, parse_actions, ActionsDocument.stored)
    features = reader.file(2, parse_features, FeaturesDocument.stored)
    resource_types: ParsedFile[tuple[ResourceType, ...]] | None = None
    if files.has_extension_directory:
        resource_types = reader.file(3, parse_resource_types, stored_resource_types, empty=[])
    if reader.problems or metadata is None:
        return Examination(chart=None, problems=tuple(reader.problems))
    chart = ParsedChart(
        metadata=metadata,
        ui_schema=ui_schema,
        actions=actions,
        features=features,
        resource_types=resource_types,
    )
    return Examination(chart=chart, problems=tuple(_located(advice_on(chart, files), files)))


class _Reader:
    def __init__(self, files: ChartFiles) -> None:
        self._files = files.files
        self._layout = NEW_LAYOUT if files.has_extension_directory else LEGACY_LAYOUT
        self.problems: list[Problem] = []

    def metadata(self) -> ChartMetadata | None:
        if CHART_FILE not in self._files:
            self._add(CHART_FILE, invalid("The file was not found.", "Every chart has it at its root."), b"")
        return self._parsed(CHART_FILE, parse_chart_metadata)

    def file(
        self,
        position: int,
        parse: Callable[[JsonValue], T],
        store: Callable[[T], JsonValue],
        *,
        empty: JsonValue = None,
    ) -> ParsedFile[T] | None:
        """Read a file of the layout; an empty YAML file means ``empty``, or is refused if that is None."""
        name = self._layout[position]

        def read(content: bytes) -> ParsedFile[T]:
            written = _written(name, content, empty)
            parsed = parse(written)
            return ParsedFile(name=name, written=written, parsed=parsed, stored=store(parsed))

        return self._parsed(name, read)

    def _parsed(self, name: str, read: Callable[[bytes], T]) -> T | None:
        content = self._files.get(name)
        try:
            match content:
                case bytes():
                    return read(content)
                case Unreadable():
                    raise invalid(content.reason, "Make it a readable text file.")
                case None:
                    return None
        except InvalidDocument as error:
            self._add(name, error, content if isinstance(content, bytes) else b"")
            return None

    def _add(self, name: str, error: InvalidDocument, content: bytes) -> None:
        lines = lines_of(content) if any(complaint.line is None for complaint in error.complaints) else {}
        for complaint in error.complaints:
            located = replace(complaint, line=complaint.line or _line(lines, complaint.place))
            self.problems.append(Problem(severity=Severity.ERROR, file=name, complaint=located))


def _written(name: str, content: bytes, empty: JsonValue) -> JsonValue:
    if not name.startswith(f"{EXTENSION_DIRECTORY}/"):
        return read_json_file(content)
    document = read_yaml_file(content)
    if document.is_empty and empty is None:
        raise invalid("The file is empty.", "Fill it in, or remove it.")
    return empty if document.is_empty else document.value


def _located(problems: list[Problem], files: ChartFiles) -> list[Problem]:
    """Add line numbers to the problems, and sort them by file and line."""
    lines: dict[str, dict[Place, int]] = {}
    for name in {problem.file for problem in problems}:
        content = files.files.get(name)
        lines[name] = lines_of(content) if isinstance(content, bytes) else {}
    located: list[Problem] = []
    for problem in problems:
        line = problem.complaint.line or _line(lines[problem.file], problem.complaint.place)
        located.append(replace(problem, complaint=replace(problem.complaint, line=line)))
    return sorted(located, key=lambda problem: (problem.file, problem.complaint.line or 0))


def _line(lines: dict[Place, int], place: Place) -> int | None:
    """Return the line of a place, or else that of its nearest enclosing place."""
    for length in range(len(place), 0, -1):
        if place[:length] in lines:
            return lines[place[:length]]
    return None
