"""Every route for each of the ten identities: the one readable table of who may do what.

A row is an operation; a column is an identity of `http_client.IDENTITIES`. 404 is what is out of sight, on every verb;
403 is what an identity sees and may not do.

Source: docs/contract/auth.md, "Visibility scope".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from http_client import IDENTITIES, Installation, installation

from platz.db import schema
from platz.db.database import Database
from platz.http.route import Permission
from platz.http.routes import ROUTES
from platz.identities import User

MATRIX = """
operation                    anonymous stranger user admin maintainer owner site bot deployment foreign
startGoogleLogin                   503      503  503   503        503   503  503 503        503     503
finishGoogleLogin                  400      400  400   400        400   400  400 400        400     400
authMe                             401      200  200   200        200   200  200 200        200     200
getServerInfo                      200      200  200   200        200   200  200 200        200     200

allEnvs                            401      200  200   200        200   200  200 200        200     200
createEnv                          401      403  403   403        403   403  201 403        403     403
getEnv                             401      404  200   200        200   200  200 200        200     404
updateEnv                          401      404  403   403        403   403  200 403        403     404
deleteEnv                          401      404  404   404        404   404  204 403        404     404

allEnvUserPermissions              401      200  200   200        200   200  200 200        200     200
createEnvUserPermission            401      404  403   201        403   403  201 403        403     404
getEnvUserPermission               401      404  200   200        200   200  200 200        200     404
deleteEnvUserPermission            401      404  403   204        403   403  204 403        403     404

allDeploymentPermissions           401      200  200   200        200   200  200 200        200     200
createDeploymentPermission         401      404  403   201        403   403  201 403        403     404
getDeploymentPermission            401      404  200   200        200   200  200 200        200     404
deleteDeploymentPermission         401      404  403   204        403   403  204 403        403     404

allUsers                           401      200  200   200        200   200  200 200        200     200
getUser                            401      200  200   200        200   200  200 200        200     200
updateUser                         401      403  403   403        403   403  200 403        403     403

allBots                            401      200  200   200        200   200  200 200        200     200
createBot                          401      403  403   403        403   403  201 403        403     403
getBot                             401      200  200   200        200   200  200 200        200     200
updateBot                          401      403  403   403        403   403  200 403        403     403
deleteBot                          401      403  403   403        403   403  204 403        403     403

allBotTokens                       401      403  403   403        403   403  200 403        403     403
createBotToken                     401      403  403   403        403   403  201 403        403     403
getBotToken                        401      403  403   403        403   403  200 403        403     403
deleteBotToken                     401      403  403   403        403   403  204 403        403     403

allUserTokens                      401      200  200   200        200   200  200 403        403     403
createUserToken                    401      201  201   201        201   201  201 403        403     403
createUserToken of another         401      403  403   403        403   403  201 403        403     403
getUserToken                       401      200  200   200        200   200  200 403        403     403
getUserToken of another            401      404  404   404        404   404  200 403        403     403
deleteUserToken                    401      204  204   204        204   204  204 403        403     403
deleteUserToken of another         401      404  404   404        404   404  204 403        403     403

allDeploymentKinds                 401      200  200   200        200   200  200 200        200     200
getDeploymentKind                  401      200  200   200        200   200  200 200        200     200
updateDeploymentKind               401      403  403   403        403   403  200 403        403     403

allHelmRegistries                  401      200  200   200        200   200  200 200        200     200
getHelmRegistry                    401      200  200   200        200   200  200 200        200     200
updateHelmRegistry                 401      403  403   403        403   403  200 403        403     403
GET /helm-registry/{id}            401      200  200   200        200   200  200 200        200     200
PUT /helm-registry/{id}            401      403  403   403        403   403  200 403        403     403

allHelmCharts                      401      200  200   200        200   200  200 200        200     200
getHelmChart                       401      200  200   200        200   200  200 200        200     200
evaluateHelmChartForm              401      200  200   200        200   200  200 200        200     200
evaluateResourceTypeForm           401      200  200   200        200   200  200 200        200     404

allHelmTagFormats                  401      200  200   200        200   200  200 200        200     200
createHelmTagFormat                401      403  403   403        403   403  201 403        403     403
getHelmTagFormat                   401      200  200   200        200   200  200 200        200     200
deleteHelmTagFormat                401      403  403   403        403   403  204 403        403     403

