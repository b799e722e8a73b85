"""Requests a second and CPU a request at 10,000 deployments and 100,000 tasks, over real sockets.

The client is a process of its own. The floors, in the same run: the same server with a bare Starlette handler, and
the same statement by psycopg alone.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from figures import Figure, per_second
from http_client import Installation
from large_installation import FILLED, large_installation
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from platz.db.lists.catalogue import DEPLOYMENT_TASKS, DEPLOYMENTS
from platz.db.lists.reading import Collection, page_statement, seen_item_statement
from platz.http.application import build_application
from platz.http.server import WebServer, bind
from platz.identities import User

SECONDS = 3.0
CONNECTIONS = 8
LOAD = Path(__file__).with_name("http_load.py")


@dataclass(frozen=True, kw_only=True)
class Rate:
    """What one load gave."""

    per_second: float
    cpu_ms: float


def measure() -> Iterator[Figure]:
    """List of 50 of 10,000 deployments, detail, task list at 100,000 tasks, a write, a sign-in check."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with large_installation() as api:
        with _serving(lambda: Starlette(routes=[Route("/", _bare)])) as port:
            bare = _load(port, _request("GET", "/", {}))
        yield Figure(name="bare Starlette handler", value=bare.per_second, unit="requests/s")
        yield Figure(name="bare Starlette handler", value=bare.cpu_ms, unit="CPU ms a request")
        with _serving(lambda: build_application(api.services)) as port:
            for name, request, psycopg_alone in _cases(api):
                rate = _load(port, request)
                yield Figure(
                    name=name,
                    value=rate.per_second,
                    unit="requests/s",
                    floor=psycopg_alone or bare.per_second,
                    floor_is="psycopg alone" if psycopg_alone else "bare handler",
                )
                yield Figure(
                    name=name,
                    value=rate.cpu_ms,
                    unit="CPU ms a request",
                    floor=bare.cpu_ms,
                    floor_is="bare handler",
                )


async def _bare(_request: Any) -> Response:
    return Response(b"{}", media_type="application/json")


def _cases(api: Installation) -> Iterator[tuple[str, bytes, float | None]]:
    credential = dict(api["user"].headers)
    owner = {**api["owner"].headers, "content-type": "application/json"}
    seen = [api.here]
    detail = f"/api/v2/deployments/{api.deployment}"
    page = {
        "page": 1,
        "per_page": 50,
        "skipped": 0,
        "seen": seen,
        "everything": False,
        "caller": api.id_of("user"),
    }
    yield "sign-in check (GET /auth/me)", _request("GET", "/api/v2/auth/me", credential), None
    yield (
        "detail of a deployment",
        _request("GET", detail, credential),
        _alone(
            api,
            seen_item_statement(DEPLOYMENTS, User),
            {"id": api.deployment, "caller": api.id_of("user")},
        ),
    )
    for name, path, collection in (
        ("50 of 10,000 deployments", "/api/v2/deployments", DEPLOYMENTS),
        ("50 of 100,000 tasks", "/api/v2/deployment-tasks", DEPLOYMENT_TASKS),
    ):
        yield name, _request("GET", path, credential), _alone(api, _page(collection), page)
    change = b'{"description_md":"{n}"}'
    one_of_many = f"/api/v2/deployments/{FILLED}{{even}}"  # those in the owner's environment
    yield "a description changed, of one of many", _request("PUT", one_of_many, owner, change), None
    yield "a description changed, always of the same", _request("PUT", detail, owner, change), None


def _page(collection: Collection) -> str:
    return page_statement(collection, (), scoped=True)


def _alone(api: Installation, statement: str, bound: dict[str, Any]) -> float:
    with api.database.dedicated() as connection:
        cursor = connection.cursor()

        def ask() -> None:
            cursor.execute(statement, bound).fetchone()  # pyright: ignore[reportArgumentType]

        return per_second(ask, times=100)


def _request(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "host: platz.test"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def _load(port: int, request: bytes) -> Rate:
    command = [sys.executable, str(LOAD), str(port), str(CONNECTIONS), str(SECONDS)]
    began = time.process_time()
    done = subprocess.run(command, input=request, capture_output=True, check=True)
    told = json.loads(done.stdout)
    cpu = time.process_time() - began
    return Rate(per_second=told["answers"] / told["seconds"], cpu_ms=1000 * cpu / told["answers"])


@contextmanager
def _serving(build: Callable[[], Starlette]) -> Iterator[int]:
    listener = bind("127.0.0.1", 0)
    server = WebServer(build, listener=listener)
    server.start(threading.Event().set)
    try:
        yield int(listener.getsockname()[1])
    finally:
        server.stop(seconds=5)
        listener.close()
