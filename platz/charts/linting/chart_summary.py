"""A summary of how Platz understands a chart, which its author can compare with the intention.

Invariant: one line for each file, followed by indented lines for its contents; nothing is judged here.
"""

from __future__ import annotations

from collections.abc import Iterator

from platz.charts.documents.actions import Action
from platz.charts.documents.features import Features, FeaturesDocument
from platz.charts.documents.references import FieldProperty, Reference
from platz.charts.documents.resource_types import Operation, ResourceType
from platz.charts.documents.ui_schema import Input, UiSchema
from platz.charts.parsed_chart import ParsedChart
from platz.charts.reading.problems import quoted


def summary_lines(chart: ParsedChart) -> list[str]:
    """Return the lines of the summary."""
    origin = [f"{name} {value}" for name, value in chart.metadata.stored().items() if value is not None]
    lines = [f"Chart.yaml: {', '.join(origin)}"]
    if chart.ui_schema:
        lines += [f"{chart.ui_schema.name}: UI schema {chart.ui_schema.parsed.version.value}"]
        lines += _indented(_of_schema(chart.ui_schema.parsed))
    if chart.actions:
        lines += [f"{chart.actions.name}: actions {chart.actions.parsed.version.value}"]
        lines += _indented(map(_of_action, chart.actions.parsed.actions))
    if chart.features:
        lines += [f"{chart.features.name}: features {chart.features.parsed.version.value}"]
        lines += _indented(_of_features(chart.features.parsed))
    if chart.resource_types:
        lines += [f"{chart.resource_types.name}: resource types"]
        lines += _indented(map(_of_resource_type, chart.resource_types.parsed))
    return lines


def _indented(lines: Iterator[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def _of_schema(schema: UiSchema) -> Iterator[str]:
    for declared in schema.inputs:
        yield f"input {_of_input(declared)}"
    for output in schema.outputs.values:
        yield f"value {'/'.join(output.path)} <- {_of_reference(output.value)}"
    for name, keys in schema.outputs.secrets.items():
        for key, reference in keys.items():
            yield f"secret {name}/{key} <- {_of_reference(reference)}"


def _of_input(declared: Input) -> str:
    kind = f"list of {declared.value_type}" if declared.is_array else declared.value_type
    conditional = declared.show_if is not None or declared.show_if_all is not None
    marks = {"required": declared.required, "sensitive": declared.sensitive, "conditional": conditional}
    return ", ".join(
        [f"{quoted(declared.id, marks='')} ({kind})", *(mark for mark, is_set in marks.items() if is_set)]
    )


def _of_reference(reference: Reference) -> str:
    return (
        f"{reference.input}.{reference.property}" if isinstance(reference, FieldProperty) else reference.input
    )


def _of_action(action: Action) -> str:
    form = "with a form" if action.ui_schema else "without a form"
    target = f"{action.target.method.value} {action.target.path}"
    return f"action {quoted(action.id, marks='')}: {target}, {action.allowed_role.value} and above, {form}"


def _of_features(document: FeaturesDocument) -> Iterator[str]:
    features: Features = document.features
    yield f"ingress {f'by {features.hostname_format.value}' if features.ingress_enabled else 'disabled'}"
    if features.status:
        yield f"status from {features.status.path} every {features.status.refresh_interval_secs} seconds"
    yield f"cardinality {features.cardinality.value}"
    yield f"users are {'' if features.reinstall_dependencies else 'not '}reinstalled when the config changes"
    for path in features.node_selector_paths:
        yield f"node selector at {'/'.join(path)}"
    for path in features.tolerations_paths:
        yield f"tolerations at {'/'.join(path)}"


def _of_resource_type(resource_type: ResourceType) -> str:
    spec = resource_type.spec
    hooks = [operation.value for operation in Operation if spec.lifecycle.hook(operation)]
    scope = "global" if spec.is_global else "of the environment"
    return (
        f"{quoted(resource_type.key, marks='')} ({scope}), users may {', '.join(hooks) or 'change nothing'}"
    )
