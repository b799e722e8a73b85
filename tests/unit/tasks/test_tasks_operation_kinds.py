"""The table of operations is whole: whatever a task may hold has an entry, and the entry fits its parameters."""

from __future__ import annotations

import pytest

from platz.http.openapi.task_models import OPERATION_MODELS
from platz.tasks.operation_kinds import OPERATION_KINDS, Needs, OperationKind
from platz.tasks.operations import OPERATIONS, parameters_of


def test_every_operation_has_one_entry() -> None:
    assert {name: kind.parameters for name, kind in OPERATION_KINDS.items()} == dict(OPERATIONS)


@pytest.mark.parametrize("kind", OPERATION_KINDS.values(), ids=lambda kind: kind.name)
def test_its_model_has_its_parameters(kind: OperationKind) -> None:
    model = OPERATION_MODELS[kind.name]
    assert list(model.model_fields) == list(parameters_of(kind.parameters))
    assert (model.__name__, model.__doc__) == (kind.schema_name, kind.summary)


@pytest.mark.parametrize("kind", OPERATION_KINDS.values(), ids=lambda kind: kind.name)
def test_what_the_release_tells_after_a_crash_may_be_repeated(kind: OperationKind) -> None:
    assert kind.may_be_repeated or not kind.is_release


def test_only_actions_and_restarts_can_be_requested() -> None:
    requested = {name for name, kind in OPERATION_KINDS.items() if kind.needs is not Needs.CHANGE}
    assert requested == {"InvokeAction", "RestartK8sResource"}
