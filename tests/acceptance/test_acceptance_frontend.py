"""The older web frontend works unmodified: its start, its state, and every write in docs/contract/http-api.md,
"The older web frontend"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from acceptance.platz_client import Client, access_token
from acceptance.platz_process import PlatzProcess
from acceptance.web_frontend import COLLECTIONS, Row, WebFrontend, refusal_of
from waiting import eventually
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
MOMENT_KEYS = re.compile(r"(_at|_seen)$")
TASK_SECONDS = 60.0
REVOKED_SECONDS = 5.0


def unique(word: str) -> str:
    return f"{word}-{uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def tab(platz: PlatzProcess, admin: Client) -> Iterator[WebFrontend]:
    """A site admin's tab, opened after charts and clusters were discovered."""
    for repository, tag in (("web-shop", "1.0.0"), ("registry-cache", "2.4.1"), ("guestbook", "0.3.0")):
        admin.chart(repository, tag)
    for cluster in ("east", "west"):
        admin.cluster(cluster)
    with WebFrontend(platz.url, admin.token) as frontend:
        yield frontend


def open_tab(platz: PlatzProcess, person: str) -> WebFrontend:
    token = access_token(platz.url, f"{person}@platz.localhost", password=person)
    return WebFrontend(platz.url, token)


@pytest.fixture(scope="module")
def env(tab: WebFrontend) -> Row:
    """An environment for these tests, without clusters."""
    name = unique("Frontend")
    tab.write("POST", "envs", {"name": name, "auto_add_new_users": False})
    return tab.shows("envs", name=name)


class TestStart:
    def test_the_application_appears_for_a_site_admin(self, tab: WebFrontend) -> None:
        assert tab.visible_envs() == {row["id"] for row in tab.read_all("envs")}
        assert {row["name"] for row in tab.state["k8s_clusters"].values()} >= {"east", "west"}

    def test_the_application_appears_for_a_member(
        self, tab: WebFrontend, platz: PlatzProcess, env: Row
    ) -> None:
        with open_tab(platz, "maintainer") as first:
            member = first.me["User"]["id"]
        tab.write("POST", "env-user-permissions", {"env_id": env["id"], "user_id": member, "role": "User"})
        permission = tab.shows("env_user_permissions", env_id=env["id"], user_id=member)

        with open_tab(platz, "maintainer") as frontend:
            seen = frontend.state

            assert frontend.visible_envs() >= {env["id"]}
            assert set(seen["envs"]) == frontend.visible_envs()
            assert permission["id"] in seen["env_user_permissions"]
            for table in ("env_user_permissions", "deployment_permissions", "secrets"):
                everyone_s = {
                    row["id"] for row in tab.state[table].values() if row["env_id"] in frontend.visible_envs()
                }
                assert set(seen[table]) == everyone_s
        tab.write("DELETE", f"env-user-permissions/{permission['id']}")

    def test_the_application_appears_for_who_is_in_no_environment(
        self, tab: WebFrontend, platz: PlatzProcess
    ) -> None:
        with open_tab(platz, "outsider") as frontend:
            fresh = frontend.load_state()
            scoped = {
                "envs",
                "env_user_permissions",
                "deployment_permissions",
                "secrets",
                "deployments",
                "deployment_tasks",
                "deployment_resources",
            }

            assert frontend.visible_envs() == set()
            assert {table: len(rows) for table, rows in fresh.items() if table in scoped} == dict.fromkeys(
                scoped, 0
            )
            assert set(fresh["users"]) >= {tab.me["User"]["id"], frontend.me["User"]["id"]}
            assert set(fresh["k8s_clusters"]) == set(tab.state["k8s_clusters"])
            assert len(fresh["deployment_kinds"]) > 0

    def test_every_page_is_loaded_and_nothing_twice(self, tab: WebFrontend) -> None:
        names = {unique("paged") for _ in range(120)}
        for name in names:
            tab.write("POST", "bots", {"display_name": name})

        rows = tab.read_all("bots")

        assert names <= {row["display_name"] for row in rows}
        assert len({row["id"] for row in rows}) == len(rows) > 100
        tab.agrees_with_a_fresh_tab()
        for row in rows:
            if row["display_name"] in names:
                tab.write("DELETE", f"bots/{row['id']}")
        tab.agrees_with_a_fresh_tab()

    def test_without_signing_in_the_login_page_is_asked_for(self, platz: PlatzProcess) -> None:
        for headers in ({}, {"Authorization": "Bearer old"}):
            answer = httpx.get(f"{platz.url}/api/v2/auth/me", headers=headers)
            assert answer.status_code == 401
            assert isinstance(answer.json()["message"], str)

    def test_the_socket_does_not_open_without_the_cookie(self, platz: PlatzProcess) -> None:
        with pytest.raises(InvalidStatus) as refused:
            connect(f"{platz.url.replace('http', 'ws', 1)}/api/v2/ws", origin=platz.url).close()  # type: ignore[arg-type]
        assert refused.value.response.status_code == 401

    def test_the_page_is_served_beside_the_api(self, platz: PlatzProcess) -> None:
        page = httpx.get(platz.url)
        assert page.status_code == 200
        assert page.headers["content-type"].startswith("text/html")


