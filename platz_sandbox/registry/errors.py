"""The error envelope of the distribution specification: `{"errors": [{"code", "message", "detail"}]}`."""

from __future__ import annotations

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from platz.errors import PlatzError
from platz.json import JsonObject

_STATUS = {
    "BLOB_UNKNOWN": HTTPStatus.NOT_FOUND,
    "BLOB_UPLOAD_INVALID": HTTPStatus.BAD_REQUEST,
    "BLOB_UPLOAD_UNKNOWN": HTTPStatus.NOT_FOUND,
    "DIGEST_INVALID": HTTPStatus.BAD_REQUEST,
    "MANIFEST_BLOB_UNKNOWN": HTTPStatus.BAD_REQUEST,
    "MANIFEST_INVALID": HTTPStatus.BAD_REQUEST,
    "MANIFEST_UNKNOWN": HTTPStatus.NOT_FOUND,
    "NAME_INVALID": HTTPStatus.BAD_REQUEST,
    "NAME_UNKNOWN": HTTPStatus.NOT_FOUND,
    "PAGINATION_NUMBER_INVALID": HTTPStatus.BAD_REQUEST,
    "RANGE_INVALID": HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
    "SIZE_INVALID": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "TAG_INVALID": HTTPStatus.BAD_REQUEST,
    "TOOMANYREQUESTS": HTTPStatus.TOO_MANY_REQUESTS,
    "UNSUPPORTED": HTTPStatus.METHOD_NOT_ALLOWED,
}


class RegistryRefusal(PlatzError):
    """A refusal with an error code of the specification."""

    def __init__(self, code: str, message: str, **detail: str) -> None:
        """Take ``code``, one of the specification's error codes, which decides the HTTP status."""
        super().__init__(message)
        self.code = code
        self.status = _STATUS[code]
        self.detail = detail


def envelope(code: str, message: str, detail: dict[str, str]) -> JsonObject:
    """Return the body of an error response."""
    return {"errors": [{"code": code, "message": message, "detail": {**detail}}]}


async def answer_refusal(_: Request, error: Exception) -> Response:
    """Handle `RegistryRefusal` for Starlette."""
    if not isinstance(error, RegistryRefusal):
        raise error
    return JSONResponse(envelope(error.code, error.message, error.detail), status_code=error.status)


async def answer_disconnect(_: Request, __: Exception) -> Response:
    """Handle a client that disconnected while sending a body; its upload can be resumed. Nobody reads this response."""
    return JSONResponse(envelope("BLOB_UPLOAD_INVALID", "the body ended early", {}), status_code=400)


async def answer_method_not_allowed(_: Request, __: Exception) -> Response:
    """Handle a method that the specification does not define for this path."""
    return JSONResponse(
        envelope("UNSUPPORTED", "this method is not supported here", {}),
        status_code=HTTPStatus.METHOD_NOT_ALLOWED,
    )
