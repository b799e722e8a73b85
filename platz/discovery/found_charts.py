"""What every search for charts does with one that it found: read it, record it, and say so in the log.

Invariant: nothing is downloaded while a transaction is open.
"""

from __future__ import annotations

import structlog

from platz.charts.chart import ReadChart, read_chart
from platz.db.database import Database
from platz.discovery.chart_records import record_chart, seen_again
from platz.discovery.findings import FoundChart
from platz.errors import PlatzError, Rejected
from platz.helm.registry_client import RegistryClient

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def is_known(database: Database, found: FoundChart) -> bool:
    """Tell whether there is nothing to learn from downloading the chart; it is available from now on."""
    with database.transaction() as connection:
        return seen_again(connection, found)


def download(registry: RegistryClient, found: FoundChart) -> ReadChart:
    """Download and read the chart; raise `NotFound`, `Denied` or `Retryable` when the registry does not answer so."""
    try:
        return read_chart(registry.pull_chart(found.repo_name, found.digest))
    except Rejected as error:
        return not_downloaded(error)


def not_downloaded(error: PlatzError, *, so_far: bool = False) -> ReadChart:
    """What is recorded of a chart that could not be downloaded; ``so_far`` if it will be tried again."""
    return ReadChart(error=f"The chart could not be downloaded{' yet' if so_far else ''}: {error.message}")


def record(database: Database, found: FoundChart, read: ReadChart) -> int:
    """Record the chart, and return how many that were: 1, or 0 when it was recorded before and stays as it is."""
    with database.transaction() as connection:
        chart_id = record_chart(connection, found, read)
    name = f"{found.domain_name}/{found.repo_name}:{found.tag}"
    for warning in read.warnings:
        log.warning("A chart was read with a warning", action="read", chart=name, reason=warning)
    if chart_id is None:
        return 0
    log.info("Found a chart", action="record", chart=name, chart_id=str(chart_id), error=read.error)
    return 1
