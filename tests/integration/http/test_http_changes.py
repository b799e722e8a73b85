"""What each write answers and leaves behind; the rules behind them have their own tests.

Source: docs/contract/http-api.md, "Routes in detail".
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from http_client import Installation

from platz.db import schema

OLDER_SERVERS_ERRORS = "The older server sent this under `error`: both keys are there."


def message(answer: Any) -> str:
    """The message of the envelope, which has nothing else unless the older server used `error`."""
    assert set(answer.json()) == {"message"}, answer.text
    return answer.json()["message"]


def message_and_error(answer: Any) -> str:
    body = answer.json()
    assert body == {"message": body["message"], "error": body["message"]}
    return body["message"]


def test_who_creates_an_environment_administers_it(api: Installation) -> None:
    env = api["site"].post("/envs", {"name": "New"}).json()
    mine = api["site"].items("/env-user-permissions", params={"env_id": env["id"]})
    assert env["auto_add_new_users"] is False
    assert (env["node_selector"], env["tolerations"]) == ({}, {})
    assert [(one["user_id"], one["role"]) for one in mine] == [(str(api.id_of("site")), "Admin")]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/envs", {"name": "hERE"}),
        ("/helm-tag-formats", {"pattern": "^v"}),
        ("/secrets", {"collection": "c", "name": "n", "contents": "x"}),
        ("/env-user-permissions", {"role": "User"}),
        ("/deployment-permissions", {"role": "Owner"}),
        ("/deployments", {"name": "twin"}),
        ("/deployment-resources", {"name": "twin"}),
    ],
)
def test_what_is_taken_is_a_conflict(api: Installation, path: str, body: dict[str, Any]) -> None:
    ids = {
        "env_id": api.here,
        "user_id": api.new_user(),
        "kind_id": api.kind,
        "cluster_id": api.cluster,
        "helm_chart_id": api.chart,
        "deployment_id": api.deployment,
        "type_id": api.new_resource_type(),
    }
    whole = {**{key: str(value) for key, value in ids.items()}, **body}
    if path != "/envs":
        assert api["site"].post(path, whole).status_code == 201
    answer = api["site"].post(path, whole)
    assert answer.status_code == 409
    assert "duplicate key" not in message(answer)


def test_unknown_references_are_refused(api: Installation) -> None:
    nobody = str(uuid4())
    for path, body in (
        ("/env-user-permissions", {"env_id": str(api.here), "user_id": nobody, "role": "User"}),
        (
            "/deployment-permissions",
            {"env_id": str(api.here), "user_id": nobody, "kind_id": str(api.kind), "role": "Owner"},
        ),
        ("/secrets", {"env_id": nobody, "collection": "c", "name": "n", "contents": "x"}),
    ):
        answer = api["site"].post(path, body)
        assert answer.status_code == 400, path
        assert "violates" not in message(answer)
    assert api["site"].put(f"/k8s-clusters/{api.cluster}", {"env_id": nobody}).status_code == 400
    assert api["site"].post("/bot-tokens", {"bot_id": nobody}).status_code == 404


EVERY_UPDATE = {
    "/envs": "here",
    "/users": None,
    "/bots": "bot",
    "/deployments": "deployment",
    "/helm-registries": "registry",
    "/helm-registry": "registry",
    "/k8s-clusters": "cluster",
    "/deployment-resources": None,
}


@pytest.mark.parametrize("path", EVERY_UPDATE)
def test_an_update_with_nothing_in_it_changes_nothing(api: Installation, path: str) -> None:
    rows = {
        "/users": api.new_user,
        "/deployment-resources": api.new_resource,
        "/bots": lambda: api.id_of("bot"),
    }
    row = rows[path]() if path in rows else getattr(api, str(EVERY_UPDATE[path]))
    before = api["site"].get(f"{path}/{row}").json()

    answer = api["site"].put(f"{path}/{row}", {})

    assert answer.status_code == 200, answer.text
    assert answer.json() == before
    assert api["site"].get(f"{path}/{row}").json() == before
    assert api.scalar("select count(*) from deployment_tasks") == 0


@pytest.mark.parametrize("path", [*EVERY_UPDATE, "/deployment-kinds", "/secrets"])
def test_an_update_of_what_is_not_there_is_not_found(api: Installation, path: str) -> None:
    body = {"name": "X", "display_name": "X", "fa_icon": "x", "is_admin": True, "ignore": False}
    answer = api["site"].put(f"{path}/{uuid4()}", body)
    assert answer.status_code == 404
    assert message(answer) == "Not found"


@pytest.mark.parametrize(
    "path",
    [
        "/envs", "/bots", "/deployments", "/deployment-resources", "/k8s-clusters", "/secrets", "/helm-tag-formats",
        "/env-user-permissions", "/deployment-permissions", "/deployment-tasks", "/bot-tokens", "/user-tokens",
    ],
)  # fmt: skip
def test_a_delete_of_what_is_not_there_is_not_found(api: Installation, path: str) -> None:
    assert message(api["site"].delete(f"{path}/{uuid4()}")) == "Not found"


def test_deleted_rows_are_gone(api: Installation) -> None:
    bot = api.insert(schema.bots, display_name="b")
    for path, row in (("/bots", bot), ("/secrets", api.new_secret()), ("/k8s-clusters", api.new_cluster())):
        deleted = api["site"].delete(f"{path}/{row}")
        assert (deleted.status_code, deleted.content) == (204, b"")
        assert api["site"].get(f"{path}/{row}").status_code == 404


def test_users_are_changed_by_other_site_admins_only(api: Installation) -> None:
    person = api.new_user()
    changed = api["site"].put(f"/users/{person}", {"is_admin": True, "is_active": False}).json()
    own = api["site"].put(f"/users/{api.id_of('site')}", {"is_admin": False})
    assert (changed["is_admin"], changed["is_active"]) == (True, False)
    assert own.status_code == 403
    assert message(own) == "You can't update your own user"


def test_nobody_deletes_their_own_permission(api: Installation) -> None:
    own = api.scalar("select id from env_user_permissions where user_id = :user", user=api.id_of("admin"))
    answer = api["admin"].delete(f"/env-user-permissions/{own}")
    assert answer.status_code == 409
    assert message(answer) == "You can't delete your own permissions"


def test_an_environment_with_deployments_stays(api: Installation) -> None:
    answer = api["site"].delete(f"/envs/{api.here}")
    assert answer.status_code == 409
    assert message(answer) == (
        f"This environment can't be deleted because it has active deployments: blue (Kind ID: {api.kind})"
    )


def test_a_deleted_environment_leaves_its_clusters_without_one(api: Installation) -> None:
    env = api.insert(schema.envs, name="Short")
    cluster = api.new_cluster(env)
    api.new_secret(env)
    assert api["site"].delete(f"/envs/{env}").status_code == 204
    assert api["site"].get(f"/k8s-clusters/{cluster}").json()["env_id"] is None
    assert api.scalar("select count(*) from secrets") == 0


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"node_selector": {"a": "b"}}, "Env node selector updated"),
        ({"tolerations": []}, "Env tolerations updated"),
        ({"node_selector": {}, "tolerations": {}}, "Env node selector, tolerations updated"),
    ],
)
def test_placement_reinstalls_what_is_enabled_and_installed(
    api: Installation, given: dict[str, Any], reason: str
) -> None:
    long_ago = datetime(2024, 1, 1, tzinfo=UTC)
    installed = api.new_task(status="Done", operation={"Install": {}}, execute_at=long_ago)
    api.execute(
        "update deployments set revision_id = :task where id = :id", task=installed, id=api.deployment
    )
    api.new_deployment(enabled=False, revision_id=installed)
    api.new_deployment()  # nothing of it was ever installed
    changed = api["site"].put(f"/envs/{api.here}", given)
    assert changed.status_code == 200
    assert {key: changed.json()[key] for key in given} == given
    tasks = [task for task in api["site"].items("/deployment-tasks") if task["status"] == "Pending"]
    assert [(task["deployment_id"], task["operation"]) for task in tasks] == [
        (str(api.deployment), {"Reinstall": {"reason": reason}})
    ]
    assert tasks[0]["acting_user_id"] == str(api.id_of("site"))


def test_kinds_in_use_only_change_their_letter_case(api: Installation) -> None:
    path = f"/deployment-kinds/{api.kind}"
    assert api["site"].put(path, {"name": "WEBSHOP"}).json()["name"] == "WEBSHOP"
    assert api["site"].put(path, {"name": "Other"}).status_code == 409
    free = api.insert(schema.deployment_kinds, name="Free")
    assert api["site"].put(f"/deployment-kinds/{free}", {"name": "Freed"}).json()["name"] == "Freed"
    assert api["site"].put(f"/deployment-kinds/{free}", {"name": "WEBSHOP"}).status_code == 409


@pytest.mark.parametrize("name", ["Web Shop", "charts/web", "web.shop", "-web", "web_shop", "ü", "w" * 54])
def test_a_kind_is_named_so_that_namespaces_can_be_named_after_it(api: Installation, name: str) -> None:
    free = api.insert(schema.deployment_kinds, name=api.unique("Free"))
    refused = api["site"].put(f"/deployment-kinds/{free}", {"name": name})
    assert (refused.status_code, "letter or digit" in message(refused)) == (400, True)


@pytest.mark.parametrize("name", ["", "  "])
def test_names_are_not_blank(api: Installation, name: str) -> None:
    for method, path in (
        ("POST", "/envs"),
        ("PUT", f"/envs/{api.here}"),
        ("PUT", f"/deployment-kinds/{api.kind}"),
    ):
        assert api["site"].request(method, path, json={"name": name}).status_code == 400


def test_a_tag_format_must_be_a_regular_expression(api: Installation) -> None:
    answer = api["site"].post("/helm-tag-formats", {"pattern": "(unclosed"})
    assert answer.status_code == 400
    assert message_and_error(answer).startswith("Pattern error: ")


def test_the_seed_tag_formats_are_accepted_again_after_they_were_deleted(api: Installation) -> None:
    for tag_format in api["site"].items("/helm-tag-formats"):
        assert api["site"].delete(f"/helm-tag-formats/{tag_format['id']}").status_code == 204
        again = api["site"].post("/helm-tag-formats", {"pattern": tag_format["pattern"]})
        assert again.status_code == 201


def test_a_tag_format_that_charts_use_can_be_deleted(api: Installation) -> None:
    tag_format = api.insert(schema.helm_tag_formats, pattern="x")
    api.execute("update helm_charts set tag_format_id = :id, parsed_version = '1'", id=tag_format)
    assert api["site"].delete(f"/helm-tag-formats/{tag_format}").status_code == 204
    chart = api["site"].get(f"/helm-charts/{api.chart}").json()
    assert (chart["tag_format_id"], chart["parsed_version"]) == (None, "1")


def test_null_clears_a_cluster_s_fields_and_absence_keeps_them(api: Installation) -> None:
    path = f"/k8s-clusters/{api.cluster}"
    api["site"].put(path, {"ingress_domain": "a.test", "grafana_url": "http://g", "ignore": True})
    kept = api["site"].put(path, {"ignore": None, "grafana_datasource_name": "Loki"}).json()
    cleared = api["site"].put(path, {"ingress_domain": "", "grafana_url": None, "env_id": None}).json()
    assert (kept["ingress_domain"], kept["grafana_url"], kept["ignore"]) == ("a.test", "http://g", True)
    assert (cleared["ingress_domain"], cleared["grafana_url"], cleared["env_id"]) == (None, None, None)
    assert cleared["grafana_datasource_name"] == "Loki"


def test_two_clusters_can_not_share_an_ingress_domain(api: Installation) -> None:
    assert api["site"].put(f"/k8s-clusters/{api.cluster}", {"ingress_domain": "a.test"}).status_code == 200
    answer = api["site"].put(f"/k8s-clusters/{api.far_cluster}", {"ingress_domain": "a.test"})
    assert answer.status_code == 409
    assert message(answer) == "Another cluster already uses this ingress domain."


def test_a_cluster_with_deployments_stays(api: Installation) -> None:
    answer = api["site"].delete(f"/k8s-clusters/{api.cluster}")
    assert answer.status_code == 409
    assert message_and_error(answer) == (
        "This cluster has deployments, please delete or move them to another cluster first"
    )


def one_per_cluster(api: Installation) -> None:
    api.execute(
        """update helm_charts set features = '{"standard_ingress": true, "cardinality": "OnePerCluster"}'"""
    )


def new_deployment(api: Installation, **fields: Any) -> dict[str, Any]:
    ids = {"kind_id": api.kind, "cluster_id": api.cluster, "helm_chart_id": api.chart}
    return {**{key: str(value) for key, value in ids.items()}, **fields}


def test_a_deployment_needs_a_name_where_there_may_be_many(api: Installation) -> None:
    answer = api["owner"].post("/deployments", new_deployment(api))
    assert answer.status_code == 400
    assert message_and_error(answer) == "Missing name field"


def test_a_deployment_has_no_name_where_there_may_be_one(api: Installation) -> None:
    one_per_cluster(api)
    answer = api["owner"].post("/deployments", new_deployment(api, name="x"))
    assert answer.status_code == 409
    assert message_and_error(answer).startswith("This is a one per cluster deployment")
    assert api["owner"].post("/deployments", new_deployment(api)).status_code == 201
    assert api["owner"].post("/deployments", new_deployment(api)).status_code == 409


@pytest.mark.parametrize("name", [None, "Upper", "-a", "a-", "a_b", "a.b", "a b", "ä", "x" * 46, "a\n"])
def test_names_that_are_no_dns_labels_are_refused(api: Installation, name: str | None) -> None:
    assert api["owner"].post("/deployments", new_deployment(api, name=name)).status_code == 400
    assert api.scalar("select count(*) from deployment_tasks") == 0


def test_null_means_not_given_in_a_deployment_s_update(api: Installation) -> None:
    path = f"/deployments/{api.deployment}"
    api["owner"].put(path, {"values_override": {"a": 1}, "config": {"b": 2}})
    before = api["owner"].get(path).json()
    given = dict.fromkeys(before) | {"description_md": "Hello"}
    assert api["owner"].put(path, given).json() == before | {"description_md": "Hello"}
    assert api["owner"].put(path, {"values_override": {}}).json()["values_override"] == {}


def test_deleting_a_deployment_twice_queues_one_uninstall(api: Installation) -> None:
    path = f"/deployments/{api.deployment}"
    assert [api["owner"].delete(path).status_code for _ in range(2)] == [204, 204]
    assert api.scalar("select count(*) from deployment_tasks") == 1


def test_a_task_can_be_scheduled_and_canceled_without_a_body(api: Installation) -> None:
    workload = api.new_workload(name="web")
    later = datetime.now(UTC) + timedelta(hours=1)
    restart = {"RestartK8sResource": {"resource_id": str(workload), "resource_name": "web"}}
    task = api["maintainer"].post(
        "/deployment-tasks",
        {"deployment_id": str(api.deployment), "operation": restart, "execute_at": later.isoformat()},
    )
    assert task.status_code == 201, task.text
    assert datetime.fromisoformat(task.json()["execute_at"]) == later
    canceled = api["maintainer"].delete(f"/deployment-tasks/{task.json()['id']}")
    assert canceled.json()["status"] == "Canceled"
    assert api["maintainer"].delete(f"/deployment-tasks/{task.json()['id']}").status_code == 409


def test_a_task_that_is_about_to_run_can_not_be_canceled(api: Installation) -> None:
    task = api.new_task(execute_at=datetime.now(UTC) + timedelta(minutes=4))
    answer = api["site"].request("DELETE", f"/deployment-tasks/{task}", json={})
    assert answer.status_code == 403
    assert message(answer) == "Cannot cancel task which is closed to being executed"


def test_a_task_for_a_cluster_without_environment_is_a_conflict(api: Installation) -> None:
    stray = api.new_deployment(api.stray_cluster)
    answer = api["site"].post(
        "/deployment-tasks", {"deployment_id": str(stray), "operation": {"Uninstall": {}}}
    )
    assert answer.status_code == 409
    assert message_and_error(answer).startswith("Can't create a deployment task")


@pytest.mark.parametrize(
    "operation",
    [{}, {"Install": {}, "Upgrade": {}}, {"Explode": {}}, "Uninstall", None, {"InvokeAction": []}],
)
def test_an_operation_that_is_none_is_refused(api: Installation, operation: Any) -> None:
    body = {"deployment_id": str(api.deployment), "operation": operation}
    assert api["site"].post("/deployment-tasks", body).status_code == 400


def test_a_secret_s_contents_are_stored_encrypted_and_never_shown(api: Installation) -> None:
    body = {"env_id": str(api.here), "collection": "c", "name": "n", "contents": "hunter2"}
    made = api["admin"].post("/secrets", body)
    changed = api["admin"].put(f"/secrets/{made.json()['id']}", {"contents": "hunter3"})
    stored = api.scalar("select contents from secrets")
    assert "hunter" not in made.text + changed.text + stored
    assert api.services.cipher.decrypt(stored) == "hunter3"
    assert changed.json()["updated_at"] > made.json()["updated_at"]


def test_the_sdk_s_other_addresses_work(api: Installation) -> None:
    resource = api.new_resource()
    read = api["user"].post(f"/deployment-resources/{resource}")
    assert read.json() == api["user"].get(f"/deployment-resources/{resource}").json()
    registry = api["user"].get(f"/helm-registry/{api.registry}")
    assert registry.json() == api["user"].get(f"/helm-registries/{api.registry}").json()
    changed = api["site"].put(f"/helm-registry/{api.registry}", {"fa_icon": "shop"})
    assert changed.json()["fa_icon"] == "shop"


def test_the_body_of_a_get_is_ignored(api: Installation) -> None:
    assert api["site"].request("GET", f"/envs/{api.here}", json={"name": "Changed"}).json()["name"] == "Here"


def test_ids_may_be_written_in_any_letter_case_but_in_one_form(api: Installation) -> None:
    for written, status in (
        (str(api.here).upper(), 200),
        (api.here.hex, 404),
        (f"{{{api.here}}}", 404),
        ("nonsense", 404),
        ("%00", 404),
    ):
        assert api["site"].get(f"/envs/{written}").status_code == status, written


def test_a_write_is_one_transaction(api: Installation) -> None:
    api.execute(
        "create function refuse() returns trigger language plpgsql as $$ begin raise 'no tasks today'; end $$"
    )
    api.execute("create trigger refuse before insert on deployment_tasks execute function refuse()")
    answer = api["owner"].post("/deployments", new_deployment(api, name="green"))
    assert answer.status_code == 500
    assert "no tasks today" not in answer.text
    assert api.scalar("select count(*) from deployments where name = 'green'") == 0
