"""Runs a file of several SQL statements inside the caller's transaction."""

from __future__ import annotations

from pathlib import Path

import psycopg
from sqlalchemy import Connection


def run_script(connection: Connection, script: Path) -> None:
    """Send ``script`` as it is: no parameters, so a percent sign or a colon in it means itself."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)  # noqa: S101 - the only driver of Platz
    driver.execute(script.read_bytes())