class TestWrites:
    """Writes: after each, an event brings the new state promptly, and a fresh tab would show the same."""

    def test_environments(self, tab: WebFrontend, platz: PlatzProcess) -> None:
        name = unique("Env")
        tab.write("POST", "envs", {"name": name, "auto_add_new_users": False})
        made = tab.shows("envs", name=name)
        own = tab.shows("env_user_permissions", env_id=made["id"], user_id=tab.me["User"]["id"])
        placement = {"node_selector": {"disk": "ssd"}, "tolerations": [{"operator": "Exists"}]}
        tab.write("PUT", f"envs/{made['id']}", placement)
        tab.shows("envs", id=made["id"], **placement)
        tab.write("PUT", f"envs/{made['id']}", {"name": name.upper()})
        tab.shows("envs", id=made["id"], name=name.upper(), **placement)

        assert own["role"] == "Admin"
        tab.write("DELETE", f"envs/{made['id']}")
        tab.no_longer_shows("envs", id=made["id"])
        tab.no_longer_shows("env_user_permissions", id=own["id"])
        tab.agrees_with_a_fresh_tab()

    def test_permissions(self, tab: WebFrontend, env: Row, platz: PlatzProcess) -> None:
        with open_tab(platz, "owner") as frontend:
            person = frontend.me["User"]["id"]
            kind = next(iter(tab.state["deployment_kinds"]))
            tab.write(
                "POST", "env-user-permissions", {"env_id": env["id"], "user_id": person, "role": "Admin"}
            )
            membership = tab.shows("env_user_permissions", env_id=env["id"], user_id=person)
            frontend.shows("env_user_permissions", id=membership["id"])  # visible through this permission
            tab.write(
                "POST",
                "deployment-permissions",
                {"env_id": env["id"], "user_id": person, "kind_id": kind, "role": "Owner"},
            )
            granted = tab.shows("deployment_permissions", env_id=env["id"], user_id=person)
            frontend.shows("deployment_permissions", id=granted["id"])
            own = refusal_of(lambda: frontend.write("DELETE", f"env-user-permissions/{membership['id']}"))
            frontend.write("DELETE", f"deployment-permissions/{granted['id']}")
            tab.no_longer_shows("deployment_permissions", id=granted["id"])
            tab.write("DELETE", f"env-user-permissions/{membership['id']}")

        assert own == "You can't delete your own permissions"
        tab.no_longer_shows("env_user_permissions", id=membership["id"])
        tab.agrees_with_a_fresh_tab()

    def test_secrets(self, tab: WebFrontend, env: Row) -> None:
        new = {"env_id": env["id"], "collection": "payments", "name": unique("key"), "contents": "tiger-7731"}
        tab.write("POST", "secrets", new)
        made = tab.shows("secrets", env_id=env["id"], name=new["name"])
        tab.write("PUT", f"secrets/{made['id']}", {"name": made["name"], "contents": "tiger-7732"})
        changed = tab.shows("secrets", id=made["id"], name=made["name"])
        tab.agrees_with_a_fresh_tab()
        renamed = unique("key")
        tab.write("PUT", f"secrets/{made['id']}", {"name": renamed})
        tab.shows("secrets", id=made["id"], name=renamed)

        assert set(changed) == {"id", "created_at", "updated_at", "env_id", "collection", "name"}
        tab.write("DELETE", f"secrets/{made['id']}")
        tab.no_longer_shows("secrets", id=made["id"])
        tab.agrees_with_a_fresh_tab()

    def test_bots_and_their_tokens_which_are_loaded_on_demand(self, tab: WebFrontend) -> None:
        name = unique("Robot")
        tab.write("POST", "bots", {"display_name": name})
        bot = tab.shows("bots", display_name=name)
        tab.write("PUT", f"bots/{bot['id']}", {"display_name": f"{name} 2"})
        tab.shows("bots", id=bot["id"], display_name=f"{name} 2")
        tab.write("POST", "bot-tokens", {"bot_id": bot["id"]})
        (token,) = tab.read_all("bot-tokens", bot_id=bot["id"])
        tab.write("DELETE", f"bot-tokens/{token['id']}")

        assert tab.read_all("bot-tokens", bot_id=bot["id"]) == []
        tab.write("DELETE", f"bots/{bot['id']}")
        tab.no_longer_shows("bots", id=bot["id"])

    def test_a_user_token_is_asked_for_with_null_and_shown_once(self, tab: WebFrontend) -> None:
        before = {row["id"] for row in tab.read_all("user-tokens")}
        tab.write("POST", "user-tokens", {"user_id": None})
        (made,) = [row for row in tab.read_all("user-tokens") if row["id"] not in before]
        tab.write("DELETE", f"user-tokens/{made['id']}")

        assert made["user_id"] == tab.me["User"]["id"]
        assert set(made) == {"id", "user_id", "created_at"}
        assert {row["id"] for row in tab.read_all("user-tokens")} == before

    def test_users(self, tab: WebFrontend, platz: PlatzProcess) -> None:
        with open_tab(platz, "outsider") as frontend:
            person = frontend.me["User"]["id"]
        tab.write("PUT", f"users/{person}", {"is_admin": True})
        tab.shows("users", id=person, is_admin=True)
        tab.write("PUT", f"users/{person}", {"is_admin": False})
        tab.shows("users", id=person, is_admin=False)
        own = refusal_of(lambda: tab.write("PUT", f"users/{tab.me['User']['id']}", {"is_admin": False}))

        assert own == "You can't update your own user"
        tab.agrees_with_a_fresh_tab()

    def test_kinds_registries_and_tag_formats(self, tab: WebFrontend) -> None:
        kind = tab.shows("deployment_kinds", name="Guestbook")
        tab.write("PUT", f"deployment-kinds/{kind['id']}", {"name": "GuestBook"})
        tab.shows("deployment_kinds", id=kind["id"], name="GuestBook")
        tab.write("PUT", f"deployment-kinds/{kind['id']}", {"name": "Guestbook"})
        tab.shows("deployment_kinds", id=kind["id"], name="Guestbook")
        registry = tab.shows("helm_registries", kind_id=kind["id"])
        tab.write("PUT", f"helm-registries/{registry['id']}", {"fa_icon": "book-open"})
        tab.shows("helm_registries", id=registry["id"], fa_icon="book-open")
        pattern = rf"^(?P<version>{uuid4().hex})$"
        tab.write("POST", "helm-tag-formats", {"pattern": pattern})
        made = tab.shows("helm_tag_formats", pattern=pattern)
        wrong = refusal_of(lambda: tab.write("POST", "helm-tag-formats", {"pattern": "("}))
        tab.write("DELETE", f"helm-tag-formats/{made['id']}")

        assert wrong.startswith("Pattern error: ")
        tab.no_longer_shows("helm_tag_formats", id=made["id"])

    def test_a_cluster_s_text_fields_are_emptied_with_empty_texts(self, tab: WebFrontend) -> None:
        cluster = tab.shows("k8s_clusters", name="west")
        given = {"grafana_url": "https://grafana.test", "grafana_datasource_name": "prom"}
        tab.write("PUT", f"k8s-clusters/{cluster['id']}", given)
        tab.shows("k8s_clusters", id=cluster["id"], **given)
        tab.write("PUT", f"k8s-clusters/{cluster['id']}", {"grafana_url": "", "grafana_datasource_name": ""})

        cleared = tab.shows("k8s_clusters", id=cluster["id"], grafana_url=None, grafana_datasource_name=None)
        assert cleared["env_id"] == cluster["env_id"]
        assert cleared["ingress_domain"] == cluster["ingress_domain"]

    def test_a_refused_write_shows_a_sentence(self, tab: WebFrontend, env: Row, platz: PlatzProcess) -> None:
        taken = refusal_of(lambda: tab.write("POST", "envs", {"name": env["name"].upper()}))
        broken = refusal_of(lambda: tab.write("POST", "envs", {"name": 7}))
        missing = refusal_of(lambda: tab.write("PUT", f"envs/{uuid4()}", {"name": "x"}))
        with open_tab(platz, "outsider") as frontend:
            denied = refusal_of(lambda: frontend.write("POST", "envs", {"name": "mine"}))

        assert denied == "You don't have permissions to perform this operation"
        for sentence in (taken, broken, missing):
            assert sentence
            assert "{" not in sentence
            assert "Diesel" not in sentence
            assert "psycopg" not in sentence


