"""The operations of tasks, as values: the content of `deployment_tasks.operation`.

Each operation is a dataclass of its parameters, and the name of the class is the operation's name in JSON. Each field
states the kind of its parameter, which determines how it is read and how the OpenAPI document describes it.
`operation_kinds.py` defines how an operation runs.

Invariant: `from_json(to_json(operation)) == operation`. Every parameter is written, nulls included, except one
that is only there when it is given. When reading, parameters that may be null may be absent, and unknown keys are
ignored.

Source: docs/contract/data-model.md, "Operations of tasks"; docs/contract/workers.md, "Operations as JSON".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from enum import Enum
from typing import Any, cast, get_args
from uuid import UUID

from platz.errors import Rejected
from platz.identities import ChartId, ClusterId
from platz.json import JsonObject, JsonValue


class ParameterKind(Enum):
    """The kind of JSON value that a parameter holds; the text completes the sentence "... must be"."""

    TEXT = "a string"
    TEXT_IF_GIVEN = "a string or null"
    ID = "a UUID"
    ID_OR_NULL = "a UUID or null"
    JSON = "JSON"
    JSON_OR_NULL = "JSON or null"
    DELTA_OR_NULL = "an object or null"

    @property
    def may_be_absent(self) -> bool:
        """Whether an absent parameter counts as null."""
        return self in {
            ParameterKind.TEXT_IF_GIVEN,
            ParameterKind.ID_OR_NULL,
            ParameterKind.JSON_OR_NULL,
            ParameterKind.DELTA_OR_NULL,
        }


_KIND = "platz.parameter"
TEXT = {_KIND: ParameterKind.TEXT}
TEXT_IF_GIVEN = {_KIND: ParameterKind.TEXT_IF_GIVEN}
ID = {_KIND: ParameterKind.ID}
ID_OR_NULL = {_KIND: ParameterKind.ID_OR_NULL}
JSON = {_KIND: ParameterKind.JSON}
JSON_OR_NULL = {_KIND: ParameterKind.JSON_OR_NULL}
DELTA_OR_NULL = {_KIND: ParameterKind.DELTA_OR_NULL}


@dataclass(frozen=True, kw_only=True)
class Install:
    """Install the chart, for the first time or after an uninstall."""

    helm_chart_id: ChartId = field(metadata=ID)
    config_inputs: JsonValue = field(metadata=JSON)
    values_override: JsonValue = field(metadata=JSON_OR_NULL)


@dataclass(frozen=True, kw_only=True)
class Upgrade:
    """Upgrade an installed deployment to another chart, config or override; ``reason`` says what a rollback undoes."""

    helm_chart_id: ChartId = field(metadata=ID)
    prev_helm_chart_id: ChartId | None = field(metadata=ID_OR_NULL)
    config_inputs: JsonValue = field(metadata=JSON)
    config_delta: JsonObject | None = field(metadata=DELTA_OR_NULL)
    values_override: JsonValue = field(metadata=JSON_OR_NULL)
    reason: str | None = field(default=None, metadata=TEXT_IF_GIVEN)


@dataclass(frozen=True, kw_only=True)
class Reinstall:
    """Install the revision's chart and inputs once more, because something that they refer to has changed."""

    reason: str = field(metadata=TEXT)


@dataclass(frozen=True, kw_only=True)
class Recreate:
    """Make the new namespace, then leave the old one; the Upgrade queued after it installs the chart there."""

    old_cluster_id: ClusterId = field(metadata=ID)
    old_namespace: str = field(metadata=TEXT)
    new_cluster_id: ClusterId = field(metadata=ID)
    new_namespace: str = field(metadata=TEXT)


@dataclass(frozen=True, kw_only=True)
class Uninstall:
    """Uninstall the release and delete the namespace."""


