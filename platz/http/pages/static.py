"""Another frontend at `/`, from a folder.

Invariant: only regular files inside the folder are served, never hidden ones, and never under `/api`. Browsers may keep
a file for ever if its name holds a hash of its content; they ask for every other file each time. Texts are sent
compressed where the browser accepts that.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Scope

from platz.access.oidc import CALLBACK_PATH
from platz.errors import PlatzError
from platz.http.pages.compression import Compression

_INDEX = "index.html"
_HASHED = re.compile(r"[-.](?=[A-Za-z0-9_]*\d)[A-Za-z0-9_]{8,}\.[a-z0-9.]+$")
FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"

# The types that browsers insist on; the tables of operating systems differ.
CONTENT_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
}
_COMPRESSIBLE = (
    "text/",
    "application/json",
    "application/manifest+json",
    "application/wasm",
    "image/svg+xml",
)
_TEXT = ("text/", "application/json", "application/manifest+json", "image/svg+xml")

FRONTEND_POLICY = "object-src 'none'; base-uri 'self'; frame-ancestors 'none'"
"""The content security policy of another frontend: it may load what it needs, and nothing that none needs."""


class FrontendMissing(PlatzError):
    """The frontend's folder has no index.html."""


class Pages(StaticFiles):
    """Serves one folder; with ``deep_links``, a browser gets the index page for every path that is not a file."""

    def __init__(self, folder: Path, *, deep_links: bool, policy: str) -> None:
        """Raises `FrontendMissing` when the folder has no index page."""
        if not (folder / _INDEX).is_file():
            raise FrontendMissing(f"The frontend's folder {folder} has no {_INDEX} (PLATZ_FRONTEND_DIR).")
        super().__init__(directory=folder)
        self._compression = Compression()
        self._deep_links = deep_links
        self._policy = policy

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with the file, or with the index page where the path is the application's own."""
        try:
            response = await self._file(path, scope)
        except HTTPException as refusal:
            if refusal.status_code == 405:
                raise
            if not self._belongs_to_application(path, scope):
                raise HTTPException(404) from refusal
            path, response = _INDEX, await self._file(_INDEX, scope)
        response.headers["Cache-Control"] = FOR_EVER if _HASHED.search(path) else ASK_AGAIN
        response.headers["Content-Security-Policy"] = self._policy
        return response

    async def _file(self, path: str, scope: Scope) -> Response:
        parts = PurePosixPath(path).parts
        if any(part.startswith(".") and part != ".well-known" for part in parts):
            raise HTTPException(404)
        response = await super().get_response(path if parts else _INDEX, scope)
        suffix = PurePosixPath(path if parts else _INDEX).suffix.lower()
        if not isinstance(response, FileResponse) or suffix not in CONTENT_TYPES:
            return response
        kind = CONTENT_TYPES[suffix]
        response.headers["Content-Type"] = f"{kind}; charset=utf-8" if kind.startswith(_TEXT) else kind
        if not kind.startswith(_COMPRESSIBLE):
            return response
        form = await self._compression.best_form(response, Headers(scope=scope))
        is_known = self.is_not_modified(form.headers, Headers(scope=scope))
        return NotModifiedResponse(form.headers) if is_known else form

    def _belongs_to_application(self, path: str, scope: Scope) -> bool:
        if scope["path"] == CALLBACK_PATH:
            return True
        parts = PurePosixPath(path).parts
        names_a_file = bool(parts) and "." in parts[-1]
        return self._deep_links and not names_a_file and parts[:1] != ("api",)
