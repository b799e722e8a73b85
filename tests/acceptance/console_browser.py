"""A real browser for the console: fixtures, and the steps that many journeys share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from platz_client import access_token
from platz_process import PlatzProcess
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

CHROMIUM = shutil.which("chromium")
QUIET = (
    "--no-sandbox",  # the tests may run as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WAIT_MS = 30_000
SIZES = {"desktop": (1280, 800), "phone": (375, 812)}

expect.set_options(timeout=WAIT_MS)

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, platz: PlatzProcess) -> Iterator[Page]:
    """A page of a browser in which nobody is signed in; errors of scripts fail the test."""
    with opened(browser, platz) as page:
        yield page


class opened:  # noqa: N801 (used like a function)
    """A new page, watched for errors of its scripts and for refused loads."""

    def __init__(self, browser: Browser, platz: PlatzProcess, **context: Any) -> None:
        self._context: BrowserContext = browser.new_context(base_url=platz.url, **context)
        self._complaints: list[str] = []

    def __enter__(self) -> Page:
        page = self._context.new_page()
        page.set_default_timeout(WAIT_MS)
        page.on("pageerror", lambda error: self._complaints.append(str(error)))
        page.on("console", lambda line: self._note(line.type, line.text))
        return page

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._context.close()
        if kind is None:
            assert self._complaints == [], self._complaints

    def _note(self, kind: str, text: str) -> None:
        if kind == "error" and "Content Security Policy" in text:
            self._complaints.append(text)


def signed_in_as(page: Page, platz: PlatzProcess, name: str = "admin") -> None:
    """Sign in without the detour through the provider's page."""
    token = access_token(platz.url, f"{name}@platz.localhost", password=name)
    page.goto("/")
    page.evaluate("token => localStorage.setItem('access_token', token)", token)


def choose(page: Page, label: str, option: str) -> None:
    """Choose from a combobox."""
    page.get_by_label(label, exact=True).click()
    page.get_by_role("option", name=option).first.click()


def cut_connection(page: Page) -> None:
    """End the live connection as a network does, and wait until the console has it again."""
    page.context.set_offline(True)
    expect(page.get_by_text("Offline", exact=False).first).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_text("Live", exact=True)).to_be_visible()


def violations(page: Page) -> list[str]:
    """Return what axe finds on the page, in words."""
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}" for one in found for node in one["nodes"]
    ]
