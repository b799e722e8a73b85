"""The data folder is private, and one that can't be used is told in one sentence."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from platz.backing_services import prepare_data_folder
from platz.config import Settings
from platz.errors import DataFolderUnusable


def prepare(folder: Path) -> None:
    prepare_data_folder(Settings.model_validate({"PLATZ_DATA_DIR": folder}))


def mode(folder: Path) -> int:
    return stat.S_IMODE(folder.stat().st_mode)


def test_a_new_folder_is_for_its_owner_only(tmp_path: Path) -> None:
    prepare(tmp_path / "a" / "data")
    assert mode(tmp_path / "a" / "data") == 0o700
    assert not list((tmp_path / "a" / "data").iterdir())


def test_an_older_folder_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o755)
    prepare(tmp_path / "data")
    assert mode(tmp_path / "data") == 0o700


@pytest.mark.parametrize("below", ["file", "file/data"])
def test_a_file_in_the_way_is_told(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("I was here first")
    with pytest.raises(DataFolderUnusable) as refusal:
        prepare(tmp_path / below)
    assert refusal.value.message.startswith(f"The data folder {tmp_path / below} can't be used: ")
    assert refusal.value.message.endswith("Choose another with PLATZ_DATA_DIR.")
    assert (tmp_path / "file").read_text() == "I was here first"
