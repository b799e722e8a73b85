"""Tasks that repeat others."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from platz.db.scripts import run_script

revision = "platz_0009"
down_revision = "platz_0008"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    """Add the column; no task repeats another so far."""
    run_script(op.get_bind(), SQL / "0009_repeated_tasks.sql")
