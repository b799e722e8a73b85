"""Paths in this repository, for tests that read the project's own files."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "platz"
SANDBOX = ROOT / "platz_sandbox"
SANDBOX_USERS = ROOT / "config" / "sandbox-users.json"


def python_files(*folders: Path) -> list[Path]:
    """Return every Python file below the folders, sorted."""
    return sorted(file for folder in folders for file in folder.rglob("*.py"))
