"""Ids of previews are read back as they were written, and nothing else is one."""

from __future__ import annotations

import pytest

from platz.errors import Conflict, Rejected
from platz.preview.fingerprint import Digests, Fingerprint, parse_fingerprint, require_same

ROW = Digests(key=b"k" * 32).of_row(None)


def made(**parts: str) -> Fingerprint:
    names = ("request", "deployment", "chart", "values", "release")
    return Fingerprint(**{name: parts.get(name, ROW) for name in names})


def test_an_id_reads_back() -> None:
    assert parse_fingerprint(str(made())) == made()


@pytest.mark.parametrize(
    "text", ["", "1", "2" + str(made())[1:], str(made()) + ".x", str(made()) + "\n", "é"]
)
def test_nothing_else_is_an_id(text: str) -> None:
    with pytest.raises(Rejected) as refusal:
        parse_fingerprint(text)
    assert refusal.value.field == "preview_id"


def test_everything_that_was_changed_is_named() -> None:
    other = Digests(key=b"other" * 4).of_row(None)
    require_same(made(), made())
    with pytest.raises(Conflict, match="the chart was changed; the values"):
        require_same(made(), made(chart=other, values=other))


def test_digests_depend_on_the_key_of_the_installation() -> None:
    assert Digests(key=b"other" * 4).of_row(None) != ROW
