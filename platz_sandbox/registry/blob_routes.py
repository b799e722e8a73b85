"""Blobs and their uploads over HTTP (distribution specification, "Pushing blobs" and "Pulling blobs")."""

from __future__ import annotations

import re

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from platz_sandbox.registry import oci_names
from platz_sandbox.registry.contents import ContentStore
from platz_sandbox.registry.errors import RegistryRefusal
from platz_sandbox.registry.oci_names import Digest, Repository
from platz_sandbox.registry.repositories import Repositories
from platz_sandbox.registry.uploads import Upload, Uploads

_CONTENT_RANGE = re.compile(r"(?:bytes )?(\d{1,18})-(\d{1,18})")


class BlobRoutes:
    """The handlers; each raises `RegistryRefusal` for a request that it refuses."""

    def __init__(self, contents: ContentStore, repositories: Repositories, uploads: Uploads) -> None:
        self._contents = contents
        self._repositories = repositories
        self._uploads = uploads

    def routes(self) -> list[Route]:
        """Return the routes, the more specific ones first."""
        uploads = "/v2/{name:path}/blobs/uploads/"
        upload = uploads + "{upload}"
        blob = "/v2/{name:path}/blobs/{digest}"
        return [
            Route(uploads, self.start, methods=["POST"]),
            Route(uploads.rstrip("/"), self.start, methods=["POST"]),
            Route(upload, self.progress, methods=["GET"]),
            Route(upload, self.append, methods=["PATCH"]),
            Route(upload, self.finish, methods=["PUT"]),
            Route(upload, self.cancel, methods=["DELETE"]),
            Route(blob, self.read, methods=["GET"]),
            Route(blob, self.delete, methods=["DELETE"]),
        ]

    async def read(self, request: Request) -> Response:
        """Send a blob, or the requested range of it."""
        digest = oci_names.digest(request.path_params["digest"])
        file = self._repositories.blob(_repository(request), digest)
        return FileResponse(
            file,
            media_type="application/octet-stream",
            headers={"Docker-Content-Digest": digest, "ETag": f'"{digest}"'},
        )

    async def delete(self, request: Request) -> Response:
        """Remove a blob from its repository."""
        self._repositories.unlink_blob(_repository(request), oci_names.digest(request.path_params["digest"]))
        return Response(status_code=202)

    async def start(self, request: Request) -> Response:
        """Open an upload; when the query asks for it, mount another repository's blob or take a whole blob at once."""
        repository = _repository(request)
        if (mounted := self._mounted(request, repository)) is not None:
            return _created(repository, mounted)
        wanted = request.query_params.get("digest")
        digest = oci_names.digest(wanted) if wanted is not None else None
        upload = self._uploads.start(repository)
        return await self._complete(request, upload, digest) if digest else _accepted(upload)

    async def progress(self, request: Request) -> Response:
        """Return how much of an upload has arrived."""
        upload = self._upload(request)
        return Response(status_code=204, headers=_progress(upload))

    async def append(self, request: Request) -> Response:
        """Append the next chunk."""
        upload = self._upload(request)
        async with upload.turn:
            _require_next(request, upload)
            await self._uploads.append(upload, request.stream())
        return _accepted(upload)

    async def finish(self, request: Request) -> Response:
        """Append the last chunk, if any, check the digest and store the blob."""
        upload = self._upload(request)
        return await self._complete(request, upload, oci_names.digest(request.query_params.get("digest", "")))

    async def cancel(self, request: Request) -> Response:
        """Drop an upload."""
        self._uploads.forget(self._upload(request))
        return Response(status_code=204)

    async def _complete(self, request: Request, upload: Upload, digest: Digest) -> Response:
        async with upload.turn:
            _require_next(request, upload)
            await self._uploads.append(upload, request.stream())
            try:
                await run_in_threadpool(self._keep, upload, digest)
            finally:
                self._uploads.forget(upload)
        return _created(upload.repository, digest)

    def _keep(self, upload: Upload, digest: Digest) -> None:
        self._contents.adopt(upload.file, digest)
        self._repositories.link_blob(upload.repository, digest)

    def _mounted(self, request: Request, repository: Repository) -> Digest | None:
        wanted, source = request.query_params.get("mount"), request.query_params.get("from")
        if wanted is None or source is None:
            return None
        digest = oci_names.digest(wanted)
        if not self._repositories.has_blob(oci_names.repository(source), digest):
            return None
        self._repositories.link_blob(repository, digest)
        return digest

    def _upload(self, request: Request) -> Upload:
        return self._uploads.find(_repository(request), request.path_params["upload"])


def _repository(request: Request) -> Repository:
    return oci_names.repository(request.path_params["name"])


def _require_next(request: Request, upload: Upload) -> None:
    text = request.headers.get("content-range")
    if text is None:
        return
    match = _CONTENT_RANGE.fullmatch(text)
    if match is None or int(match[1]) != upload.size:
        raise RegistryRefusal("RANGE_INVALID", "chunks come in order", size=str(upload.size))


def _progress(upload: Upload) -> dict[str, str]:
    return {
        "Location": f"/v2/{upload.repository}/blobs/uploads/{upload.id}",
        "Range": f"0-{max(upload.size - 1, 0)}",
        "Docker-Upload-UUID": upload.id,
    }


def _accepted(upload: Upload) -> Response:
    return Response(status_code=202, headers=_progress(upload))


def _created(repository: Repository, digest: Digest) -> Response:
    location = f"/v2/{repository}/blobs/{digest}"
    return Response(status_code=201, headers={"Location": location, "Docker-Content-Digest": digest})
