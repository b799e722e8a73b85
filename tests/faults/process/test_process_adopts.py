"""Given a former database whose adoption takes long, a process lives from the beginning and is ready afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
from acceptance.platz_process import PlatzProcess
from database import empty_database
from waiting import eventually

from platz.db.database import Database
from tests.integration.db.migrations.former_platz import Installation

__all__ = ["empty_database"]


@pytest.fixture
def former(empty_database: Database) -> Iterator[Installation]:
    installation = Installation(empty_database)
    installation.build()
    installation.go_back_to("20240911173524addbottokens")
    installation.execute("""
        CREATE TABLE adoption_leftovers (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, table_name varchar NOT NULL,
            row_as_it_was jsonb NOT NULL, kept_instead uuid, reason varchar NOT NULL)
    """)
    yield installation
    installation.close()


@pytest.fixture
def platz(tmp_path: Path, empty_database: Database) -> Iterator[PlatzProcess]:
    address = empty_database.address
    user = f"{address.user}:{address.password}"
    settings = {
        "DATABASE_URL": f"postgresql://{user}@{address.host}:{address.port}/{address.database}",
        "OIDC_SERVER_URL": "https://id.example.com",
        "OIDC_CLIENT_ID": "platz",
        "OIDC_CLIENT_SECRET": "s",
        "PLATZ_ROLES": "api",
    }
    process = PlatzProcess(tmp_path / "platz", settings)
    yield process
    process.sweep()


@pytest.fixture
def obstacle(former: Installation, empty_database: Database) -> Iterator[psycopg.Connection[object]]:
    """Hold the table at which the adoption arrives in its middle."""
    assert former.rows("users")
    with empty_database.dedicated() as connection:
        connection.autocommit = False
        connection.execute("LOCK TABLE adoption_leftovers")
        yield connection


def reason(platz: PlatzProcess) -> str:
    """Return why the process is not ready, an empty text while it does not answer."""
    try:
        answer = httpx.get(f"{platz.url}/readyz")
    except httpx.TransportError:
        return ""
    return str(answer.json()["dependencies"]["database"].get("reason", "ready"))


def test_it_lives_while_it_adopts(platz: PlatzProcess, obstacle: psycopg.Connection[object]) -> None:
    process = platz.spawn()
    eventually(lambda: reason(platz).startswith("adopting: step "), seconds=30)
    assert httpx.get(f"{platz.url}/readyz").status_code == 503
    assert httpx.get(f"{platz.url}/status").status_code == 200
    refused = httpx.get(f"{platz.url}/api/v2/deployments")
    assert refused.status_code == 503
    assert refused.json()["message"].startswith("Platz is not ready yet (adopting: step ")
    assert process.poll() is None
    obstacle.rollback()
    eventually(lambda: "Platz is ready" in platz.output, seconds=30)
    assert httpx.get(f"{platz.url}/readyz").status_code == 200
    assert httpx.get(f"{platz.url}/api/v2/deployments").status_code == 401
    assert '"step": "merge accounts"' in platz.log
