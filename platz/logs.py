"""Logging: one structured line for each event, human-readable on a terminal, JSON otherwise.

Invariant: a line has `action=` and ids, and never a secret. Lines of libraries (alembic, pykka, urllib3) pass through
the same formatter, from `warning` upwards unless the level is `debug`; libraries that log whole responses, headers or
signed URLs stay at `warning` even then.
"""

from __future__ import annotations

import logging
import sys
from typing import Any, Literal

import structlog

QUIET = ("alembic", "urllib3", "pykka", "asyncio")
DISCREET = ("boto3", "botocore", "httpcore", "httpx", "kubernetes", "uvicorn", "websockets")
"""Libraries that log passwords and tokens at the debug level."""


def configure(*, level: str, style: Literal["auto", "human", "json"]) -> None:
    """Set up logging for the process; ``level`` is a word such as `info`."""
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    human = style == "human" or (style == "auto" and sys.stderr.isatty())
    shared: list[Any] = [  # structlog's processors have no common type
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.processors.StackInfoRenderer(),
    ]
    tail: list[Any] = [] if human else [structlog.processors.format_exc_info]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *tail, _renderer(human)],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(number)
    _keep_libraries_quiet(number)


def _renderer(human: bool) -> Any:  # what structlog calls a processor
    if not human:
        return structlog.processors.JSONRenderer(sort_keys=False)
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(),
        exception_formatter=structlog.dev.plain_traceback,
        timestamp_key="time",
    )


def _keep_libraries_quiet(number: int) -> None:
    quiet = max(number, logging.WARNING)
    for name in QUIET:
        logging.getLogger(name).setLevel(number if number <= logging.DEBUG else quiet)
    for name in DISCREET:
        logging.getLogger(name).setLevel(quiet)
