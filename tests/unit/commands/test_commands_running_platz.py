"""Commands find the Platz of their folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from platz.commands.running_platz import address_of_platz, announced
from platz.config import Settings

FOUND = "http://127.0.0.1:3100"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("API_PORT", "PLATZ_OWN_URL", "PLATZ_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def running(**settings: object) -> Settings:
    return Settings.model_validate({"PLATZ_DATA_DIR": Path(".platz"), **settings})


def test_a_running_process_is_found_by_what_it_wrote() -> None:
    with announced(running(API_PORT=3100)):
        assert address_of_platz(None) == FOUND
    assert address_of_platz(None) == "http://127.0.0.1:3000"


def test_a_public_address_is_written_too() -> None:
    with announced(running(PLATZ_OWN_URL="https://platz.example.com/")):
        assert address_of_platz(None) == "https://platz.example.com"


def test_what_is_given_counts_more(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    with announced(running(API_PORT=3100)):
        (folder / ".env").write_text("API_PORT=3200\n")
        assert address_of_platz(None) == "http://127.0.0.1:3200"
        monkeypatch.setenv("API_PORT", "3300")
        assert address_of_platz(None) == "http://127.0.0.1:3300"
        assert address_of_platz("http://platz.example.com/") == "http://platz.example.com"


def test_a_folder_that_can_not_be_written_is_no_obstacle(folder: Path) -> None:
    (folder / ".platz").write_text("a file stands in the way")
    with announced(running()):
        assert (folder / ".platz").read_text() == "a file stands in the way"
