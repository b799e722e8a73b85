"""The figures of `GET /metrics` that come from the database and its pool.

Invariant: however often a scraper asks, the database is queried at most once in `max_age` seconds, by one thread. A
scrape waits a moment for the result; while the database does not answer, it gets the last counts of tasks and
deployments.

Source: docs/contract/http-api.md, "Metrics".
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import fields

import structlog
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from platz import metrics
from platz.db.counts import Counts, count
from platz.db.database import Database
from platz.db.enums import DeploymentStatus, TaskStatus
from platz.db.pool_health import PoolStatistics
from platz.errors import PlatzError

log = structlog.get_logger()


class DatabaseCounts(Collector):
    """A collector that counts tasks and deployments and reports the state of the pool."""

    def __init__(
        self,
        database: Database,
        *,
        max_age: float = 5.0,
        timeout: float = 2.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``max_age`` in seconds (`--prometheus-update-interval`); ``timeout`` is how many seconds a scrape waits."""
        self._database = database
        self._max_age = max_age
        self._timeout = timeout
        self._clock = clock
        self._lock = threading.Lock()
        self._asked_at: float | None = None
        self._answered = threading.Event()
        self._answered.set()
        self._known: Counts | None = None

    def collect(self) -> Iterable[Metric]:
        """Yield every metric family of docs/contract/http-api.md, "Metrics"."""
        counts = self._counts()
        if counts is not None:
            yield _task_metric(counts)
            yield _deployment_metric(counts)
        yield from _pool_metrics(self._database.pool_statistics())

    def _counts(self) -> Counts | None:
        with self._lock:
            if self._answered.is_set() and self._is_old():
                self._asked_at = self._clock()
                self._answered.clear()
                threading.Thread(target=self._count, name="figures", daemon=True).start()
        self._answered.wait(self._timeout)
        return self._known

    def _is_old(self) -> bool:
        return self._asked_at is None or self._clock() - self._asked_at >= self._max_age

    def _count(self) -> None:
        try:
            with self._database.reading() as connection:
                self._known = count(connection)
        except PlatzError as error:
            log.warning("Figures can't be counted", action="metrics_without_database", error=error.message)
        finally:
            self._answered.set()


def exposition(counts: DatabaseCounts | None) -> bytes:
    """Return everything in Prometheus' text format; without ``counts``, the metrics of the process only."""
    counted = CollectorRegistry()
    if counts is not None:
        counted.register(counts)
    return generate_latest(counted) + generate_latest(metrics.registry)


def _task_metric(counts: Counts) -> Metric:
    family = GaugeMetricFamily(
        "platz_deployment_task_status_counter", "Tasks by status.", labels=["task_status"]
    )
    for status in TaskStatus:
        family.add_metric([status.value], counts.tasks.get(status, 0))
    return family


def _deployment_metric(counts: Counts) -> Metric:
    """Return every combination for the kinds that have deployments, so that a gauge falls to 0 and does not vanish."""
    labels = ["deployment_kind", "deployment_status", "cluster_name"]
    family = GaugeMetricFamily(
        "platz_deployment_status_counter", "Deployments by kind, status and cluster.", labels=labels
    )
    for kind in sorted({kind for kind, _, _ in counts.deployments}):
        for status in DeploymentStatus:
            for cluster in counts.cluster_names:
                number = counts.deployments.get((kind, status, cluster), 0)
                family.add_metric([kind, status.value, cluster], number)
    return family


def _pool_metrics(statistics: PoolStatistics) -> Iterable[Metric]:
    for field in fields(statistics):
        name = f"platz_db_pool_{field.name}"
        yield GaugeMetricFamily(name, "Database pool.", value=getattr(statistics, field.name))
