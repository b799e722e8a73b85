"""Every error has one status and one envelope."""

from __future__ import annotations

import orjson
import pytest

from platz.access.provider_documents import ProviderUnavailable
from platz.charts.patterns import InvalidPattern
from platz.errors import Conflict, Denied, NotFound, PlatzError, Rejected, Retryable, Unauthenticated
from platz.http.errors import ALSO_AS_ERROR, answer_error, answer_unexpected, error_answer


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Rejected("x"), 400),
        (InvalidPattern("x"), 400),
        (Unauthenticated("x"), 401),
        (Denied("x"), 403),
        (NotFound("x"), 404),
        (Conflict("x"), 409),
        (Retryable("x"), 503),
        (ProviderUnavailable("x"), 503),
        (PlatzError("x"), 500),
    ],
)
def test_the_class_decides_the_status(error: PlatzError, status: int) -> None:
    answer = answer_error(error)
    assert answer.status == status
    assert orjson.loads(answer.body) == {"message": "x"}


def test_a_denial_s_reason_stays_inside() -> None:
    answer = answer_error(Denied(reason="user 1 is no admin of env 2"))
    assert orjson.loads(answer.body) == {"message": "You don't have permissions to perform this operation"}


@pytest.mark.parametrize("sentence", ALSO_AS_ERROR)
def test_sentences_of_the_older_server_stand_under_both_keys(sentence: str) -> None:
    assert orjson.loads(error_answer(400, sentence).body) == {"message": sentence, "error": sentence}


def test_a_defect_is_told_by_its_request_id_only() -> None:
    answer = answer_unexpected("some-id")
    assert answer.status == 500
    assert "some-id" in orjson.loads(answer.body)["message"]


def test_a_message_is_cut() -> None:
    assert len(orjson.loads(error_answer(400, "x" * 10_000).body)["message"]) == 2000
