"""The epochs of leases, and the tasks that wait for other tasks."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from platz.db.scripts import run_script

revision = "platz_0007"
down_revision = "platz_0006"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    """Make the two tables; an Upgrade that waits behind a Recreate keeps its place there."""
    run_script(op.get_bind(), SQL / "0007_leases_and_waits.sql")
