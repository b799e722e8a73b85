"""The arrows of the house: an import only points down, as `layers.py` declares it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from layers import (
    BUILDS_SQL,
    CHARTS_MAY_IMPORT,
    LAYERS,
    MAX_FILES_IN_A_FOLDER,
    MAY_IMPORT_OF_SQLALCHEMY,
    MAY_READ_ENVIRONMENT,
    MAY_USE,
    SANDBOX_MAY_IMPORT,
)
from repository import PACKAGE, ROOT, SANDBOX, python_files

RANK = {room: len(LAYERS) - index for index, rooms in enumerate(LAYERS) for room in rooms}
MODULES = python_files(PACKAGE)
SANDBOX_MODULES = python_files(SANDBOX)


def room_of(module: Path) -> str:
    return module.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative imports hide the arrows"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def rooms_imported(module: Path) -> set[str]:
    return {name.split(".")[1] for name in imports_of(module) if name.startswith("platz.")}


def wing_of(module: Path) -> Path:
    """The folder of a module, or the module itself where it lies beside wings."""
    has_wings = any(child.is_dir() and any(child.glob("*.py")) for child in module.parent.iterdir())
    return module.relative_to(ROOT) if has_wings else module.parent.relative_to(ROOT)


def file_of(name: str) -> Path | None:
    """The file of a dotted name that is a module of ours, or is defined in one."""
    path = ROOT.joinpath(*name.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py", path.parent.with_suffix(".py")):
        if candidate.is_file():
            return candidate
    return None


@pytest.mark.parametrize("module", MODULES, ids=lambda m: str(m.relative_to(PACKAGE)))
def test_imports_point_down(module: Path) -> None:
    mine = room_of(module)
    if mine == "__init__":
        return
    for other in rooms_imported(module) - {mine}:
        assert RANK[other] < RANK[mine], f"{module.relative_to(PACKAGE)} imports {other}"


@pytest.mark.parametrize("module", SANDBOX_MODULES, ids=lambda m: str(m.relative_to(SANDBOX)))
def test_the_stand_ins_know_little_of_the_product(module: Path) -> None:
    assert rooms_imported(module) <= SANDBOX_MAY_IMPORT


def test_the_product_knows_the_stand_ins_at_one_place_only() -> None:
    knowing = {room_of(module) for module in MODULES if "platz_sandbox" in code_of(module)}
    assert knowing == {"embedded_services"}


def code_of(module: Path) -> str:
    """The code of a module without its docstrings and comments."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            node.value.value = ""
    return ast.unparse(tree)


def test_no_two_wings_import_in_a_circle() -> None:
    graph: dict[Path, set[Path]] = {}
    for module in MODULES + SANDBOX_MODULES:
        targets = {file for name in imports_of(module) if (file := file_of(name))}
        wings = {wing_of(target) for target in targets if target.name != "__init__.py"}
        graph.setdefault(wing_of(module), set()).update(wings - {wing_of(module)})
    list(TopologicalSorter(graph).static_order())


def test_charts_know_nothing_impure() -> None:
    for module in python_files(PACKAGE / "charts"):
        assert rooms_imported(module) <= CHARTS_MAY_IMPORT, module


@pytest.mark.parametrize("library", MAY_USE)
def test_a_library_is_used_where_it_belongs(library: str) -> None:
    users = {
        room_of(module)
        for module in MODULES
        for name in imports_of(module)
        if f"{name}.".startswith(f"{library}.")
    }
    assert users <= MAY_USE[library]


def test_sql_is_built_beside_the_tables_only() -> None:
    elsewhere = {
        name
        for module in MODULES
        if room_of(module) != BUILDS_SQL
        for name in imports_of(module)
        if f"{name}.".startswith("sqlalchemy.")
    }
    assert elsewhere <= MAY_IMPORT_OF_SQLALCHEMY


def test_only_the_configuration_and_the_start_read_the_environment() -> None:
    readers = {
        room_of(module)
        for module in MODULES
        if any(name.startswith("os.environ") or name == "os.getenv" for name in imports_of(module))
        or "os.environ" in module.read_text(encoding="utf-8")
    }
    assert readers <= MAY_READ_ENVIRONMENT


def test_no_folder_is_too_full_to_be_read_at_a_glance() -> None:
    folders = {module.parent for module in MODULES + SANDBOX_MODULES}
    full = {
        str(f.relative_to(ROOT)): n
        for f in folders
        if (n := len(list(f.glob("*.py")))) > MAX_FILES_IN_A_FOLDER
    }
    assert full == {}


def test_every_room_is_declared_and_every_declared_room_exists() -> None:
    assert {room_of(module) for module in MODULES} - {"__init__"} == set(RANK)


def test_the_documentation_draws_the_declared_layers() -> None:
    page = (ROOT / "docs" / "development.md").read_text(encoding="utf-8")
    assert drawing() in page, f"docs/development.md should hold:\n\n{drawing()}"


def drawing() -> str:
    """The layers as the table that docs/development.md shows."""
    rows = [
        "| " + " · ".join(f"`{room}`" for room in rooms) + " | " + " · ".join(rooms.values()) + " |"
        for rooms in LAYERS
    ]
    return "\n".join(["| layer, from the top down | contents |", "| --- | --- |", *rows])
