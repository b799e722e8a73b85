"""Turns an error of Platz into its HTTP response: one envelope, `{"message": ...}`.

Invariant: the message is the sentence that the error was raised with. An unexpected exception becomes a 500 that says
nothing about its cause; the log has the cause, under the request's id.

Source: docs/contract/http-api.md, "Errors".
"""

from __future__ import annotations

from dataclasses import replace

from platz.errors import (
    Conflict,
    Denied,
    NotFound,
    PlatzError,
    Rejected,
    Retryable,
    Unauthenticated,
)
from platz.http.rate_limits import TooManyRequests
from platz.http.responses import ApiResponse, answer_json
from platz.json import JsonObject
from platz.preview.slots import TooManyPreviews

STATUS: dict[type[PlatzError], int] = {
    Rejected: 400,
    Unauthenticated: 401,
    Denied: 403,
    NotFound: 404,
    Conflict: 409,
    Retryable: 503,
    TooManyRequests: 429,
}

ALSO_AS_ERROR = (
    "Can't create a deployment task for a deployment in a cluster with no env_id",
    "Missing name field",
    "Pattern error: ",
    "This cluster has deployments, please delete or move them to another cluster first",
    "This is a one per cluster deployment, therefore is cannot be assigned a name",
)
"""Sentences that the older server sent under the key `error`: clients find them under both keys."""

MAX_MESSAGE_LENGTH = 2000
UNEXPECTED = "Something went wrong inside Platz. Its log tells more, under request id {request_id}."


def status_of(error: PlatzError) -> int:
    """Return the status of the error's nearest listed class; 500 when there is none."""
    return next((STATUS[known] for known in type(error).__mro__ if known in STATUS), 500)


def answer_error(error: PlatzError) -> ApiResponse:
    """Return the response to a request that raised ``error``."""
    answer = error_answer(status_of(error), error.message)
    if isinstance(error, TooManyPreviews | TooManyRequests):
        return replace(answer, headers=(("retry-after", str(error.retry_after)),))
    return answer


def answer_unexpected(request_id: str) -> ApiResponse:
    """Return the response to a request that failed unexpectedly."""
    return error_answer(500, UNEXPECTED.format(request_id=request_id))


def error_answer(status: int, message: str) -> ApiResponse:
    """Return a response with the sentence in the envelope."""
    message = message[:MAX_MESSAGE_LENGTH]
    envelope: JsonObject = {"message": message}
    if message.startswith(ALSO_AS_ERROR):
        envelope["error"] = message
    return answer_json(envelope, status=status)