overview                           401      200  200   200        200   200  200 200        200     200
search                             401      200  200   200        200   200  200 200        200     200
overviewOfDeployments              401      200  200   200        200   200  200 200        200     200

allDeployments                     401      200  200   200        200   200  200 200        200     200
createDeployment                   401      404  403   201        403   201  201 403        403     404
getDeployment                      401      404  200   200        200   200  200 200        200     404
updateDeployment                   401      404  403   200        200   200  200 200        403     404
updateDeployment disable           401      404  403   200        403   200  200 200        403     404
previewNewDeployment               401      404  403   200        403   200  200 403        403     404
previewDeploymentChange            401      404  403   200        200   200  200 200        403     404
previewDeploymentChange delete     401      404  403   200        403   200  200 403        403     404
compareDeploymentRevisions         401      404  200   200        200   200  200 200        200     404
rollbackDeployment                 401      404  403   200        200   200  200 200        403     404
deleteDeployment                   401      404  403   204        403   204  204 403        403     404

allDeploymentTasks                 401      200  200   200        200   200  200 200        200     200
createDeploymentTask invoke        401      404  403   201        201   201  201 201        403     404
createDeploymentTask own action    401      404  403   201        403   201  201 403        403     404
createDeploymentTask restart       401      404  403   201        201   201  201 201        201     404
createDeploymentTask uninstall     401      404  403   403        403   403  403 403        403     404
getDeploymentTask                  401      404  200   200        200   200  200 200        200     404
cancelDeploymentTask               401      404  403   200        200   200  200 200        200     404
stopDeploymentTask                 401      404  403   200        200   200  200 200        200     404
retryDeploymentTask                401      404  403   201        201   201  201 201        403     404

allDeploymentResourceTypes         401      200  200   200        200   200  200 200        200     200
getDeploymentResourceType          401      200  200   200        200   200  200 200        200     404

allDeploymentResources             401      200  200   200        200   200  200 200        200     200
createDeploymentResource           401      400  403   201        201   201  201 201        201     400
createDeploymentResource by owners 401      400  403   201        403   201  201 201        201     400
getDeploymentResource              401      404  200   200        200   200  200 200        200     404
POST /deployment-resources/{id}    401      404  200   200        200   200  200 200        200     404
updateDeploymentResource           401      404  403   200        200   200  200 200        200     404
deleteDeploymentResource           401      404  403   204        204   204  204 204        204     404

allK8sClusters                     401      200  200   200        200   200  200 200        200     200
getK8sCluster                      401      200  200   200        200   200  200 200        200     404
updateK8sCluster                   401      403  403   403        403   403  200 403        403     403
deleteK8sCluster                   401      403  403   403        403   403  204 403        403     403

allK8sResources                    401      200  200   200        200   200  200 200        200     200
getK8sResource                     401      404  200   200        200   200  200 200        200     404

