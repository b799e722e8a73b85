"""The OpenAPI document says what docs/contract/http-api.md, "OpenAPI document" asks for."""

from __future__ import annotations

import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from repository import PACKAGE, python_files

from platz.db.enums import DeploymentRole
from platz.db.lists import catalogue
from platz.db.lists.reading import Collection
from platz.http.openapi.chart_schemas import CHART_SCHEMAS
from platz.http.openapi.document import REF, openapi_document
from platz.http.openapi.page import render_page
from platz.http.routes import ROUTES

DOCUMENT: Any = openapi_document(ROUTES, version="v1.2.3")

OPERATIONS = """
authMe startGoogleLogin finishGoogleLogin getServerInfo allBotTokens createBotToken getBotToken deleteBotToken allBots
createBot getBot updateBot deleteBot allDeploymentKinds getDeploymentKind updateDeploymentKind allDeploymentPermissions
createDeploymentPermission getDeploymentPermission deleteDeploymentPermission allDeploymentResourceTypes
getDeploymentResourceType allDeploymentResources createDeploymentResource getDeploymentResource
updateDeploymentResource deleteDeploymentResource allDeploymentTasks createDeploymentTask getDeploymentTask
cancelDeploymentTask stopDeploymentTask retryDeploymentTask
allDeployments createDeployment getDeployment updateDeployment deleteDeployment rollbackDeployment
compareDeploymentRevisions previewNewDeployment previewDeploymentChange
allEnvUserPermissions createEnvUserPermission getEnvUserPermission deleteEnvUserPermission allEnvs createEnv getEnv
updateEnv deleteEnv evaluateHelmChartForm evaluateResourceTypeForm
allHelmCharts getHelmChart allHelmRegistries getHelmRegistry updateHelmRegistry allHelmTagFormats
createHelmTagFormat getHelmTagFormat deleteHelmTagFormat allK8sClusters getK8sCluster updateK8sCluster deleteK8sCluster
allK8sResources getK8sResource allSecrets createSecret getSecret updateSecret deleteSecret allUserTokens createUserToken
getUserToken deleteUserToken allUsers getUser updateUser overviewOfDeployments overview search
"""

SCHEMAS = """
Bot BotToken CancelDeploymentTask ClientMessage CreateBotToken CreateDeploymentTask CreateUserToken CreatedBotToken
CreatedUserToken DbEvent DbEventData DbEventOperation DbTable DbTableOrDeploymentResource Deployment
DeploymentInstallTask DeploymentInvokeActionTask DeploymentKind DeploymentPermission DeploymentRecreaseTask
DeploymentReinstallTask DeploymentReportedMetric DeploymentReportedNotice DeploymentReportedNoticeLevel
DeploymentReportedStatus DeploymentReportedStatusColor DeploymentReportedStatusContent DeploymentReportedStatusSummary
DeploymentResource DeploymentResourceSyncStatus DeploymentResourceType DeploymentRestartK8sResourceTask
DeploymentStatus DeploymentTask DeploymentTaskOperation DeploymentTaskStatus DeploymentUninstallTask
DeploymentUpgradeTask Env EnvUserPermission EnvUserRole FinishGoogleLoginResponse HelmChart HelmRegistry
HelmRegistryProvider HelmTagFormat JsonDiff JsonDiffPair K8sCluster K8sResource MeResponse NewBot NewDeployment
NewDeploymentPermission NewDeploymentResource NewEnv NewEnvUserPermission NewHelmTagFormat NewSecret OAuth2Response
Secret ServerInfo StartGoogleLoginResponse UpdateBot UpdateDeployment UpdateDeploymentKind UpdateDeploymentResource
UpdateEnv UpdateHelmRegistry UpdateK8sCluster UpdateSecret UpdateUser User UserDeploymentRole UserToken ChartMetadata
"""


OF_CHARTS = """
ChartExtActions ChartExtActionsV0 ChartExtActionsV1Beta1 ChartExtActionV0 ChartExtActionV1Beta1 ChartExtActionTarget
ChartExtActionEndpoint ChartExtActionMethod ChartExtFeatures ChartExtFeaturesV0 ChartExtFeaturesV1Beta1
ChartExtFeaturesV1Beta2 ChartExtFeaturesSpec ChartExtIngress ChartExtIngressHostnameFormat ChartExtCardinality
ChartExtDeploymentDisplay ChartExtDeploymentDisplayIcon ChartExtDeploymentDisplayNameInputField ChartExtVersionV1Beta1
ChartExtVersionV1Beta2 ChartExtKindAction ChartExtKindFeatures ChartExtKindResourceType ChartExtKindValuesUi
ChartExtResourceTypeV1Beta1 ChartExtResourceTypeV1Beta1Spec ChartExtResourceLifecycleV1Beta1
ChartExtResourceLifecycleActionV1Beta1 UiSchema UiSchemaV0 UiSchemaV1Beta1 UiSchemaInput UiSchemaInputFieldOption
UiSchemaFieldValuePair UiSchemaInputRef UiSchemaInputRefField UiSchemaInputRefProperty UiSchemaOutputs
UiSchemaOutputValue
"""


def operations() -> list[Any]:
    return [one for methods in DOCUMENT["paths"].values() for one in methods.values()]


def test_it_has_every_operation_once() -> None:
    assert sorted(one["operationId"] for one in operations()) == sorted(OPERATIONS.split())


def test_it_has_every_schema() -> None:
    assert {*SCHEMAS.split(), *OF_CHARTS.split()} <= set(DOCUMENT["components"]["schemas"])


