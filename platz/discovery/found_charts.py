"""The common steps of all searches for charts: read a found chart, record it, and log it.

Invariant: nothing is downloaded while a transaction is open.
"""

from __future__ import annotations

import structlog

from platz.charts.chart import ReadChart, read_installable_chart
from platz.db.database import Database
from platz.discovery.chart_records import record_chart, seen_again
from platz.discovery.findings import FoundChart
from platz.errors import PlatzError, Rejected
from platz.helm.registry_client import RegistryClient

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def is_known(database: Database, found: FoundChart) -> bool:
    """Return whether the chart needs no download; a chart that does not is marked as available."""
    with database.transaction() as connection:
        return seen_again(connection, found)


def download(registry: RegistryClient, found: FoundChart) -> ReadChart:
    """Download and read the chart; raise `NotFound`, `Denied` or `Retryable` when the registry does not provide it.

    A chart that is refused is returned with the reason as its error.
    """
    try:
        return read_installable_chart(registry.pull_chart(found.repo_name, found.digest))
    except Rejected as error:
        return not_downloaded(error)


def not_downloaded(error: PlatzError, *, so_far: bool = False) -> ReadChart:
    """Return the record of a chart that could not be downloaded; ``so_far`` if the download will be tried again."""
    return ReadChart(error=f"The chart could not be downloaded{' yet' if so_far else ''}: {error.message}")


def record(database: Database, found: FoundChart, read: ReadChart) -> int:
    """Record the chart and return 1, or 0 when it was recorded before and keeps its documents."""
    with database.transaction() as connection:
        chart_id = record_chart(connection, found, read)
    name = f"{found.domain_name}/{found.repo_name}:{found.tag}"
    for warning in read.warnings:
        log.warning("A chart was read with a warning", action="read", chart=name, reason=warning)
    if chart_id is None:
        return 0
    log.info("Found a chart", action="record", chart=name, chart_id=str(chart_id), error=read.error)
    return 1
