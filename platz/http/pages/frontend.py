"""The choice of the pages at `/`: the built-in console, or another frontend."""

from __future__ import annotations

from pathlib import Path

from starlette.types import ASGIApp

from platz.http.pages.console import Console
from platz.http.pages.static import FRONTEND_POLICY, Pages


def pages(frontend_folder: Path | None) -> ASGIApp:
    """Return the application to mount at `/`, after everything else; raise `FrontendMissing`."""
    if frontend_folder is None:
        return Console()
    return Pages(frontend_folder, deep_links=True, policy=FRONTEND_POLICY)
