"""The base of response models, and the types of request fields.

Invariant: response models only describe; the bytes come from PostgreSQL. In a description every field is present, with
null for a missing value.

Source: docs/contract/http-api.md, "HTTP conventions".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, cast
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, WithJsonSchema

from platz.http.queries import parse_moment


class Document(BaseModel):
    """A JSON object in a response."""

    model_config = ConfigDict(frozen=True)


def _moment_of(value: Any) -> Any:  # Any: a validator sees whatever JSON holds
    if isinstance(value, str):
        return parse_moment(value)
    if value is None or isinstance(value, datetime):
        return value
    raise ValueError("a date and time as text is expected")


Moment = Annotated[
    datetime, BeforeValidator(_moment_of), WithJsonSchema({"type": "string", "format": "date-time"})
]
"""A point in time in a request: RFC 3339 or its relaxed forms."""


def _id_of(value: Any) -> Any:
    return cast("Mapping[str, Any]", value).get("id") if isinstance(value, dict) else value


Reference = Annotated[UUID, BeforeValidator(_id_of), WithJsonSchema({"type": "string", "format": "uuid"})]
"""The id of another row in a request; the whole row is understood, too, because the older web frontend sends kinds so.
"""


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text


Name = Annotated[str, AfterValidator(_not_blank), WithJsonSchema({"type": "string", "pattern": r"\S"})]
"""A name that people choose; not blank."""

STANDS_FOR = "x-schema"
"""The only keyword of a placeholder in a generated schema; its value names the schema that replaces it."""

AnyJson = Annotated[Any, WithJsonSchema({})]
"""Any JSON value."""

JsonMap = Annotated[dict[str, Any], WithJsonSchema({"type": "object", "additionalProperties": True})]
"""An object with any members."""
