"""Hands a running child each new token of its cluster, so that a run may last longer than a token.

Invariant: a token that can't be renewed now is asked for again; the run goes on with the old one. Every token that was
handed over is known to `tokens`, for removal from what Helm says.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

import structlog

from platz.errors import PlatzError
from platz.helm.child_process import HelmChild
from platz.helm.wire import encode_token

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

RENEW_SECONDS = 20.0

FreshToken = Callable[[], str | None]
"""A function that returns a token that is good for some minutes; it raises `PlatzError` when there is none now."""


class TokenRenewal:
    """A context manager, on a thread of its own while it is entered; does nothing without ``fresh_token``."""

    def __init__(self, child: HelmChild, fresh_token: FreshToken | None) -> None:
        self._child = child
        self._fresh_token = fresh_token
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="helm-token", daemon=True)
        self.tokens: list[str] = []

    def __enter__(self) -> Self:
        if self._fresh_token is not None:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._fresh_token is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(RENEW_SECONDS):
            token = self._token()
            if token is not None and token not in self.tokens[-1:]:
                self.tokens.append(token)
                self._child.send(encode_token(token))

    def _token(self) -> str | None:
        if self._fresh_token is None:
            return None
        try:
            return self._fresh_token()
        except PlatzError as error:
            log.warning("A token can't be renewed now", action="wait", reason=error.message)
            return None