allSecrets                         401      200  200   200        200   200  200 200        200     200
createSecret                       401      404  403   201        403   403  201 403        403     404
getSecret                          401      404  200   200        200   200  200 200        200     404
updateSecret                       401      404  403   200        403   403  200 403        403     404
deleteSecret                       401      404  403   204        403   403  204 403        403     404
"""

VISIBLE = """
list                               stranger user admin maintainer owner site bot deployment foreign
/envs                                  none here  here       here  here  all all       here   there
/env-user-permissions                  none here  here       here  here  all all       here   there
/deployment-permissions                none here  here       here  here  all all       here   there
/deployments                           none here  here       here  here  all all       here   there
/deployment-tasks                      none here  here       here  here  all all       here   there
/deployment-resources                  none here  here       here  here  all all       here   there
/secrets                               none here  here       here  here  all all       here   there
/users                                  all  all   all        all   all  all all        all     all
/bots                                   all  all   all        all   all  all all        all     all
/deployment-kinds                       all  all   all        all   all  all all        all     all
/deployment-resource-types              all  all   all        all   all  all all       here   there
/helm-registries                        all  all   all        all   all  all all        all     all
/helm-charts                            all  all   all        all   all  all all        all     all
/helm-tag-formats                       all  all   all        all   all  all all        all     all
/k8s-clusters                           all  all   all        all   all  all all       here   there
/k8s-resources                         none here  here       here  here  all all       here   there
"""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """What is sent in one cell."""

    path: str
    json: Any = None


def rows_of(table: str) -> list[list[str]]:
    lines = [line for line in table.strip().splitlines() if line]
    columns = len(lines[0].split())
    return [line.rsplit(maxsplit=columns - 1) for line in lines]


HEAD, *ROWS = rows_of(MATRIX)
BY_ID = {route.operation_id or f"{route.method} {route.path}": route for route in ROUTES}


def route_of(operation: str) -> Any:
    return BY_ID.get(operation) or BY_ID[operation.split(maxsplit=1)[0]]


@pytest.fixture(scope="module")
def shared(postgres: Any) -> Iterator[Installation]:
    """One installation for all cells: each makes what it changes."""
    from database import QUICK, TEMPLATE

    database = Database(postgres.create("matrix", template=TEMPLATE), QUICK, application_name="tests")
    with installation(database) as made:
        yield made
    database.close()
    postgres.drop("matrix")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0].replace(" ", "-"))
def test_the_matrix_holds(shared: Installation, row: list[str]) -> None:
    operation, *expected = row
    route = route_of(operation)

    given: dict[str, str] = {}
    for name in IDENTITIES:
        attempt = ATTEMPTS.get(operation, by_id(operation))(shared, name)
        answer = shared[name].request(route.method, attempt.path, json=attempt.json)
        given[name] = str(answer.status_code)
        assert answer.status_code == 204 or "message" in answer.json() or answer.is_success

    assert given == dict(zip(IDENTITIES, expected, strict=True)), operation


def test_every_route_stands_in_the_matrix() -> None:
    assert HEAD[1:] == list(IDENTITIES)
    assert {id(route_of(row[0])) for row in ROWS} == {id(route) for route in ROUTES}


def test_the_matrix_agrees_with_the_table_about_who_needs_a_credential() -> None:
    for operation, anonymous, *_ in ROWS:
        needed = route_of(operation).permission is not Permission.ANYONE
        assert needed == (anonymous == "401")


VISIBLE_HEAD, *VISIBLE_ROWS = rows_of(VISIBLE)


@pytest.mark.parametrize("row", VISIBLE_ROWS, ids=lambda row: row[0])
def test_lists_show_what_the_identity_may_see(api: Installation, row: list[str]) -> None:
    path, *expected = row
    rows_here, rows_there = one_of_each(api)[path]

    given: dict[str, str] = {}
    for name in VISIBLE_HEAD[1:]:
        seen = {item["id"] for item in api[name].items(path)}
        given[name] = {
            (True, True): "all",
            (True, False): "here",
            (False, True): "there",
            (False, False): "none",
        }[(str(rows_here) in seen, str(rows_there) in seen)]
        for row_id, visible in ((rows_here, str(rows_here) in seen), (rows_there, str(rows_there) in seen)):
            assert api[name].get(f"{path}/{row_id}").status_code == (200 if visible else 404)

    assert given == dict(zip(VISIBLE_HEAD[1:], expected, strict=True))


def test_what_has_no_environment_is_only_for_those_who_see_everything(api: Installation) -> None:
    stray = api.new_deployment(api.stray_cluster)
    orphan = api.new_resource()
    api.execute("update deployment_resources set deployment_id = null where id = :id", id=orphan)
    for name, status in (("owner", 404), ("site", 200), ("bot", 200)):
        assert api[name].get(f"/deployments/{stray}").status_code == status
        assert api[name].get(f"/deployment-resources/{orphan}").status_code == status


def one_of_each(api: Installation) -> dict[str, tuple[UUID, UUID]]:
    """For each list: a row of the environment here, and one of the environment there."""
    near, far = api.deployment, api.far_deployment
    person = api.new_user()
    grant = {"user_id": person, "kind_id": api.kind, "role": "Owner"}
    open_row = api.new_user(), api.new_user()
    formats = [api.insert(schema.helm_tag_formats, pattern=pattern) for pattern in ("a", "b")]
    types = api.new_resource_type(api.here), api.new_resource_type(api.there)
    bots = [api.insert(schema.bots, display_name=name) for name in ("a", "b")]
    kinds = [api.insert(schema.deployment_kinds, name=name) for name in ("A", "B")]
    registry = {"domain_name": "r", "kind_id": api.kind}
    registries = [api.insert(schema.helm_registries, repo_name=name, **registry) for name in ("a", "b")]
    return {
        "/envs": (api.here, api.there),
        "/env-user-permissions": tuple(
            api.insert(schema.env_user_permissions, env_id=env, user_id=person, role="User")
            for env in (api.here, api.there)
        ),
        "/deployment-permissions": tuple(
            api.insert(schema.deployment_permissions, env_id=env, **grant) for env in (api.here, api.there)
        ),
        "/deployments": (near, far),
        "/deployment-tasks": (api.new_task(), api.new_task(far, cluster_id=api.far_cluster)),
        "/deployment-resources": (api.new_resource(near), api.new_resource(far)),
        "/secrets": (api.new_secret(api.here), api.new_secret(api.there)),
        "/users": open_row,
        "/bots": tuple(bots),
        "/deployment-kinds": tuple(kinds),
        "/deployment-resource-types": types,
        "/helm-registries": tuple(registries),
        "/helm-charts": (api.chart, api.next_chart),
        "/helm-tag-formats": tuple(formats),
        "/k8s-clusters": (api.cluster, api.far_cluster),
        "/k8s-resources": (api.new_workload(near), api.new_workload(far, cluster_id=api.far_cluster)),
    }


Making = Callable[[Installation, str], Attempt]


def by_id(operation: str) -> Making:
    """A read: the list, or the detail of something in the environment here."""
    path = str(route_of(operation).path)

    def make(api: Installation, _name: str) -> Attempt:
        return Attempt(path=path.replace("{id}", str(READ.get(path, lambda _: "")(api))))

    return make


def membership(api: Installation) -> UUID:
    return api.insert(schema.env_user_permissions, env_id=api.here, user_id=api.new_user(), role="User")


def grant(api: Installation) -> UUID:
    return api.insert(
        schema.deployment_permissions,
        env_id=api.here,
        user_id=api.new_user(),
        kind_id=api.kind,
        role="Maintainer",
    )


def bot_token(api: Installation) -> UUID:
    bot = api.insert(schema.bots, display_name=api.unique("bot"))
    site = api.id_of("site")
    token = UUID(int=next(api.numbers) + 2**90)
    return api.insert(schema.bot_tokens, id=token, bot_id=bot, created_by_user_id=site, secret_hash="x")


READ: dict[str, Callable[[Installation], UUID]] = {
    "/envs/{id}": lambda api: api.here,
    "/env-user-permissions/{id}": membership,
    "/deployment-permissions/{id}": grant,
    "/users/{id}": lambda api: api.id_of("owner"),
    "/bots/{id}": lambda api: api.id_of("bot"),
    "/bot-tokens/{id}": bot_token,
    "/deployment-kinds/{id}": lambda api: api.kind,
    "/helm-registries/{id}": lambda api: api.registry,
    "/helm-registry/{id}": lambda api: api.registry,
    "/helm-charts/{id}": lambda api: api.chart,
    "/helm-tag-formats/{id}": lambda api: api.insert(schema.helm_tag_formats, pattern=api.unique()),
    "/deployments/{id}": lambda api: api.deployment,
    "/deployment-tasks/{id}": lambda api: api.new_task(),
    "/deployment-resource-types/{id}": lambda api: api.new_resource_type(api.here),
    "/deployment-resources/{id}": lambda api: api.new_resource(),
    "/k8s-clusters/{id}": lambda api: api.cluster,
    "/k8s-resources/{id}": lambda api: api.new_workload(),
    "/secrets/{id}": lambda api: api.new_secret(),
}


def user_token(api: Installation, owner: UUID) -> UUID:
    return api.insert(
        schema.user_tokens, id=UUID(int=next(api.numbers) + 2**91), user_id=owner, secret_hash="x"
    )


def own_or_others_token(api: Installation, name: str) -> UUID:
    """A token of the caller's own; of anybody for those who have none."""
    identity = api.identities[name]
    return user_token(api, identity.id if isinstance(identity, User) else api.id_of("owner"))


