"""A person signs in with a real browser and gets a token that works."""

from __future__ import annotations

from pathlib import Path

import httpx
from console_browser import browser, needs_chromium, page
from platz_process import PlatzProcess
from playwright.sync_api import Page, expect

__all__ = ["browser", "page"]
pytestmark = needs_chromium


def test_a_person_signs_in_and_out(page: Page, platz: PlatzProcess, tmp_path: Path) -> None:
    page.goto("/")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("Ada Admin").first.click()
    expect(page.locator(".top").get_by_text("Ada Admin")).to_be_visible()
    page.screenshot(path=tmp_path / "signed-in.png")
    token = page.evaluate("localStorage.getItem('access_token')")
    me = httpx.get(f"{platz.url}/api/v2/auth/me", headers={"Authorization": f"Bearer {token}"})
    assert me.json()["User"]["email"] == "admin@platz.localhost"
    page.locator(".top").get_by_text("Ada Admin").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_an_unverified_person_is_told_why_not(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("Unverified", exact=False).first.click()
    expect(page.locator("#message")).to_contain_text("verified")


def test_a_person_whose_token_no_longer_counts_is_asked_to_sign_in_again(page: Page) -> None:
    page.goto("/")
    page.evaluate("localStorage.setItem('access_token', 'of-an-older-installation')")
    page.reload()
    expect(page.locator("#message")).to_contain_text("no longer valid")
    assert page.evaluate("localStorage.getItem('access_token')") is None
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_a_server_that_does_not_answer_is_said(page: Page) -> None:
    page.goto("/")
    page.context.set_offline(True)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#message")).to_contain_text("does not answer")


def test_the_documentation_of_the_api_is_readable(page: Page) -> None:
    page.goto("/api/v2/docs")
    page.get_by_text("POST", exact=True).locator("visible=true").first.click()
    expect(page.get_by_role("heading").first).to_be_visible()
