"""Fixtures of these tests."""

from __future__ import annotations

from database import empty_database

__all__ = ["empty_database"]
