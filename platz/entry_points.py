"""The entry points of the five executables that the older install chart runs; the image links them to `/root/`."""

from __future__ import annotations

import sys

from platz.app import run
from platz.commands.executables import (
    API,
    CHART_DISCOVERY,
    K8S_AGENT,
    RESOURCE_SYNC,
    STATUS_UPDATES,
    Executable,
    parse_as,
)


def api() -> int:
    """Run `platz-api`."""
    return _run(API)


def k8s_agent() -> int:
    """Run `platz-k8s-agent`."""
    return _run(K8S_AGENT)


def chart_discovery() -> int:
    """Run `platz-chart-discovery`."""
    return _run(CHART_DISCOVERY)


def status_updates() -> int:
    """Run `platz-status-updates`."""
    return _run(STATUS_UPDATES)


def resource_sync() -> int:
    """Run `platz-resource-sync`."""
    return _run(RESOURCE_SYNC)


def _run(executable: Executable) -> int:
    return run(parse_as(executable, sys.argv[1:]))
