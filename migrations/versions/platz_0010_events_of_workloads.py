"""Change events of Kubernetes resources, for those who see the environment of their cluster."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from platz.db.scripts import run_script

revision = "platz_0010"
down_revision = "platz_0009"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    """Replace the trigger, and add one for clusters that move."""
    run_script(op.get_bind(), SQL / "0010_events_of_workloads.sql")
