"""Turns rows into what the chart functions take (workers.md section 4.1)."""

from __future__ import annotations