class TestDeployments:
    def test_a_one_per_cluster_chart_is_deployed_without_a_name_and_without_a_config(
        self, tab: WebFrontend, admin: Client
    ) -> None:
        chart, registry = chart_and_registry(tab, admin, "registry-cache", "2.4.1")
        cluster = tab.shows("k8s_clusters", name="west")
        place = {"kind_id": registry["kind_id"], "cluster_id": cluster["id"]}
        if there := tab.find("deployments", **place):
            tab.write("DELETE", f"deployments/{there['id']}")
            tab.no_longer_shows("deployments", id=there["id"], seconds=TASK_SECONDS)

        tab.write("POST", "deployments", {**place, "helm_chart_id": chart["id"]})

        made = tab.shows("deployments", **place, enabled=True)
        assert (made["name"], made["config"], made["values_override"]) == ("", {}, {})
        tab.write("DELETE", f"deployments/{made['id']}")
        tab.no_longer_shows("deployments", id=made["id"], seconds=TASK_SECONDS)

    def test_the_life_of_a_deployment(self, tab: WebFrontend, admin: Client) -> None:
        chart, registry = chart_and_registry(tab, admin, "web-shop", "1.0.0")
        newer, _ = chart_and_registry(tab, admin, "web-shop", "1.1.0")
        name = unique("life")
        tab.write(
            "POST",
            "deployments",
            {
                "name": name,
                "kind_id": registry["kind_id"],
                "cluster_id": tab.shows("k8s_clusters", name="east")["id"],
                "helm_chart_id": chart["id"],
                "config": {"shop_name": "Life", "replicas": 1},
            },
        )
        made = tab.shows("deployments", name=name, status="Running", seconds=TASK_SECONDS)
        path = f"deployments/{made['id']}"
        tab.shows("k8s_resources", deployment_id=made["id"], seconds=TASK_SECONDS)
        tab.write("PUT", path, {"description_md": "# Life"})
        described = tab.shows("deployments", id=made["id"], description_md="# Life")
        tab.write("PUT", path, {**described, "helm_chart_id": newer["id"]})
        tab.shows("deployments", id=made["id"], helm_chart_id=newer["id"])
        eventually_done(tab, made["id"], 2)
        running = tab.shows("deployments", id=made["id"], status="Running", seconds=TASK_SECONDS)
        body = {
            "helm_chart_id": newer["id"],
            "action_id": "restock",
            "body": {"units": 5, "supplier": "local"},
        }
        tab.write(
            "POST", "deployment-tasks", {"deployment_id": made["id"], "operation": {"InvokeAction": body}}
        )
        tab.write("PUT", path, {"enabled": False})
        tab.shows("deployments", id=made["id"], enabled=False, status="Uninstalled", seconds=TASK_SECONDS)
        tab.write("PUT", path, {"enabled": True})
        tab.shows("deployments", id=made["id"], enabled=True, status="Running", seconds=TASK_SECONDS)
        history = tab.read("deployment-tasks", deployment_id=made["id"], page="1", per_page="10")

        assert running["revision_id"] != made["revision_id"]
        assert [next(iter(task["operation"])) for task in history["items"]] == [
            "Install",
            "Uninstall",
            "InvokeAction",
            "Upgrade",
            "Install",
        ]
        assert {task["status"] for task in history["items"]} <= {"Done", "Failed"}
        tab.write("DELETE", path)
        tab.no_longer_shows("deployments", id=made["id"], seconds=TASK_SECONDS)
        tab.agrees_with_a_fresh_tab()