def with_action(api: Installation, role: str) -> Attempt:
    """An invocation of an action that ``role`` may use."""
    action = {
        "id": "restock",
        "allowed_role": role,
        "allowed_on_statuses": [],
        "endpoint": "standard_ingress",
        "path": "/restock",
        "method": "POST",
        "title": "Restock",
        "fontawesome_icon": None,
        "description": "",
        "dangerous": False,
        "ui_schema": None,
    }
    actions = {"schema_version": 0, "actions": [action]}
    tag = api.unique("9.9")
    chart = api.insert(
        schema.helm_charts,
        helm_registry_id=api.registry,
        image_tag=tag,
        image_digest=f"sha256:{tag}",
        created_at="2024-01-01T00:00:00Z",
        actions_schema=actions,
        features={"standard_ingress": True},
    )
    deployment = api.new_deployment(helm_chart_id=chart)
    invocation = {"helm_chart_id": str(chart), "action_id": "restock", "body": {}}
    body = {"deployment_id": str(deployment), "operation": {"InvokeAction": invocation}}
    return Attempt(path="/deployment-tasks", json=body)


def rollback(api: Installation, _: str) -> Attempt:
    deployment = api.new_deployment(helm_chart_id=api.next_chart)
    revision = {"helm_chart_id": str(api.chart), "config_inputs": {}, "values_override": {}}
    task = api.new_task(deployment, operation={"Install": revision}, status="Done")
    return Attempt(path=f"/deployments/{deployment}/rollback", json={"revision_id": str(task)})


