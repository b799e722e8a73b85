"""Query strings become typed values, or one clear refusal."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import urlencode
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platz.errors import Rejected
from platz.http.queries import PAGING, Kind, Parameter, listing_of, parse_moment, read_query

PARAMETERS = (
    *PAGING,
    Parameter(name="name", kind=Kind.TEXT, meaning=""),
    Parameter(name="enabled", kind=Kind.FLAG, meaning=""),
    Parameter(name="env_id", kind=Kind.ID, meaning=""),
    Parameter(name="created_from", kind=Kind.MOMENT, meaning=""),
)


@given(
    name=st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0")),
    enabled=st.booleans(),
    env_id=st.uuids(),
    page=st.integers(1, 2**63 - 1),
)
def test_what_a_client_encodes_is_what_is_read(name: str, enabled: bool, env_id: UUID, page: int) -> None:
    raw = urlencode({"name": name, "enabled": str(enabled).lower(), "env_id": env_id, "page": page})
    assert read_query(raw.encode(), PARAMETERS) == {
        "name": name,
        "enabled": enabled,
        "env_id": env_id,
        "page": page,
    }


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    with suppress(Rejected):
        assert set(read_query(raw, PARAMETERS)) <= {parameter.name for parameter in PARAMETERS}


@given(
    st.datetimes(datetime.fromisoformat("1000-01-02"), datetime.fromisoformat("9999-12-30")),
    st.integers(-23 * 60, 23 * 60),
    st.sampled_from(["T", " "]),
)
def test_moments_are_read_in_every_offset(naive: datetime, minutes: int, separator: str) -> None:
    moment = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert parse_moment(moment.isoformat(separator)) == moment
    utc = moment.astimezone(UTC)
    assert parse_moment(utc.strftime(f"%Y-%m-%d{separator}%H:%M:%S.%f UTC").rjust(30, "0")) == utc


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2024-03-09T12:34:56.123456789012Z", datetime(2024, 3, 9, 12, 34, 56, 123456, tzinfo=UTC)),
        ("2024-03-09t12:34:56.5z", datetime(2024, 3, 9, 12, 34, 56, 500000, tzinfo=UTC)),
        ("2024-03-09 12:34:56 utc", datetime(2024, 3, 9, 12, 34, 56, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
    ],
)
def test_less_usual_moments_are_read(text: str, meant: datetime) -> None:
    assert parse_moment(text) == meant


@pytest.mark.parametrize(
    "text",
    ["2024-03-09T12:34:56", "2024-03-09T25:00:00Z", "2024-03-09T12:34:56+99:99", "٢٠٢٤-03-09T12:34:56Z"],
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_moment(text)


def test_the_page_has_defaults_a_cap_and_another_name() -> None:
    def listing(raw: str) -> tuple[int, int]:
        asked = listing_of(read_query(raw.encode(), PARAMETERS))
        return asked.page, asked.per_page

    assert listing("") == (1, 50)
    assert listing("page=3&per_page=7") == (3, 7)
    assert listing("page_size=1") == (1, 1)
    assert listing("page_size=1&per_page=2") == (1, 2)
    assert listing("per_page=100000") == (1, 1000)
    assert listing(f"page={2**63 - 1}&per_page={2**63 - 1}") == (2**63 - 1, 1000)


@pytest.mark.parametrize(
    "raw",
    [
        *(f"page={text}" for text in ("0", "-1", "", "1.0", "x", "%2B1", "%201", str(2**63), "1" * 5000)),
        *(f"per_page={text}" for text in ("-1", "", "x")),
        *(f"enabled={text}" for text in ("", "True", "1", "yes")),
        *(f"env_id={text}" for text in ("", "x", "1" * 31, "1" * 30 + "_1", "1" * 31 + "%20", "%2B" + "1" * 31)),
    ],
)  # fmt: skip
def test_values_of_the_wrong_type_are_refused(raw: str) -> None:
    with pytest.raises(Rejected, match=r"Query deserialize error: "):
        read_query(raw.encode(), PARAMETERS)


def test_paging_is_no_filter() -> None:
    asked = listing_of(read_query(b"page=1&per_page=2&page_size=3&name=x", PARAMETERS))
    assert asked.filters == {"name": "x"}


def test_too_many_parameters_are_refused() -> None:
    with pytest.raises(Rejected):
        read_query(b"a=1&" * 200, PARAMETERS)


def test_an_id_may_be_given_as_an_object() -> None:
    """The older web frontend encodes the whole kind: `kind_id[id]=…&kind_id[name]=…`."""
    row = UUID(int=7)
    raw = urlencode({"env_id[id]": row, "env_id[name]": "Staging", "page": 2}).encode()
    assert read_query(raw, PARAMETERS) == {"env_id": row, "page": 2}
    with pytest.raises(Rejected, match="duplicate field `env_id`"):
        read_query(urlencode([("env_id", row), ("env_id[id]", row)]).encode(), PARAMETERS)
