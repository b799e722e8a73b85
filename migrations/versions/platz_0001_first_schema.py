"""The complete schema: made anew in an empty database, or reached from an existing Platz database.

A database that already serves Platz keeps its tables and rows; `platz.db.adoption` says what happens to the
rows that the new constraints would not allow. The way back is `platz.db.adoption.hand_back`.
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

from platz.db.adoption import adopt
from platz.db.adoption.detection import SchemaOrigin, detect_origin
from platz.db.scripts import run_script

revision = "platz_0001"
down_revision = None
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    """Build every table, constraint, index and trigger; seed an installation that is new."""
    connection = op.get_bind()
    rules = [SQL / "0001_constraints.sql", SQL / "0001_change_events.sql"]
    match detect_origin(connection):
        case SchemaOrigin.EMPTY:
            for script in (SQL / "0001_tables.sql", SQL / "0001_seed.sql", *rules):
                run_script(connection, script)
        case SchemaOrigin.OLD_PLATZ:
            adopt(connection, SQL, rules)
        case SchemaOrigin.OURS:
            raise AssertionError("Alembic runs the first migration only where there is none yet.")
