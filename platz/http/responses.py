"""The response that a handler returns: a status, bytes and headers.

Invariant: a body is JSON unless its media type says otherwise, and a 204 has none.

Source: docs/contract/http-api.md, "HTTP conventions".
"""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from platz.json import JsonValue

JSON = "application/json"


@dataclass(frozen=True, kw_only=True)
class ApiResponse:
    """An HTTP response; ``headers`` may name a header several times, as cookies do."""

    status: int
    body: bytes = b""
    media_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()


def found(body: bytes) -> ApiResponse:
    """Return 200 with a body that is JSON already."""
    return ApiResponse(status=200, body=body)


def created(body: bytes) -> ApiResponse:
    """Return 201 with the new row."""
    return ApiResponse(status=201, body=body)


def no_content() -> ApiResponse:
    """Return 204."""
    return ApiResponse(status=204)


def answer_json(document: JsonValue, *, status: int = 200) -> ApiResponse:
    """Return a document that has to be encoded as JSON."""
    return ApiResponse(status=status, body=orjson.dumps(document))
