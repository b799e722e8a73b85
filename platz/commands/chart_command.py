"""`platz chart`: commands that show chart authors how Platz reads a chart.

Invariant: the commands work on files alone, without settings, database or network; `check` exits with 1 if the chart
can't be read or Platz would store it with an error, else with 0.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import orjson

from platz.charts.archive import MAX_ARCHIVE_BYTES, ChartFiles, read_directory, unpack
from platz.charts.chart import Examination, examine
from platz.charts.documents.actions import find_action
from platz.charts.linting.chart_summary import summary_lines
from platz.charts.reading.problems import Complaint, InvalidDocument, Problem, Severity, place_text
from platz.charts.reading.syntax import read_json_file, read_yaml_file
from platz.charts.reading.tar_stream import UnsafeArchive
from platz.charts.rendering.action_bodies import action_body
from platz.charts.rendering.item_rows import CollectionRows, parse_collection_rows
from platz.charts.rendering.outputs import render_secrets, render_values
from platz.errors import NotFound, PlatzError, Rejected
from platz.json import JsonObject, JsonValue

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]

_SAMPLE_ENV = "00000000-0000-4000-8000-000000000000"


def add_commands(subparsers: Subparsers) -> None:
    """Register ``chart check`` and ``chart render``."""
    chart = subparsers.add_parser("chart", help="check and try out a Helm chart's Platz files")
    commands = chart.add_subparsers(dest="chart_command", required=True)
    _add_check(commands)
    _add_render(commands)


def _add_check(commands: Subparsers) -> None:
    check = commands.add_parser("check", help="tell what Platz understands of a chart, and every problem")
    check.add_argument("chart", type=Path, help="a chart's directory or its .tgz")
    check.add_argument("--json", action="store_true", help="print JSON for other programs")
    check.set_defaults(handler=_check)


def _add_render(commands: Subparsers) -> None:
    render = commands.add_parser("render", help="show the values and secrets that inputs lead to")
    render.add_argument("chart", type=Path, help="a chart's directory or its .tgz")
    render.add_argument("--inputs", type=Path, required=True, help="the inputs, as JSON or YAML")
    render.add_argument("--action", metavar="ID", help="show the body of this action's request instead")
    render.add_argument(
        "--collections", type=Path, help="rows of deployments, secrets, resource_types, resources"
    )
    render.add_argument(
        "--env-id", type=UUID, default=UUID(_SAMPLE_ENV), help="the environment of those rows"
    )
    render.set_defaults(handler=_render)


def _check(arguments: argparse.Namespace) -> int:
    try:
        examination = examine(_chart_files(arguments.chart))
    except PlatzError as error:
        if arguments.json:
            _print_json({"ok": False, "problems": [_problem(_unreadable(arguments.chart, error))]})
        return _refuse(error)
    _print_json(_report(examination)) if arguments.json else _print_report(examination)
    return 1 if examination.errors() else 0


def _render(arguments: argparse.Namespace) -> int:
    try:
        _print_json(_rendered(arguments))
    except PlatzError as error:
        return _refuse(error)
    return 0


def _rendered(arguments: argparse.Namespace) -> JsonValue:
    examination = examine(_chart_files(arguments.chart))
    chart = examination.chart
    if chart is None:
        raise Rejected(examination.errors()[0].sentence())
    inputs = _document(arguments.inputs)
    rows = _collection_rows(arguments.collections) if arguments.collections else CollectionRows()
    if arguments.action is not None:
        stored = chart.actions.stored if chart.actions else None
        action = find_action(stored, arguments.action)
        return {"body": action_body(action, inputs, env_id=arguments.env_id, collections=rows)}
    if chart.ui_schema is None:
        return {"values": {"config": inputs}, "secrets": {}}  # as for a deployment whose chart has no form
    schema = chart.ui_schema.parsed
    secrets: JsonObject = {
        name: dict(keys)
        for name, keys in render_secrets(
            schema, env_id=arguments.env_id, config=inputs, collections=rows
        ).items()
    }
    values = render_values(schema, env_id=arguments.env_id, config=inputs, collections=rows)
    return {"values": values, "secrets": secrets}


def _chart_files(chart: Path) -> ChartFiles:
    if chart.is_dir():
        return read_directory(chart)
    try:
        if chart.stat().st_size > MAX_ARCHIVE_BYTES:
            raise UnsafeArchive(f"The archive is larger than {MAX_ARCHIVE_BYTES // 1024**2} MiB.")
        return unpack(chart.read_bytes())
    except OSError as error:
        raise NotFound(f"{chart} can't be read: {error.strerror}.") from error


def _document(file: Path) -> JsonValue:
    """Read a user's file: as JSON if its name ends with `.json`, otherwise as YAML."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise NotFound(f"{file} can't be read: {error.strerror}.") from error
    try:
        return read_json_file(content) if file.suffix == ".json" else read_yaml_file(content).value
    except InvalidDocument as error:
        raise Rejected(f"{file}: {error.message}") from error


def _collection_rows(file: Path) -> CollectionRows:
    document = _document(file)
    try:
        return parse_collection_rows(document)
    except InvalidDocument as error:
        raise Rejected(f"{file}: {error.message}") from error


def _report(examination: Examination) -> JsonValue:
    chart = examination.chart
    documents: JsonObject = {}
    if chart:
        documents = {
            "metadata": chart.metadata.stored(),
            "values_ui": chart.ui_schema.stored if chart.ui_schema else None,
            "actions_schema": chart.actions.stored if chart.actions else None,
            "features": chart.features.stored if chart.features else None,
            "resource_types": chart.resource_types.stored if chart.resource_types else None,
        }
    problems: list[JsonValue] = [_problem(problem) for problem in examination.problems]
    return {"ok": not examination.errors(), **documents, "problems": problems}


def _unreadable(chart: Path, error: PlatzError) -> Problem:
    complaint = Complaint(place=(), message=error.message, remedy="")
    return Problem(severity=Severity.ERROR, file=chart.name, complaint=complaint)


def _problem(problem: Problem) -> JsonObject:
    return {
        "severity": problem.severity.value,
        "file": problem.file,
        "place": place_text(problem.complaint.place),
        "line": problem.complaint.line,
        "message": problem.complaint.message,
        "remedy": problem.complaint.remedy,
    }


def _print_report(examination: Examination) -> None:
    if examination.chart:
        print("\n".join(summary_lines(examination.chart)))
    for problem in examination.problems:
        print(f"{problem.severity.value}: {problem.sentence()}")
    errors, warnings = len(examination.errors()), len(examination.warnings())
    print(f"{errors} error{'' if errors == 1 else 's'}, {warnings} warning{'' if warnings == 1 else 's'}")


def _print_json(document: JsonValue) -> None:
    print(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())


def _refuse(error: PlatzError) -> int:
    print(f"error: {error.message}", file=sys.stderr)
    return 1
