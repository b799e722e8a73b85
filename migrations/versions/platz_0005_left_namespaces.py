"""The namespaces that deployments leave behind when they get another name or cluster."""

from __future__ import annotations

from pathlib import Path

from alembic import op

from platz.db.scripts import run_script

revision = "platz_0005"
down_revision = "platz_0004"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    """Create the table."""
    run_script(op.get_bind(), SQL / "0005_left_namespaces.sql")
