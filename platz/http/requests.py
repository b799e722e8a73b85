"""Parses request bodies as JSON and validates them against a model.

Invariant: values that PostgreSQL can't store (NUL characters, infinite numbers) are refused, and so are documents of
too many values. Refusals never repeat the input.

Source: docs/contract/http-api.md, "HTTP conventions".
"""

from __future__ import annotations

import math
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import from_json

from platz.errors import Rejected
from platz.json import JsonValue

MAX_BODY_BYTES = 2 * 1024 * 1024
MAX_ANONYMOUS_BYTES = 16 * 1024
"""The largest body on routes without authentication, where anybody may send one."""
MAX_VALUES = 200_000
"""The most values (texts, numbers, lists, objects and keys) in a body: what 2 MiB of ordinary JSON hold."""
MAX_PROBLEMS = 5
OUR_OWN_WORDS = "Value error, "
"""The prefix that pydantic puts before the sentence of a validator."""

AnyModel = TypeVar("AnyModel", bound=BaseModel)


class RequestBody(BaseModel):
    """The base of request models: unknown fields are ignored, types are not coerced."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


def parse_body(
    model: type[AnyModel], raw: bytes, *, content_type: str | None, required: bool = True
) -> AnyModel:
    """Return the validated body; a missing one counts as an empty object unless it is ``required``."""
    if not raw and not required:
        raw = b"{}"
    elif not _is_json(content_type):
        raise Rejected("Content type error")
    _require_storable(raw)
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        raise _refusal(_problems(error)) from None


def _is_json(content_type: str | None) -> bool:
    media_type = (content_type or "").partition(";")[0].strip().lower()
    main, _, sub = media_type.partition("/")
    return main == "application" and (sub == "json" or sub.endswith("+json"))


def _require_storable(raw: bytes) -> None:
    """Refuse what PostgreSQL can't store, also in fields that are ignored, and documents of too many values."""
    try:
        document: JsonValue = from_json(raw, allow_inf_nan=False)
    except ValueError as error:
        raise _refusal(str(error)) from None
    waiting, values = [document], 0
    while waiting:
        values += 1
        if values > MAX_VALUES:
            raise _refusal(f"more than {MAX_VALUES} values")
        match waiting.pop():
            case str(text) if "\0" in text:
                raise _refusal("a NUL character is not allowed")
            case float(number) if math.isinf(number):
                raise _refusal("a number is out of range")
            case list(items):
                waiting.extend(items)
            case dict(members):
                waiting.extend(members)
                waiting.extend(members.values())
            case _:
                pass


def _problems(error: ValidationError) -> str:
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    told = [
        f"{_place(problem['loc'])}{problem['msg'].removeprefix(OUR_OWN_WORDS)}"
        for problem in problems[:MAX_PROBLEMS]
    ]
    return "; ".join(told)


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) + ": " if location else ""


def _refusal(detail: str) -> Rejected:
    return Rejected(f"Json deserialize error: {detail}")
