"""The cache of charts: what is kept and forgotten, and what is told of a disk that takes no more."""

from __future__ import annotations

import errno
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from platz.discovery.archives import MAX_KEPT, ArchiveCache
from platz.errors import Retryable

CHART: Any = SimpleNamespace(image_digest=f"sha256:{'1' * 64}", image_tag="1.0.0")
REGISTRY: Any = SimpleNamespace(domain_name="r.example", repo_name="shop")


def cache_in(folder: Path) -> ArchiveCache:
    client: Any = SimpleNamespace(pull_chart=lambda _repository, _reference: b"archive")
    return ArchiveCache(folder, lambda _registry: nullcontext(client))


def test_a_full_disk_is_told_and_leaves_no_half_chart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: bytes) -> int:
        path.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(Retryable, match="No space left on device") as told:
        cache_in(tmp_path / "charts").fetch(REGISTRY, CHART)
    assert str(tmp_path / "charts") in told.value.message
    assert "PLATZ_DATA_DIR" in told.value.message
    assert list((tmp_path / "charts").iterdir()) == []


def test_a_folder_that_can_not_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "charts").write_text("a file")
    with pytest.raises(Retryable, match=r"can't be stored in .*charts"):
        cache_in(tmp_path / "charts").fetch(REGISTRY, CHART)


def test_a_chart_is_kept_for_the_next_time(tmp_path: Path) -> None:
    cache = cache_in(tmp_path / "charts")
    path = cache.fetch(REGISTRY, CHART)
    assert path.read_bytes() == b"archive"
    assert cache.fetch(REGISTRY, CHART) == path


def test_a_chart_that_another_thread_forgets_is_fetched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "exists", lambda _path: True)  # it was there a moment ago
    assert cache_in(tmp_path / "charts").fetch(REGISTRY, CHART).read_bytes() == b"archive"


def test_two_threads_may_forget_the_same_chart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "glob", lambda folder, _pattern: [folder / "gone.tgz"] * (MAX_KEPT + 1))
    assert cache_in(tmp_path / "charts").fetch(REGISTRY, CHART).read_bytes() == b"archive"
