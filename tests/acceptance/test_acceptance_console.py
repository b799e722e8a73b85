"""People do their work in the console: a real browser, a real process, simulated clusters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from console_browser import (
    SIZES,
    browser,
    choose,
    cut_connection,
    needs_chromium,
    opened,
    page,
    signed_in_as,
    violations,
)
from platz_client import Client
from platz_process import PlatzProcess
from playwright.sync_api import Browser, Page, expect

__all__ = ["browser", "page"]
pytestmark = needs_chromium


@pytest.fixture(scope="module")
def env(admin: Client) -> str:
    return str(admin.items("/envs")[0]["id"])


@pytest.fixture(scope="module")
def shop(admin: Client) -> dict[str, Any]:
    """A running web shop of the older version."""
    made = admin.deploy("web-shop", "1.0.0", name="console-shop", config={"shop_name": "A shop"})
    return admin.running(made["id"])


@dataclass(frozen=True, kw_only=True)
class Revised:
    """A running web shop with two revisions, and the address of their comparison."""

    id: str
    comparison: str


@pytest.fixture(scope="module")
def revised(admin: Client) -> Revised:
    made = admin.deploy("web-shop", "1.1.0", name="console-revised", config={"shop_name": "First name"})
    first = admin.running(made["id"])["revision_id"]
    admin.put(f"/deployments/{made['id']}", {"config": {"shop_name": "Second name"}})
    second = admin.running(made["id"])["revision_id"]
    return Revised(id=made["id"], comparison=f"/deployments/{made['id']}/compare?a={first}&b={second}")


def test_a_deep_link_survives_the_sign_in(page: Page, env: str) -> None:
    page.goto(f"/envs/{env}/secrets")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("Ada Admin").first.click()
    expect(page.get_by_role("heading", name="Secrets", level=1)).to_be_visible()
    expect(page).to_have_url(re.compile(f"/envs/{env}/secrets$"))
    expect(page).to_have_title(re.compile("^Secrets .* Platz$"))
    page.get_by_text("Ada Admin").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert page.evaluate("localStorage.getItem('access_token')") is None


@pytest.mark.parametrize("size", SIZES)
def test_a_first_deploy_from_the_environment_to_running(
    browser: Browser, platz: PlatzProcess, env: str, size: str
) -> None:
    width, height = SIZES[size]
    with opened(browser, platz, viewport={"width": width, "height": height}) as page:
        signed_in_as(page, platz)
        page.goto(f"/envs/{env}")
        page.get_by_role("link", name="New deployment").first.click()
        choose(page, "Kind", "WebShop")
        choose(page, "Version", "1.1.0")
        choose(page, "Cluster", "east")
        page.get_by_label("Name", exact=True).fill(f"console-{size}")
        expect(page.get_by_text(f"webshop-console-{size}").first).to_be_visible()
        page.get_by_role("button", name="Deploy", exact=True).click()
        expect(page.get_by_text("1 answer needs attention")).to_be_visible()
        page.get_by_label("Name of the shop").fill("Typed before the cut")
        cut_connection(page)
        expect(page.get_by_label("Name of the shop")).to_have_value("Typed before the cut")
        page.get_by_role("button", name="Deploy", exact=True).click()
        expect(page.get_by_role("heading", name=f"console-{size}", level=1)).to_be_visible()
        expect(page.get_by_text("2 of 2 ready").first).to_be_visible()
        expect(page.get_by_text("Typed before the cut").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_form_shows_and_hides_what_the_server_says(
    page: Page, platz: PlatzProcess, env: str, admin: Client
) -> None:
    signed_in_as(page, platz)
    kind = admin.chart("chaos-monkey", "1.0.1")["helm_registry_id"]
    kind_id = admin.get(f"/helm-registries/{kind}")["kind_id"]
    page.goto(f"/envs/{env}/deployments/new?kind={kind_id}")
    expect(page.get_by_label("It works")).to_be_checked()
    expect(page.get_by_label("Seconds that the job takes")).to_have_count(0)
    page.get_by_label("The install takes long").check()
    seconds = page.get_by_role("textbox", name="Seconds that the job takes")
    expect(seconds).to_have_value("60")
    seconds.fill("0")
    expect(page.get_by_text("At least 1.")).to_be_visible()
    seconds.fill("many")
    expect(page.get_by_text("A number is expected.")).to_be_visible()
    page.get_by_label("It works").check()
    expect(seconds).to_have_count(0)


def test_an_upgrade_and_the_way_back(
    page: Page, platz: PlatzProcess, shop: dict[str, Any], admin: Client
) -> None:
    signed_in_as(page, platz)
    page.goto(f"/deployments/{shop['id']}")
    page.get_by_role("link", name="Change …").click()
    choose(page, "Version", "1.1.0")
    page.get_by_label("Name of the shop").fill("A better shop")
    expect(page.get_by_text("Upgrades from 1.0.0 to 1.1.0.")).to_be_visible()
    page.get_by_role("button", name="Upgrade to 1.1.0").click()
    expect(page.get_by_text("A better shop").first).to_be_visible()
    admin.running(shop["id"])
    page.get_by_role("link", name="History").click()
    expect(page.get_by_text("Name of the shop: A shop → A better shop")).to_be_visible()
    page.get_by_role("link", name="Upgrade", exact=True).first.click()
    expect(page.get_by_role("heading", name="Changed inputs")).to_be_visible()
    expect(page.locator("main ins")).to_have_text("A better shop")
    page.go_back()
    page.get_by_role("button", name="Roll back to this").click()
    page.get_by_role("button", name="Roll back", exact=True).click()
    expect(page.get_by_text("A shop", exact=True).first).to_be_visible()
    assert admin.running(shop["id"])["config"]["shop_name"] == "A shop"


def test_a_change_is_made_as_its_preview_showed_it(page: Page, platz: PlatzProcess, admin: Client) -> None:
    made = admin.deploy("web-shop", "1.1.0", name="console-preview", config={"shop_name": "Before"})
    admin.running(made["id"])
    signed_in_as(page, platz)
    page.goto(f"/deployments/{made['id']}/change")
    name = page.get_by_label("Name of the shop")
    name.fill("Previewed")
    page.get_by_role("button", name="Preview").click()
    preview = page.get_by_role("region", name="Preview")
    expect(preview).to_contain_text("1 workload restarts, 2 objects change, nothing is deleted.")
    expect(preview.locator(".answers ins").first).to_have_text("Previewed")
    preview.get_by_text("webshop-console-preview-config").click()
    lines = preview.get_by_role("region", name="Changed lines")
    expect(lines.filter(has_text='"name": "Previewed"')).to_be_visible()
    assert violations(page) == []
    old = page.get_by_text("The form was changed since.")
    name.fill("Typed after the preview")
    expect(old).to_be_visible()
    name.fill("Previewed")
    expect(old).to_have_count(0)
    admin.put(f"/deployments/{made['id']}", {"config": {"shop_name": "Of somebody else"}})
    admin.running(made["id"])
    apply = page.get_by_role("button", name="Apply the change")
    apply.click()
    expect(page.get_by_text("Nothing was changed.")).to_be_visible()
    page.get_by_role("button", name="Preview").click()
    expect(preview.locator(".answers del").first).to_have_text("Of somebody else")
    apply.click()
    expect(page.get_by_role("heading", name="console-preview", exact=True)).to_be_visible()
    assert admin.running(made["id"])["config"]["shop_name"] == "Previewed"


def test_two_revisions_are_compared_and_the_first_comes_back(
    page: Page, platz: PlatzProcess, revised: Revised, admin: Client
) -> None:
    signed_in_as(page, platz)
    page.goto(f"/deployments/{revised.id}/history")
    page.get_by_role("link", name="Compare").click()
    expect(page.get_by_role("heading", name="Revisions of console-revised", level=1)).to_be_visible()
    expect(page).to_have_url(re.compile(re.escape(revised.comparison)))
    inputs = page.locator("main .answers")
    expect(inputs.locator("del").first).to_have_text("First name")
    expect(inputs.locator("ins").first).to_have_text("Second name")
    expect(page.get_by_text("Objects: 2 changed")).to_be_visible()
    page.get_by_role("button", name="Roll back to this").click()
    dialog = page.get_by_role("dialog", name="Roll back to this revision?")
    expect(dialog).to_contain_text("1 workload restarts, 2 objects change, nothing is deleted.")
    assert violations(page) == []
    dialog.get_by_role("button", name="Roll back", exact=True).click()
    expect(page.get_by_role("heading", name="console-revised", exact=True)).to_be_visible()
    assert admin.running(revised.id)["config"]["shop_name"] == "First name"


def test_a_part_that_an_update_took_away_is_loaded_anew(
    page: Page, platz: PlatzProcess, shop: dict[str, Any]
) -> None:
    signed_in_as(page, platz)
    page.goto(f"/deployments/{shop['id']}")
    page.route("**/pages/changes/*.js", lambda route: route.fulfill(status=404))
    page.get_by_role("link", name="Change …").click()
    expect(page.get_by_role("alert")).to_contain_text("Perhaps Platz was updated")
    page.unroute("**/pages/changes/*.js")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_label("Name of the shop")).to_have_value("A shop")


def test_what_is_typed_survives_another_version_and_new_charts(
    page: Page, platz: PlatzProcess, shop: dict[str, Any]
) -> None:
    signed_in_as(page, platz)
    page.goto(f"/deployments/{shop['id']}/change")
    name = page.get_by_label("Name of the shop")
    name.fill("Typed, not saved")
    choose(page, "Version", "1.1.0")
    expect(page.get_by_role("button", name="Upgrade to 1.1.0")).to_be_visible()
    expect(name).to_have_value("Typed, not saved")
    platz.sql("UPDATE helm_charts SET created_at = created_at + interval '1 second'")
    with page.expect_response(lambda answer: "/helm-charts?" in answer.url):
        platz.sql("UPDATE helm_charts SET created_at = created_at - interval '1 second'")
    expect(name).to_have_value("Typed, not saved")


def test_a_sign_in_that_ends_inside_a_form_leaves_the_form(
    browser: Browser, platz: PlatzProcess, shop: dict[str, Any]
) -> None:
    with opened(browser, platz) as page:
        signed_in_as(page, platz)
        page.goto(f"/deployments/{shop['id']}/change")
        name = page.get_by_label("Name of the shop")
        expect(name).to_have_value("A shop")
        expired = {"status": 401, "json": {"message": "Expired"}}
        page.route("**/api/v2/helm-charts/*/form", lambda route: route.fulfill(**expired))
        name.fill("Half filled in")
        expect(page.get_by_role("dialog", name="Sign in again")).to_be_visible()
        page.unroute("**/api/v2/helm-charts/*/form")
        with page.context.expect_page() as opening:
            page.get_by_role("button", name="Sign in in a new tab").click()
        opening.value.get_by_text("Ada Admin").first.click()
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(name).to_have_value("Half filled in")
        expect(page.get_by_text("Ada Admin").first).to_be_visible()


def test_a_failure_is_told_where_the_person_looks(
    page: Page, platz: PlatzProcess, env: str, admin: Client
) -> None:
    config = {"mode": "template-error"}
    made = admin.deploy("chaos-monkey", "1.0.1", name="console-fails", config=config)
    signed_in_as(page, platz)
    page.goto(f"/deployments/{made['id']}")
    trouble = page.get_by_role("alert")
    expect(trouble).to_be_visible()
    expect(page).to_have_title(re.compile("^● Error"))
    trouble.get_by_role("link", name="See the task").click()
    expect(page.get_by_role("heading", name="What went wrong")).to_be_visible()
    page.goto(f"/envs/{env}")
    expect(page.get_by_role("heading", name="Needs attention")).to_be_visible()
    expect(page.get_by_role("link", name="console-fails").first).to_be_visible()
    page.goto(f"/envs/{env}/deployments?problem=true")
    expect(page.get_by_role("rowheader", name="console-fails")).to_be_visible()


def test_a_deployment_is_found_by_what_is_known_of_it(
    page: Page, platz: PlatzProcess, env: str, shop: dict[str, Any]
) -> None:
    signed_in_as(page, platz)
    page.goto(f"/envs/{env}")
    page.get_by_role("link", name=re.compile(r"\d+ fine")).click()
    expect(page).to_have_url(re.compile(r"/deployments\?problem=false&enabled=true"))
    page.get_by_label("Search deployments").fill("console-shop webshop 1.")
    row = page.get_by_role("row", name=re.compile("console-shop"))
    expect(row).to_be_visible()
    expect(page.get_by_role("main").get_by_role("status")).to_have_text("1 deployment")
    expect(page).to_have_url(re.compile("q=console-shop"))
    page.get_by_label("State").select_option("Running (1)")
    page.get_by_role("button", name="Version").click()
    expect(page.get_by_role("columnheader", name="Version")).to_have_attribute("aria-sort", "ascending")
    page.reload()
    expect(page.get_by_label("Search deployments")).to_have_value("console-shop webshop 1.")
    expect(page.get_by_label("State")).to_have_value("Running")
    expect(row.get_by_role("link", name="Open")).to_have_attribute("href", re.compile("^https://"))
    page.get_by_label("Search deployments").fill("nothing has this name")
    page.get_by_role("button", name="Clear the filters").click()
    expect(row).to_be_visible()


def test_a_slash_searches_everything(page: Page, platz: PlatzProcess, env: str, shop: dict[str, Any]) -> None:
    signed_in_as(page, platz)
    page.goto(f"/envs/{env}/secrets")
    expect(page.get_by_role("heading", name="Secrets")).to_be_visible()
    page.keyboard.press("/")
    search = page.get_by_role("combobox", name="Search everything")
    expect(search).to_be_focused()
    page.keyboard.type("console-shop")
    hits = page.get_by_role("listbox", name="Found").get_by_role("option")
    expect(hits.filter(has_text="console-shop").first).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("ArrowDown")
    expect(hits.nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="console-shop", level=1)).to_be_visible()
    search.fill("nothing-has-this-name")
    expect(page.get_by_text("Nothing matches.")).to_be_visible()
    search.press("Escape")
    expect(page.get_by_text("Nothing matches.")).to_be_hidden()


def test_an_action_is_asked_for_and_run(page: Page, platz: PlatzProcess, shop: dict[str, Any]) -> None:
    signed_in_as(page, platz)
    page.goto(f"/deployments/{shop['id']}")
    page.get_by_text("More", exact=True).click()
    page.get_by_role("link", name="Restock …").click()
    expect(page.get_by_role("heading", name="Restock", level=1)).to_be_visible()
    page.get_by_role("textbox").first.fill("5")
    page.get_by_role("button", name="Restock").click()
    expect(page.get_by_role("heading", name="Action restock")).to_be_visible()
    expect(page.locator(".status", has_text="Done")).to_be_visible()


def test_disabling_enabling_and_deleting_by_its_name(page: Page, platz: PlatzProcess, admin: Client) -> None:
    made = admin.deploy("web-shop", "1.1.0", name="console-gone", config={"shop_name": "Soon gone"})
    admin.running(made["id"])
    signed_in_as(page, platz)
    page.goto(f"/deployments/{made['id']}")
    for change, state in (("Disable", "Disabled"), ("Enable", "Open")):
        page.get_by_text("More", exact=True).click()
        page.get_by_role("button", name=f"{change} …").click()
        page.get_by_role("dialog").get_by_role("button", name=change, exact=True).click()
        expect(page.locator(".page-head .status", has_text=state)).to_be_visible()
    page.get_by_text("More", exact=True).click()
    page.get_by_role("button", name="Delete …").click()
    last = page.get_by_role("dialog").get_by_role("button", name="Delete console-gone")
    expect(last).to_be_disabled()
    expect(page.get_by_role("dialog")).to_contain_text("is deleted with everything in it.")
    assert violations(page) == []
    page.get_by_role("dialog").get_by_role("textbox").fill("console-gone")
    last.click()
    expect(page.get_by_role("heading", name="Deployments", level=1)).to_be_visible()
    expect(page.get_by_role("rowheader", name="console-gone")).to_have_count(0)


def test_a_secret_is_made_and_replaced_and_never_shown(page: Page, platz: PlatzProcess, env: str) -> None:
    signed_in_as(page, platz)
    page.goto(f"/envs/{env}/secrets")
    page.get_by_role("button", name="New secret").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Collection").fill("console")
    dialog.get_by_label("Name", exact=True).fill("token of the console")
    dialog.get_by_label("Contents").fill("first contents")
    dialog.get_by_role("button", name="Create the secret").click()
    row = page.get_by_role("row", name="token of the console")
    row.get_by_role("button", name="Change …").click()
    page.get_by_role("dialog").get_by_label("Contents").fill("second contents")
    page.get_by_role("dialog").get_by_role("button", name="Replace the contents").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert "contents" not in page.locator("main").inner_text().replace("their contents", "")
    row.get_by_role("button", name="Delete …").click()
    page.get_by_role("dialog").get_by_role("textbox").fill("token of the console")
    page.get_by_role("button", name="Delete the secret").click()
    expect(row).to_have_count(0)


def test_a_right_that_is_given_appears_by_itself(
    page: Page, platz: PlatzProcess, admin: Client, env: str
) -> None:
    signed_in_as(page, platz, "outsider")
    page.goto("/")
    expect(page.get_by_text("You are not a member of any environment yet.")).to_be_visible()
    outsider = next(user for user in admin.items("/users") if user["email"] == "outsider@platz.localhost")
    member = admin.post("/env-user-permissions", {"env_id": env, "user_id": outsider["id"], "role": "User"})
    expect(page.get_by_role("link", name="Deployments").first).to_be_visible()
    page.goto(f"/envs/{env}/secrets")
    page.get_by_role("button", name="New secret").click()
    page.get_by_role("dialog").get_by_label("Name", exact=True).fill("not mine")
    page.get_by_role("dialog").get_by_label("Collection").fill("any")
    page.get_by_role("dialog").get_by_role("button", name="Create the secret").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_be_visible()
    expect(page.get_by_role("dialog").get_by_label("Name", exact=True)).to_have_value("not mine")
    admin.delete(f"/env-user-permissions/{member['id']}")


def test_a_button_without_its_right_says_who_can_grant_it(
    page: Page, platz: PlatzProcess, env: str, shop: dict[str, Any], admin: Client
) -> None:
    signed_in_as(page, platz, "maintainer")
    person = next(user for user in admin.items("/users") if user["email"] == "maintainer@platz.localhost")
    if not any(one["user_id"] == person["id"] for one in admin.items("/env-user-permissions")):
        admin.post("/env-user-permissions", {"env_id": env, "user_id": person["id"], "role": "User"})
    page.goto(f"/deployments/{shop['id']}")
    change = page.get_by_role("button", name="Change …")
    expect(change).to_have_attribute("aria-disabled", "true")
    change.focus()
    expect(page.get_by_role("tooltip")).to_contain_text("Only maintainers and owners of WebShop")
    page.get_by_text("More", exact=True).click()
    expect(page.get_by_role("button", name="Delete …")).to_contain_text("Only owners of WebShop")
    assert violations(page) == []
    role = {"env_id": env, "user_id": person["id"], "kind_id": shop["kind_id"], "role": "Maintainer"}
    given = admin.post("/deployment-permissions", role)
    expect(page.get_by_role("link", name="Change …")).to_be_visible()
    admin.delete(f"/deployment-permissions/{given['id']}")
    expect(change).to_have_attribute("aria-disabled", "true")


def test_a_sign_in_that_ends_is_told_and_the_address_kept(page: Page, platz: PlatzProcess, env: str) -> None:
    signed_in_as(page, platz)
    page.evaluate("localStorage.setItem('access_token', 'of-an-older-installation')")
    page.goto(f"/envs/{env}/activity")
    expect(page.locator("#message")).to_contain_text("no longer valid")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("Ada Admin").first.click()
    expect(page.get_by_role("heading", name="Activity", level=1)).to_be_visible()


def test_a_token_is_made_used_and_revoked(page: Page, platz: PlatzProcess) -> None:
    signed_in_as(page, platz)
    page.goto("/me")
    page.get_by_role("button", name="Make a token").click()
    secret = page.locator("pre.token").inner_text()
    used = httpx.get(f"{platz.url}/api/v2/auth/me", headers={"x-platz-token": secret})
    assert used.status_code == 200
    page.get_by_role("button", name="Done").click()
    page.get_by_role("button", name="Revoke").first.click()
    expect(page.get_by_text("There is no token.")).to_be_visible()


def test_an_administrator_finds_and_changes_everything(page: Page, platz: PlatzProcess) -> None:
    signed_in_as(page, platz)
    page.goto("/admin/clusters")
    row = page.get_by_role("row", name="west")
    row.get_by_role("button", name="Change …").click()
    page.get_by_role("dialog").get_by_label("Grafana, address").fill("https://grafana.example")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.goto("/admin/bots")
    page.get_by_role("button", name="New bot").click()
    page.get_by_role("dialog").get_by_label("Name", exact=True).fill("Console bot")
    page.get_by_role("button", name="Create the bot").click()
    expect(page.get_by_role("rowheader", name="Console bot")).to_be_visible()
    page.goto("/admin/tag-formats")
    page.get_by_role("button", name="New tag format").click()
    page.get_by_role("dialog").get_by_label("Pattern").fill("(")
    page.get_by_role("button", name="Add the format").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("Pattern error")


def test_older_addresses_lead_to_the_new_ones(
    page: Page, platz: PlatzProcess, env: str, shop: dict[str, Any]
) -> None:
    signed_in_as(page, platz)
    page.goto(f"/envs/{env}/deployments/WebShop/{shop['id']}/history")
    expect(page).to_have_url(re.compile(f"/deployments/{shop['id']}/history$"))
    page.goto("/admin/k8s")
    expect(page.get_by_role("heading", name="Clusters", level=1)).to_be_visible()
    page.goto("/nowhere")
    expect(page.get_by_text("There is nothing at this address.")).to_be_visible()


def test_the_keyboard_alone_is_enough_to_choose(page: Page, platz: PlatzProcess, env: str) -> None:
    signed_in_as(page, platz)
    page.goto(f"/envs/{env}/deployments/new")
    kind = page.get_by_label("Kind", exact=True)
    kind.focus()
    kind.press("ArrowDown")
    kind.press_sequentially("webs")
    kind.press("Enter")
    expect(kind).to_have_value("WebShop")
    expect(kind).to_have_attribute("aria-expanded", "false")
    kind.press("ArrowDown")
    kind.press("Escape")
    expect(kind).to_have_attribute("aria-expanded", "false")
    page.get_by_label("Name of the shop").press("Enter")
    expect(page.get_by_role("heading", name="New deployment", level=1)).to_be_visible()


PAGES = (
    "/",
    "/envs/{env}",
    "/envs/{env}/deployments",
    "/envs/{env}/deployments?q=nothing-has-this-name",
    "/deployments?sort=-changed",
    "/envs/{env}/deployments/new",
    "/envs/{env}/activity",
    "/envs/{env}/secrets",
    "/envs/{env}/settings",
    "/deployments/{shop}",
    "/deployments/{shop}/workloads",
    "/deployments/{shop}/history",
    "/deployments/{shop}/config",
    "/deployments/{shop}/settings",
    "/deployments/{shop}/change",
    "{comparison}",
    "/deployments/{shop}/actions/restock",
    "/charts",
    "/admin/clusters",
    "/admin/environments",
    "/admin/users",
    "/admin/bots",
    "/admin/registries",
    "/admin/tag-formats",
    "/me",
    "/nowhere",
)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_has_a_barrier_that_axe_finds(
    browser: Browser, platz: PlatzProcess, env: str, shop: dict[str, Any], revised: Revised, theme: str
) -> None:
    with opened(browser, platz, color_scheme=theme, reduced_motion="reduce") as page:
        page.goto("/")
        assert violations(page) == []
        signed_in_as(page, platz)
        for pattern in PAGES:
            page.goto(pattern.format(env=env, shop=shop["id"], comparison=revised.comparison))
            expect(page.locator("main h1, main .empty-title").first).to_be_visible()
            page.wait_for_load_state("networkidle")
            page.evaluate(
                "document.querySelectorAll('main .preview details').forEach(one => one.open = true)"
            )
            assert (pattern, violations(page)) == (pattern, [])
