"""The compressed forms of the pages' files: those that a frontend ships beside them, and those that are made here.

Invariant: a compressed form is sent only to a client that accepts it and asks for the whole file; it has an ETag of its
own, and lies in the folder of the file itself. What is kept in memory is bounded.
"""

from __future__ import annotations

import gzip
import os
import stat
import threading
from collections.abc import Collection, Mapping
from pathlib import Path

from anyio.to_thread import run_sync
from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response

_SHIPPED = {"br": ".br", "gzip": ".gz"}
"""The encodings in which a frontend may ship its files, the smallest first, and the suffixes of these files."""
_SMALLEST = 1024
_LARGEST = 8 * 1024 * 1024
_KEPT_BYTES = 64 * 1024 * 1024
_KEPT_HEADERS = ("content-type", "last-modified")


class Compression:
    """Chooses the form in which a file is sent. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, int, int], bytes] = {}
        self._room = _KEPT_BYTES

    async def best_form(self, response: FileResponse, request: Headers) -> Response:
        """Return the response with the smallest form of its file that the client accepts."""
        response.headers["Vary"] = "Accept-Encoding"
        if "range" in request:
            return response
        accepted = accepted_encodings(request.get("accept-encoding", ""))
        path = str(response.path)
        for encoding, suffix in _SHIPPED.items():
            if encoding in accepted and (found := await run_sync(_shipped, path + suffix)):
                return _in_form(FileResponse(path + suffix, stat_result=found), response, encoding)
        if "gzip" in accepted and (body := await run_sync(self._gzipped, path)):
            return _in_form(Response(body), response, "gzip")
        return response

    def _gzipped(self, path: str) -> bytes | None:
        """Return the file's gzip form, or None for a file that is too small or too large."""
        found = Path(path).stat()
        if not _SMALLEST <= found.st_size <= _LARGEST:
            return None
        key = (path, found.st_mtime_ns, found.st_size)
        if key not in self._kept:
            body = gzip.compress(Path(path).read_bytes(), mtime=0)
            with self._lock:
                if len(body) > self._room:
                    return None
                self._room -= len(body)
                self._kept[key] = body
        return self._kept[key]


def accepted_encodings(header: str) -> Collection[str]:
    """Return the encodings that an `Accept-Encoding` header names and does not refuse (RFC 9110 section 12.5.3)."""
    wishes = (part.strip().lower().partition(";") for part in header.split(","))
    return {name.strip() for name, _, weight in wishes if not _is_zero(weight)}


def _is_zero(weight: str) -> bool:
    name, _, value = weight.partition("=")
    return name.strip() == "q" and value.strip().rstrip("0").rstrip(".") in {"", "0"}


def _shipped(path: str) -> os.stat_result | None:
    """Return the facts of a regular file that is no link, or None."""
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return found if stat.S_ISREG(found.st_mode) else None


def _in_form(form: Response, plain: FileResponse, encoding: str) -> Response:
    kept: Mapping[str, str] = {name: plain.headers[name] for name in _KEPT_HEADERS}
    form.headers.update(kept)
    form.headers["Vary"] = plain.headers["Vary"]
    form.headers["Content-Encoding"] = encoding
    form.headers["ETag"] = f'{plain.headers["etag"][:-1]}-{encoding}"'
    return form
