"""Change events of deployment resources whose environment changes with their deployment or its cluster."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from platz.db.scripts import run_script

revision = "platz_0006"
down_revision = "platz_0005"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    """Create and replace the functions and triggers."""
    run_script(op.get_bind(), SQL / "0006_events_of_managed_resources.sql")
