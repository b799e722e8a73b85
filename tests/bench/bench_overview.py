"""The overview of deployments at 10,000 deployments and 100,000 tasks: milliseconds in the server, and the plan.

The floor is the plain list of the same 50 deployments in the same run.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator, Mapping

import structlog
from figures import Figure, quantile
from http_client import Caller, Installation
from large_installation import large_installation

from platz.db.overview.deployment_rows import overview_statement

TIMES = 60
QUERIES: Mapping[str, Mapping[str, str]] = {
    "first page": {},
    "a rare word": {"q": "d9876"},
    "two words that all have": {"q": "small team"},
    "with trouble": {"problem": "true"},
    "latest change first": {"sort": "-changed"},
    "newest version first": {"sort": "-version"},
    "the last page": {"page": "100"},
}


def measure() -> Iterator[Figure]:
    """How long 95 of 100 answers take at most."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with large_installation() as api:
        floor = _slowest(api["user"], "/deployments", {})
        for name, query in QUERIES.items():
            yield Figure(
                name=f"overview, {name}",
                value=_slowest(api["user"], "/overview/deployments", query),
                unit="ms (95 %)",
                floor=floor,
                floor_is="plain list",
            )
        for name, path, query in (
            ("at a glance", "/overview", {}),
            ("search, a rare word", "/search", {"q": "d9876"}),
            ("search, a word that all have", "/search", {"q": "small"}),
        ):
            value = _slowest(api["user"], path, query)
            yield Figure(name=name, value=value, unit="ms (95 %)", floor=floor, floor_is="plain list")
        sys.stdout.write("\n".join(_plan(api)) + "\n")


def _slowest(caller: Caller, path: str, query: Mapping[str, str]) -> float:
    taken: list[float] = []
    for _ in range(TIMES):
        began = time.perf_counter()
        assert caller.get(path, params=query).is_success
        taken.append(1000 * (time.perf_counter() - began))
    return quantile(taken, 0.95)


def _plan(api: Installation) -> Iterator[str]:
    """The plan of a search, without costs."""
    statement = overview_statement(
        words=1, restrictions=("seen",), filters=("status",), sort="name", descending=False
    )
    bound = {"page": 1, "per_page": 50, "skipped": 0, "seen": [api.here]}
    bound |= {"word_0": "d98", "filter_status": "Running"}
    with api.database.dedicated() as connection:
        for row in connection.execute(f"explain (costs off) {statement}", bound).fetchall():  # pyright: ignore[reportArgumentType]
            yield f"    {row[0]}"
