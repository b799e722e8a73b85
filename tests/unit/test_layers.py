"""The arrows of the house: an import only points down (design section 2)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "platz"
LAYERS = (
    {"app"},
    {"commands", "banner"},
    {"assembly"},
    {"surroundings"},
    {"actors", "http", "sandbox"},
    {"deployments"},
    {"discovery"},
    {"access"},
    {"helm", "kube", "aws", "charts"},
    {"db"},
    {"identities"},
    {"errors", "config", "json", "logs", "metrics", "processes"},
)
RANK = {room: len(LAYERS) - index for index, rooms in enumerate(LAYERS) for room in rooms}
MODULES = sorted(ROOT.rglob("*.py"))
MAY_USE_STARLETTE = {"assembly", "http", "sandbox"}
CHARTS_MAY_IMPORT = {"charts", "errors", "json"}


def room_of(module: Path) -> str:
    return module.relative_to(ROOT).parts[0].removesuffix(".py")


def imports_of(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative imports hide the arrows"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def rooms_imported(module: Path) -> set[str]:
    return {name.split(".")[1] for name in imports_of(module) if name.startswith("platz.")}


@pytest.mark.parametrize("module", MODULES, ids=lambda m: str(m.relative_to(ROOT)))
def test_imports_point_down(module: Path) -> None:
    mine = room_of(module)
    if mine == "__init__":
        return
    for other in rooms_imported(module) - {mine}:
        assert RANK[other] < RANK[mine], f"{module.relative_to(ROOT)} imports {other}"


def test_charts_know_nothing_but_errors_and_json() -> None:
    for module in (ROOT / "charts").rglob("*.py"):
        assert rooms_imported(module) <= CHARTS_MAY_IMPORT, module


def test_only_the_web_the_sandbox_and_who_puts_them_together_know_starlette() -> None:
    users = {
        room_of(module)
        for module in MODULES
        if any(name.startswith("starlette") for name in imports_of(module))
    }
    assert users <= MAY_USE_STARLETTE


def test_only_actors_know_pykka() -> None:
    users = {
        room_of(module) for module in MODULES if any(name.startswith("pykka") for name in imports_of(module))
    }
    assert users <= {"actors", "assembly", "app"}


def test_only_the_configuration_and_the_start_read_the_environment() -> None:
    readers = {
        room_of(module)
        for module in MODULES
        if any(name.startswith("os.environ") or name == "os.getenv" for name in imports_of(module))
        or "os.environ" in module.read_text(encoding="utf-8")
    }
    assert readers <= {"app", "assembly", "config"}
