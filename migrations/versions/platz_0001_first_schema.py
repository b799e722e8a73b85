"""The complete schema: made anew in an empty database, or reached from an existing Platz database.

A database that already serves Platz keeps its tables and rows; `platz.db.adoption` says what happens to the
rows that the new constraints would not allow. There is no way back: what the old rules were is not kept.
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

from platz.db.adoption import adopt_rows, drop_old_rules
from platz.db.adoption.detection import SchemaOrigin, check_complete, detect_origin
from platz.db.scripts import run_script

revision = "platz_0001"
down_revision = None
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    """Build every table, constraint, index and trigger; seed an installation that is new."""
    connection = op.get_bind()
    match detect_origin(connection):
        case SchemaOrigin.EMPTY:
            run_script(connection, SQL / "0001_tables.sql")
            run_script(connection, SQL / "0001_seed.sql")
        case SchemaOrigin.OLD_PLATZ:
            run_script(connection, SQL / "0001_missing_pieces.sql")
            check_complete(connection)
            drop_old_rules(connection)
            adopt_rows(connection)
            run_script(connection, SQL / "0001_adopt_tables.sql")
        case SchemaOrigin.OURS:
            raise AssertionError("Alembic runs the first migration only where there is none yet.")
    run_script(connection, SQL / "0001_constraints.sql")
    run_script(connection, SQL / "0001_change_events.sql")