def schema_of(name: str) -> Any:
    return DOCUMENT["components"]["schemas"][name]


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("ChartExtVersionV1Beta1", "platz.io/v1beta1"),
        ("ChartExtVersionV1Beta2", "platz.io/v1beta2"),
        ("ChartExtKindFeatures", "Features"),
        ("ChartExtActionEndpoint", "standard_ingress"),
    ],
)
def test_generated_code_names_the_only_member_of_an_enumeration(name: str, word: str) -> None:
    assert (schema_of(name)["type"], schema_of(name)["enum"]) == ("string", [word])


def test_each_version_of_the_features_has_its_own_keys() -> None:
    older, newer = schema_of("ChartExtFeaturesV0"), schema_of("ChartExtFeaturesSpec")
    assert "ingress" not in older["properties"]
    assert "standard_ingress" in older["required"]
    assert "standard_ingress" not in newer["properties"]
    assert {"ingress", "display"} <= set(newer["required"])
    assert not {"status", "injected_values"} & set(newer["required"])
    for version, spec in (("1", "ChartExtFeaturesV0"), ("2", "ChartExtFeaturesSpec")):
        properties = schema_of(f"ChartExtFeaturesV1Beta{version}")["properties"]
        assert properties["spec"] == {"$ref": REF + spec}
        assert properties["apiVersion"] == {"$ref": f"{REF}ChartExtVersionV1Beta{version}"}


def test_each_version_of_a_form_has_its_own_header() -> None:
    assert "apiVersion" not in schema_of("UiSchemaV0")["properties"]
    assert {"apiVersion", "kind", "inputs", "outputs"} == set(schema_of("UiSchemaV1Beta1")["required"])
    values_ui = schema_of("ChartExtResourceTypeV1Beta1Spec")["properties"]["values_ui"]
    assert values_ui == {"$ref": f"{REF}UiSchemaV0"}


def test_the_type_of_an_input_is_any_text_for_generated_code() -> None:
    properties = schema_of("UiSchemaInput")["properties"]
    assert properties["type"] == {"type": "string"}
    assert {"type": "string"} in properties["itemType"]["anyOf"]
    assert "initialValue" not in schema_of("UiSchemaInput")["required"]


def test_every_reference_leads_somewhere() -> None:
    def references(part: Any) -> Any:
        match part:
            case dict():
                if isinstance(part.get("$ref"), str):
                    yield part["$ref"]
                for member in part.values():
                    yield from references(member)
            case list():
                for member in part:
                    yield from references(member)
            case _:
                pass

    for reference in references(DOCUMENT):
        assert reference.removeprefix(REF) in DOCUMENT["components"]["schemas"]


def test_charts_and_permissions_speak_of_the_same_roles() -> None:
    assert CHART_SCHEMAS["DeploymentRole"]["enum"] == [*DeploymentRole]


def test_every_schema_is_a_valid_one() -> None:
    for schema in DOCUMENT["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_the_head_of_the_document() -> None:
    assert DOCUMENT["openapi"] == "3.1.0"
    assert DOCUMENT["info"]["title"] == "platz-api"
    assert DOCUMENT["info"]["version"] == "v1.2.3"
    assert DOCUMENT["info"]["license"]["name"] == "Apache-2.0"
    assert {tag for one in operations() for tag in one["tags"]} <= {tag["name"] for tag in DOCUMENT["tags"]}


def test_security_is_as_generated_clients_expect_it() -> None:
    both = [{"access_token": []}, {"user_token": []}]
    expected = {"startGoogleLogin": [], "finishGoogleLogin": []}
    for one in operations():
        default = [{"access_token": []}] if one["tags"] == ["Bot Tokens"] else both
        assert one["security"] == expected.get(one["operationId"], default)


def test_config_override_and_user_id_are_declared_as_required() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    assert {"config", "values_override"} <= set(schemas["NewDeployment"]["required"])
    assert schemas["CreateUserToken"]["required"] == ["user_id"]


@pytest.mark.parametrize(
    ("operation", "names"),
    [
        ("allHelmCharts", "helm_registry_id parsed_branch kind_id in_use"),
        ("allDeploymentTasks", "cluster_id deployment_id active_only show_future created_from env_id"),
        ("allDeployments", "name kind_id cluster_id enabled env_id status problem"),
        ("allSecrets", "env_id collection name"),
        ("allBotTokens", "bot_id created_by_user_id"),
    ],
)
def test_lists_declare_their_pages_and_filters(operation: str, names: str) -> None:
    [one] = [known for known in operations() if known["operationId"] == operation]
    declared = [parameter["name"] for parameter in one["parameters"]]
    assert sorted(declared) == sorted([*names.split(), "page", "per_page", "page_size"])


def test_models_and_projections_have_the_same_keys() -> None:
    by_table = {
        value.table.name: {column.name for column in value.shown}
        for value in vars(catalogue).values()
        if isinstance(value, Collection)
    }
    for route in ROUTES:
        if route.paginated:
            table = route.path.removeprefix("/").replace("-", "_")
            assert set(route.response.model_fields) == by_table[table], route.path


def test_the_page_shows_everything_and_asks_nobody() -> None:
    page = render_page(DOCUMENT)
    for one in operations():
        assert f'id="{one["operationId"]}"' in page
    assert not re.search(r"<script|<link|<img|url\(|https?://", page)
    for anchor in re.findall(r'href="#([^"]+)"', page):
        if anchor != "events":
            assert f'id="{anchor}"' in page, anchor


def test_no_route_is_declared_twice() -> None:
    seen = [(route.method, route.path) for route in ROUTES]
    assert len(seen) == len(set(seen))


def test_only_the_http_side_knows_paths() -> None:
    for module in python_files(PACKAGE / "changes", PACKAGE / "tasks", PACKAGE / "observation"):
        assert "/api/v2" not in module.read_text(encoding="utf-8")
