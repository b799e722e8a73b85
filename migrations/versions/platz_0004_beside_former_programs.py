"""Room for the programs of the former server beside Platz: their channels, and rules that do not stop them."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from platz.db.scripts import run_script

revision = "platz_0004"
down_revision = "platz_0003"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    """Send events on the channels of four tables, too, and replace three constraints that stopped those programs."""
    run_script(op.get_bind(), SQL / "0004_beside_former_programs.sql")
