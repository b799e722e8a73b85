"""Parses query strings into typed values, or refuses them with one clear 400.

Invariant: parameters that a route does not declare are ignored; a declared one that is given twice, empty where it must
not be, or of the wrong type is refused. This module knows no SQL.

Source: docs/contract/http-api.md, "Lists".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from typing import TypeAlias
from urllib.parse import parse_qsl
from uuid import UUID

from platz.db.lists.reading import Listing
from platz.errors import Rejected

QueryValue: TypeAlias = "str | bool | int | UUID | datetime"

DEFAULT_PER_PAGE = 50
MAX_PER_PAGE = 1000
MAX_INTEGER = 2**63 - 1

MAX_PARAMETERS = 100

_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:)(\d\d)(?:\.(\d+))? ?(Z|UTC|[+-]\d\d:?\d\d)", re.ASCII | re.IGNORECASE
)
_INTEGER = re.compile(r"-?\d{1,19}", re.ASCII)
_ID = re.compile(r"(?:urn:uuid:)?\{?[0-9a-f-]+\}?", re.ASCII | re.IGNORECASE)


class Kind(Enum):
    """The types of query parameters; each value is the JSON schema of the type."""

    TEXT = ("string", None)
    FLAG = ("boolean", None)
    INTEGER = ("integer", None)
    ID = ("string", "uuid")
    MOMENT = ("string", "date-time")


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A query parameter that a route declares."""

    name: str
    kind: Kind
    meaning: str
    minimum: int | None = None


PAGING = (
    Parameter(name="page", kind=Kind.INTEGER, meaning="Page, from 1.", minimum=1),
    Parameter(
        name="per_page",
        kind=Kind.INTEGER,
        meaning=f"Items on a page; {DEFAULT_PER_PAGE} by default, {MAX_PER_PAGE} at most.",
        minimum=0,
    ),
    Parameter(name="page_size", kind=Kind.INTEGER, meaning="Another name of per_page.", minimum=0),
)


def read_query(raw: bytes, parameters: Sequence[Parameter]) -> Mapping[str, QueryValue]:
    """Parse a raw query string; raise `Rejected` for what the parameters do not allow."""
    if not parameters or not raw:
        return {}
    known = {parameter.name: parameter for parameter in parameters}
    values: dict[str, QueryValue] = {}
    for written, text in _pairs(raw):
        name = written.removesuffix(_OF_OBJECT)
        parameter = known.get(name)
        if parameter is None:
            continue
        if name in values:
            raise _refusal(f"duplicate field `{name}`")
        values[name] = _typed(parameter, text)
    return values


def listing_of(values: Mapping[str, QueryValue]) -> Listing:
    """Separate paging from the filters, with the defaults and the cap of docs/contract/http-api.md, "Lists"."""
    per_page = values.get("per_page", values.get("page_size", DEFAULT_PER_PAGE))
    filters = {name: value for name, value in values.items() if name not in _PAGING_NAMES}
    return Listing(
        page=int(str(values.get("page", 1))),
        per_page=min(int(str(per_page)), MAX_PER_PAGE),
        filters=filters,
    )


_OF_OBJECT = "[id]"
"""The end of a parameter's name where a client encodes a whole row instead of its id: `kind_id[id]=…&kind_id[name]=…`.
"""
_PAGING_NAMES = frozenset(parameter.name for parameter in PAGING)


def parse_moment(text: str) -> datetime:
    """Read RFC 3339, or its relaxed forms: a space for the `T`, `UTC` for the offset. Raise ValueError.

    A leap second is read as the second after it.
    """
    match = _MOMENT.fullmatch(text)
    if match is None:
        raise ValueError("a date and time with an offset is expected, such as 2024-03-09T12:34:56Z")
    day, minute, second, fraction, offset = match.groups()
    leap = timedelta(seconds=second == "60")
    moment = datetime.fromisoformat(
        f"{day}T{minute}{'59' if leap else second}.{(fraction or '0')[:6].ljust(6, '0')}"
    )
    try:
        return (moment.replace(tzinfo=_zone(offset)) + leap).astimezone(UTC)
    except OverflowError:
        raise ValueError("the date is out of range") from None


def _zone(offset: str) -> timezone:
    if offset.upper() in {"Z", "UTC"}:
        return UTC
    hours, minutes = int(offset[1:3]), int(offset[-2:])
    if minutes > 59:
        raise ValueError("the offset is out of range")
    sign = -1 if offset.startswith("-") else 1
    return timezone(sign * timedelta(hours=hours, minutes=minutes))


def _pairs(raw: bytes) -> Sequence[tuple[str, str]]:
    try:
        return parse_qsl(
            raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS
        )
    except UnicodeDecodeError:
        raise _refusal("the query string is not percent-encoded UTF-8") from None
    except ValueError:
        raise _refusal(f"more than {MAX_PARAMETERS} parameters") from None


def _typed(parameter: Parameter, text: str) -> QueryValue:
    try:
        return _READERS[parameter.kind](parameter, text)
    except ValueError as error:
        raise _refusal(f"{parameter.name}: {error}", field=parameter.name) from None


def _text(_: Parameter, text: str) -> str:
    if "\0" in text:
        raise ValueError("a NUL character is not allowed")
    return text


def _flag(_: Parameter, text: str) -> bool:
    if text not in {"true", "false"}:
        raise ValueError("`true` or `false` is expected")
    return text == "true"


def _integer(parameter: Parameter, text: str) -> int:
    if not _INTEGER.fullmatch(text) or int(text) > MAX_INTEGER:
        raise ValueError("a whole number is expected")
    if parameter.minimum is not None and int(text) < parameter.minimum:
        raise ValueError(f"must be at least {parameter.minimum}")
    return int(text)


def parse_id(text: str) -> UUID:
    """Read a UUID in any of the usual notations. Raise ValueError."""
    try:
        if _ID.fullmatch(text):  # the UUID class also takes digits of other scripts, and other forms
            return UUID(text)
    except ValueError:
        pass
    raise ValueError("a UUID is expected")


def _id(_: Parameter, text: str) -> UUID:
    return parse_id(text)


def _moment(_: Parameter, text: str) -> datetime:
    return parse_moment(text)


_READERS: Mapping[Kind, Callable[[Parameter, str], QueryValue]] = {
    Kind.TEXT: _text,
    Kind.FLAG: _flag,
    Kind.INTEGER: _integer,
    Kind.ID: _id,
    Kind.MOMENT: _moment,
}


def _refusal(detail: str, *, field: str | None = None) -> Rejected:
    return Rejected(f"Query deserialize error: {detail}", field=field)
