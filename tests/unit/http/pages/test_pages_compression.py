"""The pages are sent small: in the forms that the frontend ships, or compressed here."""

from __future__ import annotations

import asyncio
import gzip
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from platz.http.pages.compression import Compression, accepted_encodings
from platz.http.pages.frontend import pages

SCRIPT = b"const text = 'platz';\n" * 500
PATH = "/assets/app-DiwrgTd4.js"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_bytes(b"<title>Frontend</title>" * 100)
    (tmp_path / "tiny.js").write_bytes(b"1")
    (tmp_path / "photo.png").write_bytes(b"\x89PNG" + b"0" * 5000)
    (tmp_path / PATH[1:]).write_bytes(SCRIPT)
    return tmp_path


def get(folder: Path, path: str, *, method: str = "GET", **headers: str) -> httpx.Response:
    application = Starlette(routes=[Mount("/", pages(folder))])

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(application)
        async with httpx.AsyncClient(transport=transport, base_url="http://platz") as client:
            wishes = {
                "Accept-Encoding": "identity",
                **{name.replace("_", "-"): text for name, text in headers.items()},
            }
            request = client.build_request(method, path, headers=wishes)
            response = await client.send(request, stream=True)
            raw = b"".join([chunk async for chunk in response.aiter_raw()])
            return httpx.Response(response.status_code, headers=response.headers, extensions={"raw": raw})

    return asyncio.run(ask())


def raw(answer: httpx.Response) -> bytes:
    return answer.extensions["raw"]


def ship(folder: Path, suffix: str, content: bytes) -> None:
    (folder / f"{PATH[1:]}{suffix}").write_bytes(content)


def test_a_text_is_compressed_for_browsers_that_accept_it(folder: Path) -> None:
    answer = get(folder, PATH, Accept_Encoding="gzip, deflate, br")
    assert (answer.status_code, answer.headers["content-encoding"]) == (200, "gzip")
    assert gzip.decompress(raw(answer)) == SCRIPT
    assert int(answer.headers["content-length"]) == len(raw(answer)) < len(SCRIPT) / 10
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_the_index_page_is_compressed_and_asked_for_each_time(folder: Path) -> None:
    answer = get(folder, "/deployments", Accept_Encoding="gzip", Accept="text/html")
    assert gzip.decompress(raw(answer)).startswith(b"<title>")
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    ("accepted", "encoding", "body"),
    [
        ("gzip, br", "br", b"as br"),
        ("gzip", "gzip", b"as gzip"),
        ("br;q=0, gzip", "gzip", b"as gzip"),
        ("identity", None, SCRIPT),
    ],
)
def test_a_form_that_the_frontend_ships_is_preferred(
    folder: Path, accepted: str, encoding: str | None, body: bytes
) -> None:
    ship(folder, ".br", b"as br")
    ship(folder, ".gz", b"as gzip")
    answer = get(folder, PATH, Accept_Encoding=accepted)
    assert (answer.headers.get("content-encoding"), raw(answer)) == (encoding, body)
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["vary"] == "Accept-Encoding"


def test_each_form_has_its_own_tag_and_is_not_sent_again(folder: Path) -> None:
    ship(folder, ".br", b"as br")
    tags = {
        wish: get(folder, PATH, Accept_Encoding=wish).headers["etag"] for wish in ("identity", "gzip", "br")
    }
    assert len(set(tags.values())) == 3
    for wish, tag in tags.items():
        again = get(folder, PATH, Accept_Encoding=wish, If_None_Match=tag)
        assert (again.status_code, raw(again)) == (304, b"")
        assert again.headers["etag"] == tag
    assert get(folder, PATH, Accept_Encoding="gzip", If_None_Match=tags["br"]).status_code == 200


def test_a_part_of_a_file_is_a_part_of_its_plain_form(folder: Path) -> None:
    answer = get(folder, PATH, Accept_Encoding="gzip", Range="bytes=0-9")
    assert (answer.status_code, raw(answer)) == (206, SCRIPT[:10])
    assert "content-encoding" not in answer.headers
    assert answer.headers["content-range"] == f"bytes 0-9/{len(SCRIPT)}"
    assert get(folder, PATH, Range=f"bytes={len(SCRIPT)}-").status_code == 416


def test_head_tells_the_same_without_the_body(folder: Path) -> None:
    for wish in ("gzip", "identity"):
        whole, head = (get(folder, PATH, method=method, Accept_Encoding=wish) for method in ("GET", "HEAD"))
        assert head.status_code == 200
        for name in ("content-length", "etag", "cache-control", "content-type"):
            assert head.headers[name] == whole.headers[name]


@pytest.mark.parametrize("path", ["/tiny.js", "/photo.png"])
def test_what_would_not_get_smaller_is_sent_as_it_is(folder: Path, path: str) -> None:
    assert "content-encoding" not in get(folder, path, Accept_Encoding="gzip, br").headers


def test_a_changed_file_is_compressed_anew(folder: Path) -> None:
    compression = Compression()
    path = folder / PATH[1:]
    first = compression._gzipped(str(path))
    path.write_bytes(SCRIPT * 2)
    second = compression._gzipped(str(path))
    assert first is not None
    assert second is not None
    assert gzip.decompress(second) == SCRIPT * 2


def test_no_link_leads_out_of_the_folder(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "secret"
    outside.write_bytes(b"secret")
    (folder / f"{PATH[1:]}.br").symlink_to(outside)
    answer = get(folder, PATH, Accept_Encoding="br, gzip")
    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw(answer)) == SCRIPT


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("gzip, deflate, br", {"gzip", "deflate", "br"}),
        ("GZIP;q=0.5 , br; q=0", {"gzip"}),
        ("gzip;q=0.0,br;q=0.001", {"br"}),
        ("", {""}),
        ("*", {"*"}),
    ],
)
def test_refused_encodings_are_not_accepted(header: str, accepted: set[str]) -> None:
    assert accepted_encodings(header) == accepted
