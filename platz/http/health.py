"""The operational endpoints, outside `/api` and without authentication.

Invariant: `/status` and `/healthz` say that this process answers, and touch nothing else; `/readyz` says whether the
process can do its work, which is no as soon as it begins to stop.

Source: docs/contract/http-api.md, "Operational endpoints".
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from platz.errors import PlatzError
from platz.http.database_counts import DatabaseCounts, exposition
from platz.json import JsonObject, JsonValue

Check = Callable[[], None]
_CHECKED_FOR_SECONDS = 1.0


class Readiness:
    """The readiness of this process: the state of its dependencies, and whether it is stopping. Thread-safe."""

    def __init__(
        self,
        checks: Mapping[str, Check],
        *,
        warnings: Sequence[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Each check raises a `PlatzError` when its dependency fails, and returns within seconds.

        ``warnings`` are told, but leave the process ready.
        """
        self._checks = checks
        self._warnings = list[JsonValue](warnings)
        self._clock = clock
        self._lock = threading.Lock()
        self._stopping = False
        self._known: tuple[float, JsonObject] | None = None

    def begin_shutdown(self) -> None:
        """Report "not ready" from now on, so that a load balancer sends no new requests."""
        self._stopping = True

    def report(self) -> tuple[bool, JsonObject]:
        """Return whether the process is ready, and the state of each dependency, at most a second old."""
        with self._lock:
            if self._known is None or self._clock() - self._known[0] >= _CHECKED_FOR_SECONDS:
                self._known = (self._clock(), {name: _state(check) for name, check in self._checks.items()})
            dependencies = self._known[1]
        well = all(state == {"ok": True} for state in dependencies.values())
        ready = well and not self._stopping
        report: JsonObject = {"ready": ready, "stopping": self._stopping, "dependencies": dependencies}
        if self._warnings:
            report["warnings"] = self._warnings
        return ready, report


def health_application(readiness: Readiness) -> Starlette:
    """Build an application of the operational endpoints alone; its metrics are those of the process."""
    application = Starlette(routes=operation_routes(readiness))
    application.router.redirect_slashes = False
    return application


def operation_routes(readiness: Readiness, counts: DatabaseCounts | None = None) -> list[Route]:
    """Return the routes of the operational endpoints; without ``counts``, no metrics come from the database."""

    async def status(_request: Request) -> Response:
        return JSONResponse("ok")

    async def readyz(_request: Request) -> Response:
        ready, report = await run_in_threadpool(readiness.report)
        return JSONResponse(report, 200 if ready else 503, headers={"Cache-Control": "no-store"})

    async def scrape(_request: Request) -> Response:
        text = await run_in_threadpool(exposition, counts)
        return Response(text, media_type=CONTENT_TYPE_PLAIN_0_0_4)

    return [
        Route("/status", status, methods=["GET"]),
        Route("/healthz", status, methods=["GET"]),
        Route("/readyz", readyz, methods=["GET"]),
        Route("/metrics", scrape, methods=["GET"]),
    ]


def _state(check: Check) -> JsonObject:
    try:
        check()
    except PlatzError as error:
        return {"ok": False, "reason": error.message}
    return {"ok": True}
