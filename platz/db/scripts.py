"""The execution of a file of SQL statements inside the caller's transaction."""

from __future__ import annotations

from pathlib import Path

import psycopg
from sqlalchemy import Connection


def run_script(connection: Connection, script: Path) -> None:
    """Run ``script`` as it is, without parameters, so that percent signs and colons in it have no special meaning."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)  # noqa: S101 - the only driver of Platz
    driver.execute(script.read_bytes())
