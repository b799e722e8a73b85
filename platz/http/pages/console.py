"""The built-in console: its files from memory, and its index page for every address of the console.

Invariant: files are served under a path that holds a digest of them all, so a browser may keep them for ever, and a
page never mixes the files of two versions. The files are read and compressed once, when the application is built.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from platz.http.pages.compression import accepted_encodings
from platz.http.pages.static import ASK_AGAIN, CONTENT_TYPES, FOR_EVER

CONSOLE_FOLDER = Path(__file__).parents[1] / "console"
CONSOLE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
_INDEX = "index.html"
_PREFIX = "/console/"
_SCRIPTS = {".js", ".mjs"}
_ON_DEMAND = (
    "forms/",
    "pages/admin/",
    "pages/changes/",
    "pages/previews/",
    "pages/resources/",
    "pages/settings/",
)
"""What the first page needs nothing of: these modules are loaded when a page that needs them is opened."""


@dataclass(frozen=True, kw_only=True)
class ConsoleFile:
    """A file as it is served, and the same compressed with gzip."""

    content: bytes
    compressed: bytes
    media_type: str


class Console:
    """The console as an ASGI application for every path without a route."""

    def __init__(self, folder: Path = CONSOLE_FOLDER) -> None:
        """Read all files of ``folder``."""
        sources = {name: file.read_bytes() for name, file in _served(folder)}
        digest = _digest(sources)
        self.base = f"{_PREFIX}{digest}"
        index = _filled_in(sources.pop(_INDEX), self.base, sources)
        self._index = _file(_INDEX, index)
        self._files = {f"{self.base}/{name}": _file(name, content) for name, content in sources.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a file, or with the index page."""
        request = Request(scope, receive)
        if request.method not in {"GET", "HEAD"}:
            raise HTTPException(405)
        await self._response(request)(scope, receive, send)

    def _response(self, request: Request) -> Response:
        path = request.url.path
        found = self._files.get(path)
        if found is not None:
            return _response(found, request, FOR_EVER)
        if path != "/" and not _opens_a_page(request):
            raise HTTPException(404)
        return _response(self._index, request, ASK_AGAIN)


def _opens_a_page(request: Request) -> bool:
    """Tell whether a browser opens a page of the console, which says itself when there is none at the address."""
    path = request.url.path
    names_a_file = "." in PurePosixPath(path).name
    wants_a_page = "text/html" in request.headers.get("accept", "")
    return wants_a_page and not names_a_file and not path.startswith((_PREFIX, "/api/"))


def _served(folder: Path) -> Iterable[tuple[str, Path]]:
    for file in sorted(folder.rglob("*")):
        if file.is_file() and file.suffix in CONTENT_TYPES:
            yield file.relative_to(folder).as_posix(), file


def _digest(sources: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in sources.items():
        digest.update(name.encode() + b"\0" + hashlib.sha256(content).digest())
    return digest.hexdigest()[:16]


def _filled_in(index: bytes, base: str, sources: Iterable[str]) -> bytes:
    """Return the index page with the path of its files; the modules of the first page are loaded in one wave."""
    modules = [
        name
        for name in sources
        if PurePosixPath(name).suffix in _SCRIPTS and name != "theme.js" and not name.startswith(_ON_DEMAND)
    ]
    preload = "\n  ".join(f'<link rel="modulepreload" href="{base}/{name}">' for name in modules)
    return index.decode().replace("{{base}}", base).replace("{{preload}}", preload).encode()


def _file(name: str, content: bytes) -> ConsoleFile:
    return ConsoleFile(
        content=content,
        compressed=gzip.compress(content, mtime=0),
        media_type=CONTENT_TYPES[PurePosixPath(name).suffix],
    )


def _response(file: ConsoleFile, request: Request, caching: str) -> Response:
    headers = {"Cache-Control": caching, "Content-Security-Policy": CONSOLE_POLICY, "Vary": "Accept-Encoding"}
    content = file.content
    if "gzip" in accepted_encodings(request.headers.get("accept-encoding", "")):
        headers["Content-Encoding"] = "gzip"
        content = file.compressed
    return Response(content, headers=headers, media_type=f"{file.media_type}; charset=utf-8")
