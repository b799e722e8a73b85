"""Addresses of one place have one origin."""

from __future__ import annotations

import pytest

from platz.web_addresses import authority_of, normalised_url, origin_of


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://p.example.com", ("https", "p.example.com")),
        ("https://P.example.com:443/a?b", ("https", "p.example.com")),
        ("http://me@p.example.com:80", ("http", "p.example.com")),
        ("http://p.example.com:443", ("http", "p.example.com:443")),
        ("http://[::1]:80/", ("http", "[::1]")),
    ],
)
def test_an_origin_is_written_as_browsers_write_it(url: str, origin: tuple[str, str]) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize("url", ["null", "", "p.example.com", "file:///x", "http://", "http://["])
def test_what_is_no_web_address_has_no_origin(url: str) -> None:
    assert origin_of(url) is None


def test_a_host_header_is_read_as_the_same_place() -> None:
    assert authority_of("https", "P.example.com:443") == "p.example.com"


@pytest.mark.parametrize(
    ("url", "normalised"),
    [
        ("HTTPS://Platz.X.io", "https://platz.x.io/"),
        ("http://127.0.0.1:3000/p?q=1", "http://127.0.0.1:3000/p?q=1"),
        ("https://me:443@x.io:443", "https://me:443@x.io/"),
        ("http://x.io:443", "http://x.io:443/"),
    ],
)
def test_an_address_is_written_the_usual_way(url: str, normalised: str) -> None:
    assert normalised_url(url) == normalised
    assert normalised_url(normalised) == normalised
