"""An AWS account of the tests: answers are functions, and every call is remembered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Answers = Mapping[str, Callable[..., Any]]


class FakeClient:
    """Answers operations of one service in one region."""

    def __init__(self, answers: Answers, region: str) -> None:
        self.region = region
        self.closed = False
        self._answers = answers

    def call(self, operation: str, **parameters: object) -> Any:
        return self._answers[operation](self.region, **parameters)

    def pages(self, operation: str, key: str, **parameters: object) -> Iterator[Any]:
        yield from self._answers[operation](self.region, **parameters)[key]

    def close(self) -> None:
        self.closed = True


class FakeAccount:
    """Makes clients, all with the same answers."""

    def __init__(self, answers: Answers) -> None:
        self.clients: list[FakeClient] = []
        self._answers = answers

    def client(self, service: str, region: str | None = None) -> FakeClient:
        self.clients.append(FakeClient(self._answers, region or "eu-west-1"))
        return self.clients[-1]
