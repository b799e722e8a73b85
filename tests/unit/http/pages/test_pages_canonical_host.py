"""A browser that came by another name of this machine is sent to the own address, where the sign-in ends."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from platz.http.pages.canonical_host import CanonicalHost
from platz.http.pages.frontend import pages

OPENING = {"Sec-Fetch-Mode": "navigate"}


def get(url: str, *, own_url: str = "http://127.0.0.1:3000", **headers: str) -> httpx.Response:
    application = Starlette(routes=[Mount("/", CanonicalHost(pages(None), own_url=own_url))])

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(application)) as client:
            return await client.get(url, headers=headers)

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("url", "own_url", "target"),
    [
        ("http://localhost:3000/", "http://127.0.0.1:3000", "http://127.0.0.1:3000/"),
        ("http://[::1]:3000//evil?a=b", "http://127.0.0.1:3000", "http://127.0.0.1:3000//evil?a=b"),
        ("http://127.0.0.1:3000/", "http://localhost:3000/x", "http://localhost:3000/"),
        ("http://127.0.0.1/", "http://localhost:80", "http://localhost/"),
    ],
)
def test_another_name_of_this_machine_is_left(url: str, own_url: str, target: str) -> None:
    answer = get(url, own_url=own_url, **OPENING)
    assert (answer.status_code, answer.headers["location"]) == (307, target)


@pytest.mark.parametrize(
    ("url", "own_url"),
    [
        ("http://127.0.0.1:3000/", "http://127.0.0.1:3000"),
        ("http://localhost:8080/", "http://127.0.0.1:3000"),
        ("http://localhost.evil.example:3000/", "http://127.0.0.1:3000"),
        ("http://localhost:3000/", "https://platz.example.com"),
        ("http://localhost:3000/", "http://localhost.example:3000"),
    ],
)
def test_every_other_page_is_served(url: str, own_url: str) -> None:
    assert get(url, own_url=own_url, **OPENING).status_code == 200


def test_what_is_no_browser_opening_a_page_is_served() -> None:
    assert get("http://localhost:3000/").status_code == 200