def comparison(api: Installation, _: str) -> Attempt:
    revision = {"helm_chart_id": str(api.chart), "config_inputs": {}, "values_override": {}}
    task = api.new_task(operation={"Install": revision}, status="Done")
    return Attempt(path=f"/deployments/{api.deployment}/compare?a={task}&b={task}")


def retry(api: Installation, _: str) -> Attempt:
    inputs = {"helm_chart_id": str(api.chart), "config_inputs": {}, "values_override": None}
    deployment = api.new_deployment(helm_chart_id=api.chart, config={}, values_override=None)
    task = api.new_task(deployment, operation={"Install": inputs}, status="Failed")
    return Attempt(path=f"/deployment-tasks/{task}/retry")


def restart(api: Installation, _: str) -> Attempt:
    workload = api.new_workload(name="web")
    operation = {"RestartK8sResource": {"resource_id": str(workload), "resource_name": "web"}}
    return Attempt(
        path="/deployment-tasks", json={"deployment_id": str(api.deployment), "operation": operation}
    )


def new_resource(api: Installation, role: str | None) -> Attempt:
    lifecycle = {
        "create": {"allowed_role": role, "target": None} if role else None,
        "update": None,
        "delete": None,
    }
    resource_type = api.new_resource_type(lifecycle=lifecycle)
    body = {"type_id": str(resource_type), "deployment_id": str(api.deployment), "name": "spring"}
    return Attempt(path="/deployment-resources", json=body)


def env_in_use(api: Installation) -> UUID:
    return api.insert(schema.envs, name=api.unique("env"))


def role_for(api: Installation, **more: str) -> dict[str, str]:
    return {"env_id": str(api.here), "user_id": str(api.new_user()), **more}


