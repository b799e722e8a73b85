"""Where Platz answers: a running process writes its address into its data folder, and commands find it there.

Invariant: a given address counts most, then what the settings name, then what the process of this folder has written.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from platz.backing_services import own_url
from platz.config import Settings, load_here

CONFIG_FILE = Path("config/platz.toml")
_FILE = "address"


@contextmanager
def announced(settings: Settings) -> Generator[None]:
    """Keep the address in the data folder until the block ends; a folder that can't be written is no obstacle."""
    file = settings.data_dir / _FILE
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(own_url(settings) + "\n", encoding="utf-8")
    except OSError:
        yield
        return
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def address_of_platz(given: str | None) -> str:
    """Return the address at which Platz answers, without a trailing slash; raise `SettingsError`."""
    if given:
        return given.rstrip("/")
    file = CONFIG_FILE if CONFIG_FILE.is_file() else None
    loaded = load_here(flags={}, file=file)
    written = loaded.settings.data_dir / _FILE
    if {"own_url", "api_port"}.isdisjoint(loaded.sources) and written.is_file():
        return written.read_text(encoding="utf-8").strip()
    return own_url(loaded.settings)
