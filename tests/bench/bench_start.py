"""How long `run.py` takes until it is ready: the first time, and later on the same data."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from figures import Figure

sys.path.append(str(Path(__file__).parents[1] / "acceptance"))

from platz_process import PlatzProcess

from platz_sandbox.postgres.embedded_postgres import EmbeddedPostgres

WARM_STARTS = 3


def measure() -> Iterator[Figure]:
    """Start on an empty folder, then again and again, beside the bare start of the embedded PostgreSQL."""
    with tempfile.TemporaryDirectory() as folder:
        cold_floor, warm_floor = _postgres(Path(folder) / "bare")
        process = PlatzProcess(Path(folder) / "platz")
        try:
            cold = process.start()
            process.stop()
            warm: list[float] = []
            stops: list[float] = []
            for _ in range(WARM_STARTS):
                warm.append(process.start())
                began = time.perf_counter()
                process.stop()
                stops.append(time.perf_counter() - began)
        finally:
            process.sweep()
    floor_is = "PostgreSQL alone"
    yield Figure(name="ready, on an empty folder", value=cold, unit="s", floor=cold_floor, floor_is=floor_is)
    yield Figure(
        name="ready, on a kept folder",
        value=statistics.median(warm),
        unit="s",
        floor=warm_floor,
        floor_is=floor_is,
    )
    yield Figure(name="stopped after SIGTERM", value=statistics.median(stops), unit="s")


def _postgres(folder: Path) -> tuple[float, float]:
    """Seconds of a first and of a later start of the database alone."""
    from database import free_port

    taken: list[float] = []
    for _ in range(2):
        server = EmbeddedPostgres(folder, free_port())
        began = time.perf_counter()
        server.start()
        taken.append(time.perf_counter() - began)
        server.stop()
    return taken[0], taken[1]
