"""What every test may use."""

from __future__ import annotations

from database import database, postgres

__all__ = ["database", "postgres"]
