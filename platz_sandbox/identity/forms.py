"""Parameters of queries and form bodies, with limits and without repetitions (RFC 6749, 3.1 and 3.2)."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request

from platz.errors import Rejected

_LARGEST = 16 * 1024
_MAX_FIELDS = 50
_FORM = "application/x-www-form-urlencoded"

Parameters = Mapping[str, str]


def parameters(text: str) -> Parameters:
    """Parse urlencoded text, ignoring empty values; raise `Rejected` when it is malformed, repetitive or too long."""
    if len(text) > _LARGEST:
        raise Rejected(f"the parameters may have at most {_LARGEST} characters")
    try:
        pairs = parse_qsl(text, max_num_fields=_MAX_FIELDS, errors="strict")
    except ValueError as error:
        raise Rejected("the parameters are not urlencoded UTF-8 text, or too many") from error
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Rejected("a parameter is given more than once")
    return found


async def form(request: Request) -> Parameters:
    """Read a form body; raise `Rejected` as `parameters` does, or when the body is not a form."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise Rejected(f"the body must be {_FORM}")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST:
            raise Rejected(f"the body may have at most {_LARGEST} bytes")
    try:
        return parameters(body.decode("ascii"))
    except UnicodeDecodeError as error:
        raise Rejected("the body must be urlencoded") from error