class TestRevocation:
    def test_a_deactivated_person_is_out_within_five_seconds(
        self, tab: WebFrontend, platz: PlatzProcess
    ) -> None:
        with open_tab(platz, "viewer") as frontend:
            person = frontend.me["User"]["id"]
            tab.write("PUT", f"users/{person}", {"is_active": False})
            refused = refusal_of(lambda: frontend.read("auth/me"))
            closed = frontend.wait_until_closed(seconds=REVOKED_SECONDS)
        tab.write("PUT", f"users/{person}", {"is_active": True})

        assert refused == "User not found"
        assert closed == 1008
        with open_tab(platz, "viewer") as frontend:
            assert frontend.me["User"]["id"] == person

    def test_who_loses_an_environment_hears_no_more_of_it(
        self, tab: WebFrontend, platz: PlatzProcess, env: Row
    ) -> None:
        with open_tab(platz, "maintainer") as frontend:
            person = frontend.me["User"]["id"]
            tab.write(
                "POST", "env-user-permissions", {"env_id": env["id"], "user_id": person, "role": "User"}
            )
            membership = tab.shows("env_user_permissions", env_id=env["id"], user_id=person)
            first = new_secret(tab, env)
            frontend.shows("secrets", name=first)
            tab.write("DELETE", f"env-user-permissions/{membership['id']}")
            second = new_secret(tab, env)
            bot = unique("after")
            tab.write("POST", "bots", {"display_name": bot})
            frontend.shows("bots", display_name=bot)

            assert frontend.find("secrets", name=second) is None
            assert frontend.failed_reads == []


