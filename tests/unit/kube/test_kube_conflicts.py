"""A refused apply says which fields others own, and who they are."""

from __future__ import annotations

import orjson
import pytest

from platz.kube.api_responses import error_from_status
from platz.kube.errors import FieldConflict, KubeConflict


def conflict(*causes: object, reason: str = "Conflict") -> KubeConflict:
    body = {
        "kind": "Status",
        "reason": reason,
        "message": "Apply failed",
        "details": {"causes": list(causes)},
    }
    error = error_from_status("east", 409, orjson.dumps(body))
    assert isinstance(error, KubeConflict)
    return error


def cause(field: str, message: str) -> dict[str, str]:
    return {"reason": "FieldManagerConflict", "field": field, "message": message}


@pytest.mark.parametrize(
    ("message", "owner"),
    [
        ('conflict with "kubectl" with subresource "scale" using apps/v1', "kubectl"),
        ('conflict with "argocd"', "argocd"),
        ('conflict with "kubectl-edit" using apps/v1', "kubectl-edit"),
        ("somebody", "somebody"),
    ],
)
def test_a_field_is_told_with_its_owner(message: str, owner: str) -> None:
    told = conflict(cause(".spec.replicas", message))
    assert told.fields == (FieldConflict(field=".spec.replicas", owner=owner),)


def test_every_field_is_told() -> None:
    told = conflict(
        cause(".a", 'conflict with "x"'), {"reason": "Other"}, "text", cause(".b", 'conflict with "y"')
    )
    assert [(each.field, each.owner) for each in told.fields] == [(".a", "x"), (".b", "y")]


@pytest.mark.parametrize("reason", ["Conflict", "AlreadyExists"])
def test_another_conflict_has_no_fields(reason: str) -> None:
    assert conflict(reason=reason).fields == ()


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"kind": "Status"}', b'{"kind": "Status", "details": 5}']
)
def test_a_conflict_of_any_form_is_a_conflict(body: bytes) -> None:
    error = error_from_status("east", 409, body)
    assert isinstance(error, KubeConflict)
    assert error.message == "Cluster east: status 409."
