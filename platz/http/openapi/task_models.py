"""The JSON of `deployment_tasks.operation`, for the OpenAPI document.

Invariant: the models are derived from the table of operations, so they describe what platz/tasks/operations.py reads;
they are not used for reading.

Source: docs/contract/data-model.md, "Operations of tasks", "JSON differences".
"""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import RootModel, WithJsonSchema, create_model

from platz.http.openapi.models import STANDS_FOR, AnyJson, Document
from platz.tasks.operation_kinds import OPERATION_KINDS, OperationKind
from platz.tasks.operations import ParameterKind, parameters_of


class JsonDiffPair(RootModel[tuple[AnyJson, AnyJson]]):
    """The old and the new value."""


class JsonDiff(RootModel[dict[str, JsonDiffPair]]):
    """The differences between two documents, by dotted path."""


_TYPES: dict[ParameterKind, Any] = {  # Any: a type to pydantic, and an alias of one to the type checker
    ParameterKind.TEXT: str,
    ParameterKind.TEXT_IF_GIVEN: str | None,
    ParameterKind.ID: UUID,
    ParameterKind.ID_OR_NULL: UUID | None,
    ParameterKind.JSON: AnyJson,
    ParameterKind.JSON_OR_NULL: AnyJson,
    ParameterKind.DELTA_OR_NULL: JsonDiff | None,
}


def _model(kind: OperationKind) -> type[Document]:
    parameters: dict[str, Any] = {
        name: (_TYPES[parameter], None if parameter is ParameterKind.TEXT_IF_GIVEN else ...)
        for name, parameter in parameters_of(kind.parameters).items()
    }
    return create_model(kind.schema_name, __base__=Document, __doc__=kind.summary, **parameters)


OPERATION_MODELS: dict[str, type[Document]] = {name: _model(kind) for name, kind in OPERATION_KINDS.items()}

DeploymentTaskOperation = Annotated[Any, WithJsonSchema({STANDS_FOR: "DeploymentTaskOperation"})]
"""An object with exactly one key, the operation's name. Any: `platz.tasks.operations.from_json` reads it."""