ATTEMPTS: dict[str, Making] = {
    "finishGoogleLogin": lambda api, _: Attempt(path="/auth/google/callback", json={"auth_code": "x"}),
    "createEnv": lambda api, _: Attempt(path="/envs", json={"name": api.unique("env")}),
    "updateEnv": lambda api, _: Attempt(path=f"/envs/{api.here}", json={"auto_add_new_users": False}),
    "deleteEnv": lambda api, _: Attempt(path=f"/envs/{env_in_use(api)}"),
    "createEnvUserPermission": lambda api, _: Attempt(
        path="/env-user-permissions", json=role_for(api, role="User")
    ),
    "createDeploymentPermission": lambda api, _: Attempt(
        path="/deployment-permissions", json=role_for(api, role="Owner", kind_id=str(api.kind))
    ),
    "updateUser": lambda api, _: Attempt(path=f"/users/{api.new_user()}", json={"is_active": False}),
    "createBot": lambda api, _: Attempt(path="/bots", json={"display_name": "b"}),
    "updateBot": lambda api, _: Attempt(path=f"/bots/{api.id_of('bot')}", json={"display_name": "bot"}),
    "deleteBot": lambda api, _: Attempt(path=f"/bots/{api.insert(schema.bots, display_name='b')}"),
    "createBotToken": lambda api, _: Attempt(path="/bot-tokens", json={"bot_id": str(api.id_of("bot"))}),
    "createUserToken": lambda api, _: Attempt(path="/user-tokens", json={"user_id": None}),
    "createUserToken of another": lambda api, _: Attempt(
        path="/user-tokens", json={"user_id": str(api.new_user())}
    ),
    "getUserToken": lambda api, name: Attempt(path=f"/user-tokens/{own_or_others_token(api, name)}"),
    "getUserToken of another": lambda api, _: Attempt(path=f"/user-tokens/{user_token(api, api.new_user())}"),
    "deleteUserToken": lambda api, name: Attempt(path=f"/user-tokens/{own_or_others_token(api, name)}"),
    "deleteUserToken of another": lambda api, _: Attempt(
        path=f"/user-tokens/{user_token(api, api.new_user())}"
    ),
    "updateDeploymentKind": lambda api, _: Attempt(
        path=f"/deployment-kinds/{api.kind}", json={"name": "WebShop"}
    ),
    "updateHelmRegistry": lambda api, _: Attempt(
        path=f"/helm-registries/{api.registry}", json={"fa_icon": "shop"}
    ),
    "PUT /helm-registry/{id}": lambda api, _: Attempt(
        path=f"/helm-registry/{api.registry}", json={"fa_icon": "shop"}
    ),
    "createHelmTagFormat": lambda api, _: Attempt(path="/helm-tag-formats", json={"pattern": api.unique()}),
    "createDeployment": lambda api, _: Attempt(
        path="/deployments",
        json={
            "name": api.unique("new"),
            "kind_id": str(api.kind),
            "cluster_id": str(api.cluster),
            "helm_chart_id": str(api.chart),
        },
    ),
    "updateDeployment": lambda api, _: Attempt(
        path=f"/deployments/{api.new_deployment()}", json={"description_md": "Hello"}
    ),
    "updateDeployment disable": lambda api, _: Attempt(
        path=f"/deployments/{api.new_deployment()}", json={"enabled": False}
    ),
    "rollbackDeployment": rollback,
    "compareDeploymentRevisions": comparison,
    "previewNewDeployment": lambda api, _: Attempt(
        path="/deployments/preview",
        json={
            "name": api.unique("new"),
            "kind_id": str(api.kind),
            "cluster_id": str(api.cluster),
            "helm_chart_id": str(api.chart),
        },
    ),
    "previewDeploymentChange": lambda api, _: Attempt(
        path=f"/deployments/{api.new_deployment()}/preview", json={"config": {"a": 1}}
    ),
    "previewDeploymentChange delete": lambda api, _: Attempt(
        path=f"/deployments/{api.new_deployment()}/preview", json={"delete": True}
    ),
    "deleteDeployment": lambda api, _: Attempt(path=f"/deployments/{api.new_deployment()}"),
    "evaluateHelmChartForm": lambda api, _: Attempt(
        path=f"/helm-charts/{api.chart}/form", json={"config": {}}
    ),
    "evaluateResourceTypeForm": lambda api, _: Attempt(
        path=f"/deployment-resource-types/{api.new_resource_type(api.here)}/form", json={"config": {}}
    ),
    "createDeploymentTask invoke": lambda api, _: with_action(api, "Maintainer"),
    "createDeploymentTask own action": lambda api, _: with_action(api, "Owner"),
    "createDeploymentTask restart": restart,
    "createDeploymentTask uninstall": lambda api, _: Attempt(
        path="/deployment-tasks", json={"deployment_id": str(api.deployment), "operation": {"Uninstall": {}}}
    ),
    "stopDeploymentTask": lambda api, _: Attempt(
        path=f"/deployment-tasks/{api.new_task(operation={'Reinstall': {'reason': 'x'}})}/stop"
    ),
    "retryDeploymentTask": retry,
    "createDeploymentResource": lambda api, _: new_resource(api, None),
    "createDeploymentResource by owners": lambda api, _: new_resource(api, "Owner"),
    "updateDeploymentResource": lambda api, _: Attempt(
        path=f"/deployment-resources/{api.new_resource()}", json={"props": {"a": 1}}
    ),
    "updateK8sCluster": lambda api, _: Attempt(path=f"/k8s-clusters/{api.cluster}", json={"ignore": False}),
    "deleteK8sCluster": lambda api, _: Attempt(path=f"/k8s-clusters/{api.new_cluster()}"),
    "createSecret": lambda api, _: Attempt(
        path="/secrets",
        json={"env_id": str(api.here), "collection": "c", "name": api.unique(), "contents": "s"},
    ),
    "updateSecret": lambda api, _: Attempt(path=f"/secrets/{api.new_secret()}", json={"contents": "n"}),
}
