"""The text in which searches for deployments look, and the index of the workloads that are not ready."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from platz.db.scripts import run_script

revision = "platz_0008"
down_revision = "platz_0007"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    """Create the table, its triggers and the index."""
    run_script(op.get_bind(), SQL / "0008_overview.sql")
