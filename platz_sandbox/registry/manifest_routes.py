"""Manifests, tags and the catalogue over HTTP (distribution specification, "Pull", "Content Discovery")."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from platz_sandbox.registry import manifest, oci_names
from platz_sandbox.registry.errors import RegistryRefusal
from platz_sandbox.registry.oci_names import Repository
from platz_sandbox.registry.repositories import Repositories

_MAX_MANIFEST_BYTES = 4 * 1024 * 1024  # the least that the specification recommends to accept
_PAGE = 100
_MAX_PAGE_BYTES = 1000


class ManifestRoutes:
    """The handlers; each raises `RegistryRefusal` for a request that it refuses."""

    def __init__(self, repositories: Repositories) -> None:
        self._repositories = repositories

    def routes(self) -> list[Route]:
        """Return the routes."""
        one = "/v2/{name:path}/manifests/{reference}"
        return [
            Route("/v2/", self.version, methods=["GET"]),
            Route("/v2", self.version, methods=["GET"]),
            Route("/v2/_catalog", self.catalog, methods=["GET"]),
            Route("/v2/{name:path}/tags/list", self.tags, methods=["GET"]),
            Route(one, self.read, methods=["GET"]),
            Route(one, self.put, methods=["PUT"]),
            Route(one, self.delete, methods=["DELETE"]),
        ]

    async def version(self, _: Request) -> Response:
        """Confirm that this is a distribution registry."""
        return JSONResponse({})

    async def catalog(self, request: Request) -> Response:
        """List repositories."""
        found = await run_in_threadpool(self._repositories.names)
        page, headers = _page(request, found)
        return JSONResponse({"repositories": page}, headers=headers)

    async def tags(self, request: Request) -> Response:
        """List the tags of a repository."""
        repository = _repository(request)
        found = await run_in_threadpool(self._repositories.tags, repository)
        page, headers = _page(request, found)
        return JSONResponse({"name": repository, "tags": page}, headers=headers)

    async def read(self, request: Request) -> Response:
        """Send a manifest as it was pushed."""
        found = self._repositories.manifest(
            _repository(request), oci_names.reference(request.path_params["reference"])
        )
        headers = {"Docker-Content-Digest": found.digest, "ETag": f'"{found.digest}"'}
        return Response(found.content, media_type=found.media_type, headers=headers)

    async def put(self, request: Request) -> Response:
        """Store a manifest, under a tag or its digest."""
        repository = _repository(request)
        reference = oci_names.reference(request.path_params["reference"])
        parsed = manifest.parse(await _bounded_body(request), request.headers.get("content-type", ""))
        digest = await run_in_threadpool(self._repositories.put_manifest, repository, reference, parsed)
        location = f"/v2/{repository}/manifests/{digest}"
        return Response(
            status_code=HTTPStatus.CREATED, headers={"Location": location, "Docker-Content-Digest": digest}
        )

    async def delete(self, request: Request) -> Response:
        """Delete a tag or a manifest."""
        reference = oci_names.reference(request.path_params["reference"])
        self._repositories.delete_manifest(_repository(request), reference)
        return Response(status_code=HTTPStatus.ACCEPTED)


def _repository(request: Request) -> Repository:
    return oci_names.repository(request.path_params["name"])


async def _bounded_body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_MANIFEST_BYTES:
            raise RegistryRefusal("SIZE_INVALID", f"a manifest may have at most {_MAX_MANIFEST_BYTES} bytes")
    return bytes(body)


def _page(request: Request, everything: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Return at most `n` entries after `last`, and headers: a Link when more entries follow."""
    size = _page_size(request.query_params.get("n"))
    last = request.query_params.get("last", "")
    rest = [name for name in everything if name > last]
    page = rest[:size]
    if not page or len(rest) == len(page):
        return page, {}
    following = urlencode({"n": size, "last": page[-1]})
    return page, {"Link": f'<{request.url.path}?{following}>; rel="next"'}


def _page_size(text: str | None) -> int:
    if text is None:
        return _PAGE
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise RegistryRefusal("PAGINATION_NUMBER_INVALID", "n must be a whole number", n=text[:100])
    return min(int(text), _MAX_PAGE_BYTES)
