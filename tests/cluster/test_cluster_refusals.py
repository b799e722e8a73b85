"""Each case of `cases/` is answered as a real API server answers it.

The same tests run on a simulated cluster (`make test`) and on a real one (`make test-cluster`); `record.py` writes the
expected answers, from a real one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from any_cluster import IS_REAL
from asking import answers_to
from cases import AREAS, Case, answers_of, cases_of, definition_of, every_case
from definitions import defined


@pytest.fixture(scope="session", autouse=True)
def needed_definitions(cluster_api: httpx.Client) -> Iterator[None]:
    """The CustomResourceDefinitions that cases need, gone afterwards."""
    needed = [definition for area in AREAS if (definition := definition_of(area))]
    with defined(cluster_api, needed):
        yield


def judged(answer: dict[str, Any]) -> tuple[Any, ...]:
    """Return what clients decide by: status, reason, and the reason and field of each cause."""
    causes = {(cause["reason"], cause["field"]) for cause in answer.get("causes", [])}
    return answer["code"], answer.get("reason"), answer.get("kind"), sorted(causes)


@pytest.mark.parametrize("case", tuple(every_case()), ids=lambda case: case.id)
def test_the_answer_is_that_of_a_real_server(
    cluster_api: httpx.Client, cluster_namespace: str, case: Case
) -> None:
    expected = answers_of(case.area)[case.name]

    answers = answers_to(cluster_api, cluster_namespace, case)

    for way in case.ways:
        assert judged(answers[way]) == judged(expected[way]), (way, answers[way], expected[way])
        if not IS_REAL and case.same_words:  # another version of a real server may have other words
            assert answers[way].get("message") == expected[way].get("message"), way


@pytest.mark.parametrize("area", AREAS)
def test_every_case_has_a_recorded_answer_and_every_answer_a_case(area: str) -> None:
    assert {case.name: set(case.ways) for case in cases_of(area)} == {
        name: set(answers) for name, answers in answers_of(area).items()
    }


def test_the_cases_are_many_and_most_are_told_in_the_same_words() -> None:
    every = list(every_case())

    assert len(every) > 500
    assert sum(not case.same_words for case in every) < 15