def test_the_state_follows_whatever_happened_here(tab: WebFrontend) -> None:
    tab.agrees_with_a_fresh_tab()
    assert tab.failed_reads == [] or all("Not found" in failure for failure in tab.failed_reads)


def test_every_moment_has_six_digits_and_a_z(tab: WebFrontend) -> None:
    moments = [
        (table, key, value)
        for table, listed in COLLECTIONS.items()
        for row in tab.read_all(listed.path)
        for key, value in row.items()
        if MOMENT_KEYS.search(key) and value is not None
    ]

    assert len(moments) > 20
    assert [moment for moment in moments if not MOMENT.fullmatch(moment[2])] == []


def chart_and_registry(tab: WebFrontend, admin: Client, repository: str, tag: str) -> tuple[Row, Row]:
    """Load the charts of a kind, as the deployment form does when it is opened; return chart and registry."""
    chart = admin.chart(repository, tag)
    registry = tab.shows("helm_registries", id=chart["helm_registry_id"])
    charts = tab.read_all("helm-charts", kind_id=registry["kind_id"])
    return next(row for row in charts if row["id"] == chart["id"]), registry


def new_secret(tab: WebFrontend, env: Row) -> str:
    name = unique("secret")
    tab.write("POST", "secrets", {"env_id": env["id"], "collection": "c", "name": name, "contents": "hidden"})
    return name


def eventually_done(tab: WebFrontend, deployment_id: str, number: int) -> None:
    """Wait until this number of tasks of a deployment are done."""

    def look() -> Any:
        tasks = tab.read_all("deployment-tasks", deployment_id=deployment_id)
        return sum(task["status"] == "Done" for task in tasks) >= number

    eventually(look, seconds=TASK_SECONDS, every=0.1)
