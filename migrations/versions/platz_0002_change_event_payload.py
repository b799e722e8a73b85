"""Change events on the channel, and in the form, that consumers of a Platz database know."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from platz.db.scripts import run_script

revision = "platz_0002"
down_revision = "platz_0001"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    """Replace the function that sends every event."""
    run_script(op.get_bind(), SQL / "0002_change_event_payload.sql")
