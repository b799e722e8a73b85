"""The pages at `/`: another frontend as a single-page application, or the built-in page."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from platz.http.pages.frontend import pages
from platz.http.pages.static import FrontendMissing

BROWSER = {"Accept": "text/html,application/xhtml+xml"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret.txt").write_text("outside")
    frontend = tmp_path / "frontend"
    for name, text in {
        "index.html": "<title>Frontend</title>",
        "favicon.ico": "icon",
        "assets/index-DiwrgTd4.js": "script",
        "assets/main.3f2a1b9c.css": "style",
        "assets/font-a1b2c3d4.woff2": "font",
        "assets/jquery-validate.js": "plain",
        "module.wasm": "wasm",
        ".env": "hidden",
        ".git/config": "hidden",
        ".well-known/security.txt": "contact",
    }.items():
        (frontend / name).parent.mkdir(parents=True, exist_ok=True)
        (frontend / name).write_text(text)
    (frontend / "escape").symlink_to(tmp_path / "secret.txt")
    return frontend


def get(folder: Path | None, path: str, *, method: str = "GET", **headers: str) -> httpx.Response:
    application = Starlette(routes=[Mount("/", pages(folder))])

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(application)
        async with httpx.AsyncClient(transport=transport, base_url="http://platz") as client:
            request = client.build_request(method, "/", headers=headers)
            request.url = httpx.URL("http://platz").copy_with(raw_path=path.encode())
            return await client.send(request)

    return asyncio.run(ask())


@pytest.mark.parametrize(
    "path", ["/", "/deployments", "/envs/0b3bc7ae/deployments", "/auth/google/callback?code=x"]
)
def test_a_deep_link_gives_the_index_page(folder: Path, path: str) -> None:
    answer = get(folder, path, **BROWSER)
    assert (answer.status_code, answer.text) == (200, "<title>Frontend</title>")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["/missing.js", "/assets/missing-12345678.js", "/a/b.png", "/api/v2/nothing", "/api"]
)
def test_what_is_not_the_applications_is_not_found(folder: Path, path: str) -> None:
    assert get(folder, path, **BROWSER).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt", "/assets/../../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/escape",
        "/%2fetc/passwd", "//etc/passwd", "/assets/..%5c..%5csecret.txt", "/.env", "/.git/config", "/%00",
        "/" + "a" * 5000 + ".js",
    ],
)  # fmt: skip
def test_nothing_outside_the_folder_and_nothing_hidden_is_served(folder: Path, path: str) -> None:
    answer = get(folder, path)
    assert answer.status_code == 404 or answer.text == "<title>Frontend</title>"
    assert "outside" not in answer.text
    assert "root:" not in answer.text
    assert "hidden" not in answer.text


def test_the_well_known_folder_is_served(folder: Path) -> None:
    assert get(folder, "/.well-known/security.txt").text == "contact"


@pytest.mark.parametrize(
    ("path", "kind", "cached"),
    [
        ("/assets/index-DiwrgTd4.js", "text/javascript; charset=utf-8", True),
        ("/assets/main.3f2a1b9c.css", "text/css; charset=utf-8", True),
        ("/assets/font-a1b2c3d4.woff2", "font/woff2", True),
        ("/assets/jquery-validate.js", "text/javascript; charset=utf-8", False),
        ("/module.wasm", "application/wasm", False),
        ("/favicon.ico", "image/x-icon", False),
    ],
)
def test_a_file_has_its_type_and_hashed_names_are_kept(
    folder: Path, path: str, kind: str, cached: bool
) -> None:
    answer = get(folder, path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
    expected = "public, max-age=31536000, immutable" if cached else "no-cache"
    assert answer.headers["cache-control"] == expected


def test_an_unchanged_file_is_not_sent_again(folder: Path) -> None:
    first = get(folder, "/favicon.ico")
    again = get(folder, "/favicon.ico", **{"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    os.utime(folder / "favicon.ico", (1, 1))
    assert get(folder, "/favicon.ico", **{"If-None-Match": first.headers["etag"]}).status_code == 200


def test_head_is_answered_and_other_methods_are_not(folder: Path) -> None:
    assert get(folder, "/", method="HEAD").status_code == 200
    assert get(folder, "/", method="POST").status_code == 405


def test_another_frontend_may_load_its_scripts(folder: Path) -> None:
    policy = get(folder, "/").headers["content-security-policy"]
    assert "default-src" not in policy
    assert "frame-ancestors 'none'" in policy


def test_a_folder_without_an_index_page_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FrontendMissing, match=r"PLATZ_FRONTEND_DIR"):
        pages(tmp_path)
