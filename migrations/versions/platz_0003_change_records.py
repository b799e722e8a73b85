"""A record of the changes that can't be seen in a row afterwards: deletions, and moves between environments."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from platz.db.scripts import run_script

revision = "platz_0003"
down_revision = "platz_0002"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    """Create the table, and let the functions that send events fill it."""
    run_script(op.get_bind(), SQL / "0003_change_records.sql")
