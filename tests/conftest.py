"""Fixtures that every test may use."""

from __future__ import annotations

from database import database, postgres
from executables import executables

__all__ = ["database", "executables", "postgres"]
