"""Advice for the author of a chart that Platz accepts.

Invariant: advice is about what would otherwise go unnoticed: things that Platz ignores, hides or drops, and
deployments that will fail.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from itertools import islice

from platz.charts.archive import EXTENSION_DIRECTORY, LEGACY_LAYOUT, NEW_LAYOUT, ChartFiles
from platz.charts.documents.actions import ActionsDocument
from platz.charts.documents.features import FeaturesDocument, NamedByInput
from platz.charts.documents.resource_types import ResourceType
from platz.charts.documents.ui_schema import UiSchema
from platz.charts.documents.versions import Version
from platz.charts.linting.schema_advice import advice_on_inputs, advice_on_outputs
from platz.charts.parsed_chart import ParsedChart
from platz.charts.reading.problems import Complaint, Place, Problem, Severity, quoted
from platz.json import JsonValue

_MIN_REFRESH_SECONDS = 15
_MAX_FOR_A_FILE = 100


def advice_on(chart: ParsedChart, files: ChartFiles) -> list[Problem]:
    """Return all advice on a chart that can be read."""
    found: list[Problem] = []
    if chart.ui_schema:
        found += _in(chart.ui_schema.name, _on_form(chart.ui_schema.parsed))
    if chart.actions:
        found += _in(chart.actions.name, _on_actions(chart.actions.parsed))
    if chart.features:
        found += _in(chart.features.name, _on_features(chart.features.parsed, chart))
    if chart.resource_types:
        found += _in(chart.resource_types.name, _on_resource_types(chart.resource_types.parsed))
    for file in (chart.ui_schema, chart.actions, chart.resource_types, chart.features):
        if file and not (isinstance(file.parsed, FeaturesDocument) and file.parsed.ignored):
            found += _in(file.name, _ignored_keys(file.written, file.stored, ()))
    return [*found, *_on_names(files)]


def _in(file: str, complaints: Iterable[Complaint]) -> list[Problem]:
    return [
        Problem(severity=Severity.WARNING, file=file, complaint=complaint)
        for complaint in islice(complaints, _MAX_FOR_A_FILE)
    ]


def _on_form(schema: UiSchema) -> Iterator[Complaint]:
    yield from advice_on_inputs(schema, ())
    yield from advice_on_outputs(schema, ())


def _on_actions(document: ActionsDocument) -> Iterator[Complaint]:
    yield from _twice([action.id for action in document.actions], "action", "first")
    for position, action in enumerate(document.actions):
        is_v0 = document.version is Version.V0
        place: Place = ("actions", position, "ui_schema") if is_v0 else (position, "spec", "ui_schema")
        if action.ui_schema is None:
            continue
        yield from advice_on_inputs(action.ui_schema, place)
        yield from advice_on_outputs(action.ui_schema, place)
        if action.ui_schema.outputs.secrets:
            yield Complaint(
                place=(*place, "outputs", "secrets"),
                message="Secrets of an action's form are never used.",
                remedy="Send what the action needs through outputs.values.",
            )


def _on_features(document: FeaturesDocument, chart: ParsedChart) -> Iterator[Complaint]:
    yield from document.ignored
    features = document.features
    prefix: Place = () if document.version is Version.V0 else ("spec",)
    if features.status and features.status.refresh_interval_secs < _MIN_REFRESH_SECONDS:
        yield Complaint(
            place=(*prefix, "status", "refresh_interval_secs"),
            message=f"Platz polls no more often than every {_MIN_REFRESH_SECONDS} seconds.",
            remedy="Write what you will get.",
        )
    if features.display and isinstance(features.display.name, NamedByInput):
        name = features.display.name.input_field.name
        declared = chart.ui_schema.parsed.inputs_by_id() if chart.ui_schema else {}
        if name not in declared:
            yield Complaint(
                place=(*prefix, "display", "name"),
                message=f"The chart has no input {quoted(name)}.",
                remedy="Name an input of the UI schema.",
            )


def _on_resource_types(types: tuple[ResourceType, ...]) -> Iterator[Complaint]:
    yield from _twice([resource_type.key for resource_type in types], "resource type", "last")
    for position, resource_type in enumerate(types):
        place: Place = (position, "spec", "values_ui")
        yield from advice_on_inputs(resource_type.spec.values_ui, place)
        if not resource_type.key:
            yield Complaint(
                place=(position, "key"),
                message="A resource type with an empty key can't be stored.",
                remedy="Give it a key.",
            )
        outputs = resource_type.spec.values_ui.outputs
        if outputs.values or outputs.secrets:
            yield Complaint(
                place=(*place, "outputs"),
                message="Outputs of a resource type are never used.",
                remedy="Remove them; other charts read the resource's properties by input id.",
            )


def _twice(ids: list[str], what: str, which_counts: str) -> Iterator[Complaint]:
    for repeated, times in Counter(ids).items():
        if times > 1:
            yield Complaint(
                place=(),
                message=f"The {what} {quoted(repeated)} is declared {times} times, and the {which_counts} one counts.",
                remedy="Give each its own id.",
            )


def _ignored_keys(written: JsonValue, stored: JsonValue, place: Place) -> Iterator[Complaint]:
    """Complain about the keys that were written but are not stored: Platz ignores them."""
    match written, stored:
        case dict(), dict():
            for key, value in written.items():
                if key in stored:
                    yield from _ignored_keys(value, stored[key], (*place, key))
                else:
                    yield _ignored_key(key, list(stored), place)
        case list(), list():
            for position, (value, kept) in enumerate(zip(written, stored, strict=False)):
                yield from _ignored_keys(value, kept, (*place, position))
        case _:
            pass


def _ignored_key(key: str, known: list[str], place: Place) -> Complaint:
    camel = key[:1] + key.title().replace("_", "")[1:] if "_" in key else key
    near = [name for name in known if name == camel] or get_close_matches(key[:80], known, n=1)
    return Complaint(
        place=(*place, key),
        message=f"The key {quoted(key)} is not known here, so it is ignored.",
        remedy=f"Did you mean {near[0]}?" if near else "Remove it.",
    )


def _on_names(files: ChartFiles) -> Iterator[Problem]:
    for name in files.names:
        inside = name.startswith(f"{EXTENSION_DIRECTORY}/") and name not in NEW_LAYOUT
        if inside:
            yield _not_read(name, f"Platz reads {', '.join(NEW_LAYOUT)} only.")
        elif files.has_extension_directory and name in LEGACY_LAYOUT:
            yield _not_read(name, f"Move it into {EXTENSION_DIRECTORY}/, or remove one of the layouts.")


def _not_read(name: str, remedy: str) -> Problem:
    complaint = Complaint(place=(), message="This file is not read.", remedy=remedy)
    return Problem(severity=Severity.WARNING, file=quoted(name, marks=""), complaint=complaint)
