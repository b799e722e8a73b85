"""Advice for the author of a chart that Platz accepts.

Invariant: advice is about what would otherwise go unnoticed: things that Platz ignores, hides or drops, and
deployments that will fail.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

from platz.charts.archive import ChartFiles
from platz.charts.documents.actions import ActionsDocument
from platz.charts.documents.chart_metadata import CHART_FILE
from platz.charts.documents.features import FeaturesDocument, NamedByInput
from platz.charts.documents.resource_types import Operation, ResourceType
from platz.charts.documents.ui_schema import UiSchema
from platz.charts.documents.versions import Version
from platz.charts.linting.annotations import advice_on_annotations
from platz.charts.linting.file_names import advice_on_names
from platz.charts.linting.ignored_keys import advice_on_ignored_keys
from platz.charts.linting.schema_advice import advice_on_inputs, advice_on_outputs
from platz.charts.linting.template_advice import advice_on_templates
from platz.charts.parsed_chart import ParsedChart
from platz.charts.reading.problems import Complaint, Place, Problem, Severity, quoted
from platz.charts.reading.spelling import did_you_mean

_MIN_REFRESH_SECONDS = 15
_MAX_FOR_A_FILE = 100


def advice_on(chart: ParsedChart, files: ChartFiles) -> list[Problem]:
    """Return all advice on a chart that can be read."""
    found: list[Problem] = []
    if chart.ui_schema:
        found += _in(chart.ui_schema.name, _on_form(chart.ui_schema.parsed))
    if chart.actions:
        found += _in(chart.actions.name, _on_actions(chart.actions.parsed, chart))
    if chart.features:
        found += _in(chart.features.name, _on_features(chart.features.parsed, chart))
    if chart.resource_types:
        found += _in(chart.resource_types.name, _on_resource_types(chart.resource_types.parsed, chart))
    for file in (chart.ui_schema, chart.actions, chart.resource_types, chart.features):
        if file and not (isinstance(file.parsed, FeaturesDocument) and file.parsed.ignored):
            found += _in(file.name, advice_on_ignored_keys(file.written, file.stored))
    found += _in(CHART_FILE, advice_on_annotations(files.files.get(CHART_FILE)))
    if chart.ui_schema:
        found += islice(advice_on_templates(chart.ui_schema.parsed, files.templates), _MAX_FOR_A_FILE)
    return [*found, *advice_on_names(files)]


def _in(file: str, complaints: Iterable[Complaint]) -> list[Problem]:
    return [
        Problem(severity=Severity.WARNING, file=file, complaint=complaint)
        for complaint in islice(complaints, _MAX_FOR_A_FILE)
    ]


def _on_form(schema: UiSchema) -> Iterator[Complaint]:
    yield from advice_on_inputs(schema, ())
    yield from advice_on_outputs(schema, ())


def _on_actions(document: ActionsDocument, chart: ParsedChart) -> Iterator[Complaint]:
    yield from _twice([action.id for action in document.actions], "action", "first")
    if document.actions and not _has_ingress(chart):
        yield _unreachable((), "Actions are", chart)
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
    if features.status and not features.ingress_enabled:
        yield _unreachable((*prefix, "status"), "The status is", chart)
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
                remedy=did_you_mean(name, declared, otherwise="Name an input of the UI schema."),
            )


def _has_ingress(chart: ParsedChart) -> bool:
    return chart.features is not None and chart.features.parsed.features.ingress_enabled


def _unreachable(place: Place, what: str, chart: ParsedChart) -> Complaint:
    """Complain about requests through an ingress that the chart does not ask for."""
    older = chart.features is not None and chart.features.parsed.features.ingress is None
    switch = "standard_ingress: true" if older else "ingress: {enabled: true}"
    return Complaint(
        place=place,
        message=f"{what} requested through the deployment's ingress, which the features do not enable.",
        remedy=f"Write {switch} in the features, unless the chart brings an ingress for that host name.",
    )


def _on_resource_types(types: tuple[ResourceType, ...], chart: ParsedChart) -> Iterator[Complaint]:
    yield from _twice([resource_type.key for resource_type in types], "resource type", "last")
    if any(_is_called(resource_type) for resource_type in types) and not _has_ingress(chart):
        yield _unreachable((), "Lifecycle hooks are", chart)
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


def _is_called(resource_type: ResourceType) -> bool:
    hooks = map(resource_type.spec.lifecycle.hook, Operation)
    return any(hook is not None and hook.target is not None for hook in hooks)


def _twice(ids: list[str], what: str, which_counts: str) -> Iterator[Complaint]:
    for repeated, times in Counter(ids).items():
        if times > 1:
            yield Complaint(
                place=(),
                message=f"The {what} {quoted(repeated)} is declared {times} times, and the {which_counts} one counts.",
                remedy="Give each its own id.",
            )
