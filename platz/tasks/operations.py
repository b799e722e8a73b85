"""What a task does: `deployment_tasks.operation` as values (data-model.md 6.1, workers.md 2.3).

Invariant: `from_json(to_json(operation)) == operation`, and every listed key is written, nulls included. When
reading, keys that may be null may be absent and unknown keys are ignored.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar, cast
from uuid import UUID

from platz.errors import Rejected
from platz.identities import ChartId, ClusterId
from platz.json import JsonObject, JsonValue


@dataclass(frozen=True, kw_only=True)
class Install:
    """First installation, or installation again after an uninstall."""

    helm_chart_id: ChartId
    config_inputs: JsonValue
    values_override: JsonValue


@dataclass(frozen=True, kw_only=True)
class Upgrade:
    """Another chart, config or override for what is installed."""

    helm_chart_id: ChartId
    prev_helm_chart_id: ChartId | None
    config_inputs: JsonValue
    config_delta: JsonObject | None
    values_override: JsonValue


@dataclass(frozen=True, kw_only=True)
class Reinstall:
    """The revision's chart and inputs once more, because something that they refer to has changed."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Recreate:
    """Leave the old namespace and make the new one; the Upgrade behind it installs the chart there."""

    old_cluster_id: ClusterId
    old_namespace: str
    new_cluster_id: ClusterId
    new_namespace: str


@dataclass(frozen=True, kw_only=True)
class Uninstall:
    """Delete the namespace."""


@dataclass(frozen=True, kw_only=True)
class InvokeAction:
    """Call an action of the deployment; ``body`` holds the raw inputs of the user."""

    helm_chart_id: ChartId
    action_id: str
    body: JsonValue


@dataclass(frozen=True, kw_only=True)
class RestartK8sResource:
    """Restart the pods of one workload."""

    resource_id: UUID
    resource_name: str


Operation = Install | Upgrade | Reinstall | Recreate | Uninstall | InvokeAction | RestartK8sResource


def name_of(operation: Operation) -> str:
    """The tag that names the operation in JSON."""
    return type(operation).__name__


def to_json(operation: Operation) -> JsonObject:
    """The externally tagged form: `{"Install": {...}}`."""
    fields = cast("dict[str, JsonValue | UUID]", vars(operation))
    return {name_of(operation): {key: str(v) if isinstance(v, UUID) else v for key, v in fields.items()}}


def from_json(document: JsonValue) -> Operation:
    """Read the externally tagged form; raise Rejected (field `operation`) for anything else."""
    if not isinstance(document, dict) or len(document) != 1:
        raise Rejected("An operation is an object with exactly one key, its name", field="operation")
    name, parameters = next(iter(document.items()))
    read = _READERS.get(name)
    if read is None:
        raise Rejected(
            f"Unknown operation {name[:100]!r}; known are {', '.join(_READERS)}", field="operation"
        )
    if not isinstance(parameters, dict):
        raise Rejected(f"The parameters of {name} must be an object", field="operation")
    return read(_Parameters(name, parameters))


T = TypeVar("T")


@dataclass(frozen=True)
class _Parameters:
    """The parameter object of one operation, read key by key."""

    operation: str
    given: JsonObject

    def text(self, key: str) -> str:
        value = self.anything(key)
        if not isinstance(value, str):
            raise self._wrong(key, "a string")
        return value

    def id(self, key: str, kind: Callable[[UUID], T]) -> T:
        try:
            return kind(UUID(self.text(key)))
        except ValueError as error:
            raise self._wrong(key, "a UUID") from error

    def id_or_none(self, key: str, kind: Callable[[UUID], T]) -> T | None:
        return None if self.given.get(key) is None else self.id(key, kind)

    def object_or_none(self, key: str) -> JsonObject | None:
        value = self.given.get(key)
        if value is not None and not isinstance(value, dict):
            raise self._wrong(key, "an object or null")
        return value

    def anything(self, key: str) -> JsonValue:
        if key not in self.given:
            raise Rejected(f"{self.operation} needs {key}", field="operation")
        return self.given[key]

    def _wrong(self, key: str, expected: str) -> Rejected:
        return Rejected(f"{key} of {self.operation} must be {expected}", field="operation")


def _install(given: _Parameters) -> Install:
    return Install(
        helm_chart_id=given.id("helm_chart_id", ChartId),
        config_inputs=given.anything("config_inputs"),
        values_override=given.given.get("values_override"),
    )


def _upgrade(given: _Parameters) -> Upgrade:
    return Upgrade(
        helm_chart_id=given.id("helm_chart_id", ChartId),
        prev_helm_chart_id=given.id_or_none("prev_helm_chart_id", ChartId),
        config_inputs=given.anything("config_inputs"),
        config_delta=given.object_or_none("config_delta"),
        values_override=given.given.get("values_override"),
    )


def _recreate(given: _Parameters) -> Recreate:
    return Recreate(
        old_cluster_id=given.id("old_cluster_id", ClusterId),
        old_namespace=given.text("old_namespace"),
        new_cluster_id=given.id("new_cluster_id", ClusterId),
        new_namespace=given.text("new_namespace"),
    )


def _invoke_action(given: _Parameters) -> InvokeAction:
    return InvokeAction(
        helm_chart_id=given.id("helm_chart_id", ChartId),
        action_id=given.text("action_id"),
        body=given.anything("body"),
    )


def _restart(given: _Parameters) -> RestartK8sResource:
    return RestartK8sResource(
        resource_id=given.id("resource_id", lambda uid: uid), resource_name=given.text("resource_name")
    )


_READERS: dict[str, Callable[[_Parameters], Operation]] = {
    "Install": _install,
    "Upgrade": _upgrade,
    "Reinstall": lambda given: Reinstall(reason=given.text("reason")),
    "Recreate": _recreate,
    "Uninstall": lambda _: Uninstall(),
    "InvokeAction": _invoke_action,
    "RestartK8sResource": _restart,
}
