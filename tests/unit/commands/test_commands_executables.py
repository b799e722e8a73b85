"""The five executables take the arguments of their namesakes, and nothing makes them anything else."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from repository import ROOT

from platz import entry_points
from platz.backing_services import (
    NoStandInsInProduction,
    refuse_stand_ins_in_production,
    running_services,
)
from platz.commands.executables import (
    API,
    CHART_DISCOVERY,
    EXECUTABLES,
    K8S_AGENT,
    RESOURCE_SYNC,
    STATUS_UPDATES,
    Executable,
    parse_as,
)
from platz.config import LoadedSettings, Role, Settings, load
from platz.errors import PlatzError

POSTGRES = {
    "PGHOST": "db.test",
    "PGPORT": "5432",
    "PGUSER": "platz",
    "PGPASSWORD": "secret",
    "PGDATABASE": "platz",
}
COMMON = {
    **POSTGRES,
    "PLATZ_OWN_URL": "https://platz.test",
    "RUST_BACKTRACE": "1",
    "RUST_LOG": "debug,hyper=error,rustls=error,tower=error",
    "KUBERNETES_SERVICE_HOST": "10.96.0.1",
}
OIDC = {"OIDC_SERVER_URL": "https://id.test", "OIDC_CLIENT_ID": "i", "OIDC_CLIENT_SECRET": "s"}
AGENT = {
    "PLATZ_HELM_IMAGE": "platzio/base:v8",
    "PLATZ_SELF_NAMESPACE": "platz",
    "PLATZ_SELF_SERVICE_ACCOUNT_NAME": "platz-k8s-agent-default",
}
QUEUE = {"PLATZ_ECR_EVENTS_QUEUE": "platz-chart-discovery", "PLATZ_ECR_EVENTS_REGION": "eu-west-1"}
OLDER_CHART: Mapping[str, tuple[Executable, list[str], Mapping[str, str]]] = {
    "api": (API, ["run", "--admin-email=a@x.io", "--admin-email=b@x.io"], COMMON | OIDC),
    "k8s-agent": (K8S_AGENT, [], COMMON | AGENT),
    "chart-discovery": (CHART_DISCOVERY, ["--enable-tag-parser"], COMMON | QUEUE),
    "status-updates": (STATUS_UPDATES, [], COMMON | {"PLATZ_OWN_URL": ""}),
    "resource-sync": (RESOURCE_SYNC, [], COMMON | {"PLATZ_OWN_URL": ""}),
}
"""What chart 0.6.8 passes to each: docs/contract/workers.md, "Environment of the older install chart"."""


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def started(executable: Executable, argv: list[str], environ: Mapping[str, str]) -> LoadedSettings:
    arguments = parse_as(executable, argv)
    return load(flags=arguments.settings, environ=environ, file=None, defaults=arguments.defaults)


def settings_of(executable: Executable, *argv: str, **environ: str) -> Settings:
    return started(executable, list(argv), environ).settings


def complaint(capsys: pytest.CaptureFixture[str], executable: Executable, *argv: str) -> str:
    with pytest.raises(SystemExit) as ended:
        parse_as(executable, argv)
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert told.startswith(f"{executable.name}: ")
    assert told.count("\n") == 1
    return told


@pytest.mark.parametrize("name", OLDER_CHART)
def test_what_the_older_chart_passes_is_enough(name: str) -> None:
    settings = started(*OLDER_CHART[name]).settings
    refuse_stand_ins_in_production(settings)
    with running_services(settings) as services:
        assert services.stand_ins == []


def test_the_roles_of_all_five_are_all_roles_and_each_has_its_own() -> None:
    roles = [role for executable in EXECUTABLES for role in executable.roles]
    assert sorted(roles) == sorted(Role)


@pytest.mark.parametrize("executable", EXECUTABLES, ids=lambda each: each.name)
def test_the_environment_changes_neither_roles_nor_production(executable: Executable) -> None:
    argv = ["run"] if executable.has_commands else []
    settings = settings_of(executable, *argv, PLATZ_ROLES="api status", PLATZ_PRODUCTION="false")
    assert settings.roles == executable.roles
    assert settings.production is True


@pytest.mark.parametrize(("name", "prefix"), [*((name, "PG") for name in OLDER_CHART), ("api", "OIDC_")])
def test_no_stand_in_takes_the_place_of_what_is_missing(name: str, prefix: str) -> None:
    executable, argv, environ = OLDER_CHART[name]
    lacking = {key: value for key, value in environ.items() if not key.startswith(prefix)}
    with pytest.raises(NoStandInsInProduction, match=r"PLATZ_PRODUCTION is set, but not an? "):
        refuse_stand_ins_in_production(started(executable, argv, lacking).settings)


@pytest.mark.parametrize("provider", ["PLATZ_CLUSTER_PROVIDER", "PLATZ_REGISTRY_PROVIDER"])
def test_the_sandbox_can_not_be_asked_for(provider: str) -> None:
    settings = settings_of(K8S_AGENT, **COMMON, **{provider: "sandbox"})
    with pytest.raises(NoStandInsInProduction, match=provider):
        refuse_stand_ins_in_production(settings)


@pytest.mark.parametrize(("name", "needs"), [("api", True), ("k8s-agent", True), ("status-updates", False)])
def test_the_public_address_is_needed_by_those_who_tell_it(name: str, needs: bool) -> None:
    executable, argv, environ = OLDER_CHART[name]
    settings = started(executable, argv, {**environ, "PLATZ_OWN_URL": ""}).settings
    if not needs:
        refuse_stand_ins_in_production(settings)
        return
    with pytest.raises(NoStandInsInProduction, match="PLATZ_OWN_URL"):
        refuse_stand_ins_in_production(settings)


def test_the_agent_takes_every_flag_of_its_namesake() -> None:
    settings = settings_of(
        K8S_AGENT,
        "--k8s-refresh-interval=30m",
        *("--provider", "local"),
        "--local-kubeconfig=/k",
        "--local-context=east",
        "--self-namespace=platz",
        "--self-service-account-name=agent",
        "--helm-image=base",
        "--disable-deployment-credentials",
        "--deployment-credentials-refresh-interval=10m",
        "--deployment-credentials-token-duration=2h",
        "--platz-url=https://flag.test",
        PLATZ_OWN_URL="https://environment.test",
    )
    assert settings.k8s_refresh_interval == timedelta(minutes=30)
    assert settings.cluster_provider == "local"
    assert (settings.local_kubeconfig, settings.local_context) == (Path("/k"), "east")
    assert settings.disable_deployment_credentials is True
    assert settings.deployment_credentials_token_duration == timedelta(hours=2)
    assert settings.own_url == "https://flag.test"


def test_chart_discovery_takes_every_flag_of_its_namesake() -> None:
    settings = settings_of(
        CHART_DISCOVERY,
        "--provider=oci",
        "--ecr-events-queue=q",
        "--ecr-events-region=r",
        "--oci-registry-url=https://charts.test",
        "--oci-poll-interval=1m",
    )
    assert (settings.registry_provider, settings.oci_registry_url) == ("oci", "https://charts.test")
    assert (settings.ecr_events_queue, settings.ecr_events_region) == ("q", "r")


def test_tags_are_parsed_where_the_flag_or_the_environment_says_so() -> None:
    assert settings_of(CHART_DISCOVERY).enable_tag_parser is False
    assert settings_of(CHART_DISCOVERY, "--enable-tag-parser").enable_tag_parser is True
    assert settings_of(CHART_DISCOVERY, PLATZ_ENABLE_TAG_PARSER="true").enable_tag_parser is True


def test_the_api_takes_every_flag_of_its_namesake() -> None:
    settings = settings_of(
        API,
        "run",
        "--admin-email=a@x.io",
        *("--admin-email", "b@x.io"),
        "--oidc-server-url=https://id.test",
        "--oidc-client-id=i",
        "--oidc-client-secret=s",
        "--prometheus-update-interval=5secs",
    )
    assert settings.admin_emails == ("a@x.io", "b@x.io")
    assert settings.oidc_server_url == "https://id.test"


def test_the_api_prints_its_document_without_settings(capsys: pytest.CaptureFixture[str]) -> None:
    handler = parse_as(API, ["openapi", "schema"]).handler
    assert handler is not None
    assert handler() == 0
    assert capsys.readouterr().out.startswith("openapi:")


@pytest.mark.parametrize("executable", EXECUTABLES, ids=lambda each: each.name)
def test_an_unknown_flag_is_named_in_one_line(
    executable: Executable, capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["run"] if executable.has_commands else []
    told = complaint(capsys, executable, *argv, "--frobnicate=1")
    assert "--frobnicate=1 is not known here" in told
    assert f"{executable.name} --help" in told


@pytest.mark.parametrize(
    ("executable", "argv", "words"),
    [
        (K8S_AGENT, ["--provider=sandbox"], "invalid choice: 'sandbox'"),
        (CHART_DISCOVERY, ["--provider=eks"], "invalid choice: 'eks'"),
        (K8S_AGENT, ["--platz-url"], "expected one argument"),
        (K8S_AGENT, ["--roles=api"], "--roles=api is not known here"),
        (STATUS_UPDATES, ["run"], "run is not known here"),
        (API, [], "COMMAND"),
        (API, ["serve"], "invalid choice: 'serve'"),
    ],
    ids=str,
)
def test_a_wrong_command_line_is_told_in_one_line(
    executable: Executable, argv: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert words in complaint(capsys, executable, *argv)


@pytest.mark.parametrize("given", [{}, {"PLATZ_ECR_EVENTS_QUEUE": "q"}, {"PLATZ_ECR_EVENTS_REGION": "r"}])
def test_chart_discovery_has_nothing_to_do_without_a_queue(given: dict[str, str]) -> None:
    settings = settings_of(CHART_DISCOVERY, **COMMON, **given)
    with pytest.raises(PlatzError, match="are needed to find charts in ECR"), running_services(settings):
        pass


def test_every_executable_is_a_command_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for executable in EXECUTABLES:
        module, function = project["scripts"][executable.name].split(":")
        assert module == entry_points.__name__
        assert callable(getattr(entry_points, function))