@dataclass(frozen=True, kw_only=True)
class InvokeAction:
    """Call an action of the deployment; ``body`` holds the raw inputs of the user."""

    helm_chart_id: ChartId = field(metadata=ID)
    action_id: str = field(metadata=TEXT)
    body: JsonValue = field(metadata=JSON)


@dataclass(frozen=True, kw_only=True)
class RestartK8sResource:
    """Restart the pods of one workload."""

    resource_id: UUID = field(metadata=ID)
    resource_name: str = field(metadata=TEXT)


Operation = Install | Upgrade | Reinstall | Recreate | Uninstall | InvokeAction | RestartK8sResource

OPERATIONS: Mapping[str, type[Operation]] = {
    operation.__name__: operation for operation in get_args(Operation)
}
"""Every operation by its name in JSON."""


def parameters_of(operation: type[Operation]) -> dict[str, ParameterKind]:
    """Return the kind of each parameter, in the order in which they are written."""
    return {parameter.name: parameter.metadata[_KIND] for parameter in fields(operation)}


def name_of(operation: Operation) -> str:
    """Return the operation's name in JSON."""
    return type(operation).__name__


def to_json(operation: Operation) -> JsonObject:
    """Return the JSON form, an object whose only key is the name: `{"Install": {...}}`."""
    given = cast("dict[str, JsonValue | UUID]", vars(operation))
    kinds = parameters_of(type(operation))
    return {
        name_of(operation): {
            key: str(value) if isinstance(value, UUID) else value
            for key, value in given.items()
            if value is not None or kinds[key] is not ParameterKind.TEXT_IF_GIVEN
        }
    }


def from_json(document: JsonValue) -> Operation:
    """Read the JSON form, an object whose only key is the name; raise `Rejected` (field `operation`) for all else."""
    if not isinstance(document, dict) or len(document) != 1:
        raise Rejected("An operation is an object with exactly one key, its name", field="operation")
    name, given = next(iter(document.items()))
    operation = OPERATIONS.get(name)
    if operation is None:
        raise Rejected(
            f"Unknown operation {name[:100]!r}; known are {', '.join(OPERATIONS)}", field="operation"
        )
    if not isinstance(given, dict):
        raise Rejected(f"The parameters of {name} must be an object", field="operation")
    kinds = parameters_of(operation)
    parameters: dict[str, Any] = {key: _read(name, given, key, kind) for key, kind in kinds.items()}
    return operation(**parameters)


def _read(operation: str, given: JsonObject, key: str, kind: ParameterKind) -> JsonValue | UUID:
    value = given.get(key)
    if value is None and kind.may_be_absent:
        return None
    if key not in given:
        raise Rejected(f"{operation} needs {key}", field="operation")
    try:
        return _READERS[kind](value)
    except ValueError as error:
        raise Rejected(f"{key} of {operation} must be {error}", field="operation") from error


def _text(value: JsonValue) -> str:
    if not isinstance(value, str):
        raise ValueError(ParameterKind.TEXT.value)  # noqa: TRY004 - every refusal is one kind of error here
    return value


def _id(value: JsonValue) -> UUID:
    text = _text(value)
    try:
        return UUID(text)
    except ValueError as error:
        raise ValueError(ParameterKind.ID.value) from error


def _anything(value: JsonValue) -> JsonValue:
    return value


def _delta(value: JsonValue) -> JsonObject:
    if not isinstance(value, dict):
        raise ValueError(ParameterKind.DELTA_OR_NULL.value)  # noqa: TRY004 - as above
    return value


_READERS: dict[ParameterKind, Callable[[JsonValue], JsonValue | UUID]] = {
    ParameterKind.TEXT: _text,
    ParameterKind.TEXT_IF_GIVEN: _text,
    ParameterKind.ID: _id,
    ParameterKind.ID_OR_NULL: _id,
    ParameterKind.JSON: _anything,
    ParameterKind.JSON_OR_NULL: _anything,
    ParameterKind.DELTA_OR_NULL: _delta,
}
