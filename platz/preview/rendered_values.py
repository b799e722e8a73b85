"""The values that a chart would get, as a preview shows them.

Invariant: the values are composed by the code that composes them for Helm, from the present state of all that they
depend on; both sides of a comparison get the same revision id, so that it never counts as a difference.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from platz.db.tables.charts import ChartRow
from platz.db.tables.registries import RegistryRow
from platz.errors import PlatzError, Retryable
from platz.identities import ChartId, TaskId
from platz.json import JsonObject, JsonValue, merged_values
from platz.tasks.chart_values import values_override
from platz.tasks.context import TaskServices
from platz.tasks.releases import PreparedChart, prepare_chart
from platz.tasks.task_target import Revision, TaskTarget


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is to be rendered: a chart with its inputs and override, in plain; the chart may be gone.

    ``encrypted`` are the ids of the inputs that are stored encrypted.
    """

    chart_id: ChartId
    chart: ChartRow | None
    registry: RegistryRow | None
    inputs: JsonValue = field(repr=False)
    encrypted: frozenset[str]
    override: JsonValue = field(repr=False)

    @property
    def form(self) -> JsonValue:
        """The chart's stored form; None if there is none."""
        return self.chart.values_ui if self.chart else None

    @property
    def nothing(self) -> Wanted:
        """What is there before anything is installed: the same chart without inputs and override."""
        return replace(self, inputs={}, override={})


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """The values and the chart that go to Helm, or the sentence that says why there are none.

    With ``is_refused`` the problem is one that another attempt has again.
    """

    prepared: PreparedChart | None = None
    values: JsonObject | None = field(default=None, repr=False)
    problem: str | None = None
    is_refused: bool = False

    @property
    def secrets(self) -> Iterator[str]:
        """Yield the texts that nobody may see."""
        if self.prepared is not None:
            yield from self.prepared.composed.confidential


def target_with(target: TaskTarget, wanted: Wanted) -> TaskTarget:
    """Return the deployment as it is with the wanted chart, inputs and override."""
    deployment = replace(
        target.deployment,
        helm_chart_id=wanted.chart_id,
        config=wanted.inputs,
        values_override=wanted.override,
    )
    return replace(target, deployment=deployment)


def render(services: TaskServices, target: TaskTarget, wanted: Wanted, *, revision_id: TaskId) -> Rendered:
    """Compose the values; every failure is told, not raised, because the rest can be shown without them."""
    if wanted.chart is None or wanted.registry is None:
        return Rendered(problem="The chart does not exist any more, so its values can't be rendered.")
    revision = Revision(
        task_id=revision_id, chart=wanted.chart, registry=wanted.registry, inputs=wanted.inputs
    )
    target = target_with(target, wanted)
    try:
        prepared = prepare_chart(services, target, revision)
        values = merged_values(prepared.composed.values, values_override(target))
    except PlatzError as error:
        return Rendered(problem=error.message, is_refused=not isinstance(error, Retryable))
    return Rendered(prepared=prepared, values=values)
