"""Settings: layers, units, refusals, and the file that documents them all."""

from __future__ import annotations

import re
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from repository import ROOT
from settings_template import settings_template

from platz.app import log_level
from platz.backing_services import cluster_provider
from platz.commands.arguments import parse
from platz.commands.settings_report import settings_report
from platz.config import (
    PRIVATE_NETWORKS,
    LoadedSettings,
    Role,
    Settings,
    SettingsError,
    environment_name,
    load,
    misspelt,
)


def given(**environ: str) -> LoadedSettings:
    return load(flags={}, environ=environ, file=None)


def test_flags_win_over_environment_over_dotenv_over_file(tmp_path: Path) -> None:
    file, dotenv = tmp_path / "platz.toml", tmp_path / ".env"
    file.write_text('api_port = 1\nown_url = "http://file"\npghost = "file"\npguser = "file"\n')
    dotenv.write_text("API_PORT=2\nPLATZ_OWN_URL=http://dotenv\nPGHOST=dotenv\n")
    environ = {"API_PORT": "3", "PLATZ_OWN_URL": "http://environment"}
    loaded = load(flags={"api_port": "4"}, environ=environ, file=file, dotenv=dotenv)
    settings = loaded.settings
    assert (settings.api_port, settings.own_url, settings.pghost, settings.pguser) == (
        4,
        "http://environment",
        "dotenv",
        "file",
    )
    assert loaded.sources == {
        "api_port": "flag",
        "own_url": "environment",
        "pghost": ".env",
        "pguser": str(file),
    }


def test_an_empty_variable_counts_as_not_set() -> None:
    assert given(PLATZ_OWN_URL="", API_PORT="").settings.api_port == 3000


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("1h 30m", 5400), ("2days", 172800), ("5secs", 5), ("250ms", 0.25)]
)
def test_durations_have_units(text: str, seconds: float) -> None:
    assert given(PLATZ_OCI_POLL_INTERVAL=text).settings.oci_poll_interval == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("API_PORT", "http", "Wrong setting API_PORT (from environment)"),
        ("API_PORT", "70000", "Wrong setting API_PORT (from environment)"),
        ("PLATZ_IDENTITY_PORT", "0", "Wrong setting PLATZ_IDENTITY_PORT (from environment)"),
        ("K8S_REFRESH_INTERVAL", "60", "give a number with a unit"),
        ("K8S_REFRESH_INTERVAL", "1M", "write m for minutes"),
        ("K8S_REFRESH_INTERVAL", "2h 1 M", "write m for minutes"),
        ("PLATZ_ROLES", "api,cooking", "Wrong setting PLATZ_ROLES"),
        ("PLATZ_OWN_URL", "platz.example.com", "give an absolute http or https address"),
        ("OIDC_CLIENT_ID", "platz", "belong together"),
        ("PLATZ_CLUSTER_PROVIDER", "gke", "Wrong setting PLATZ_CLUSTER_PROVIDER"),
        ("K8S_REFRESH_INTERVAL", "0s", "give more than zero"),
        ("PLATZ_STOP_TIMEOUT", "99999999999999d", "longer than anything lasts"),
        ("PLATZ_STOP_TIMEOUT", f"{'9' * 5000}d", "longer than anything lasts"),
        ("PLATZ_ROLES", " , ", "at least one role"),
        ("PLATZ_INGRESS_CA", "/nowhere/ca.pem", "/nowhere/ca.pem can't be read: No such file"),
        ("PLATZ_INGRESS_CONNECT", "proxy:99999", "give host:port"),
        ("PLATZ_INGRESS_PRIVATE_NETWORKS", "10.0.0.0/8 office", "give networks such as 10.0.0.0/8, or none"),
        ("PLATZ_INGRESS_PRIVATE_NETWORKS", "10.0.0.1/8", "give networks such as 10.0.0.0/8, or none"),
        ("PLATZ_HELM_EXECUTABLE", "/nowhere/helm", "/nowhere/helm is no program"),
        ("DB_POOL_MAX_SIZE", "0", "Wrong setting DB_POOL_MAX_SIZE"),
        ("PLATZ_DEPLOYMENT_CREDENTIALS_REFRESH_INTERVAL", "2h", "shorter than"),
        ("PLATZ_DEPLOYMENT_CREDENTIALS_REFRESH_INTERVAL", "0s", "above zero"),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_it(name: str, value: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as caught:
        given(**{name: value})
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "networks"),
    [("none", ()), ("10.0.0.0/8, fd00::/8", ("10.0.0.0/8", "fd00::/8")), ("", PRIVATE_NETWORKS)],
)
def test_the_private_networks_of_ingresses_can_be_named(text: str, networks: tuple[str, ...]) -> None:
    assert given(PLATZ_INGRESS_PRIVATE_NETWORKS=text).settings.ingress_private_networks == networks


@pytest.mark.parametrize("text", ["many", "-1", "1.5", "50 "])
def test_an_unreadable_size_of_the_pool_leaves_the_default(text: str) -> None:
    settings = given(DB_POOL_MAX_SIZE=text, DB_POOL_MIN_IDLE=text, DB_POOL_IDLE_TIMEOUT_SECS=text).settings
    assert (settings.db_pool_max_size, settings.db_pool_min_idle, settings.db_pool_idle_timeout) == (
        50,
        None,
        600,
    )


def test_what_kubernetes_says_of_a_service_of_that_name_is_no_setting() -> None:
    assert given(PLATZ_POSTGRES_PORT="tcp://10.0.0.7:5432").settings.postgres_port == 15432


@pytest.mark.parametrize(
    ("environ", "provider"),
    [
        ({}, "sandbox"),
        ({"PLATZ_SELF_NAMESPACE": "platz"}, "eks"),
        ({"PLATZ_LOCAL_CONTEXT": "kind"}, "local"),
        ({"PLATZ_LOCAL_KUBECONFIG": "/k", "PLATZ_PRODUCTION": "1"}, "local"),
        ({"PLATZ_LOCAL_CONTEXT": "kind", "PLATZ_CLUSTER_PROVIDER": "sandbox"}, "sandbox"),
    ],
)
def test_clusters_are_found_where_the_settings_say(environ: dict[str, str], provider: str) -> None:
    assert cluster_provider(given(**environ).settings) == provider


def test_a_variable_that_is_nearly_a_setting_is_noticed() -> None:
    environ = {
        "PLATZ_PRODUCTON": "1",
        "PLATZ_API_SERVICE_HOST": "10.0.0.7",
        "PLATZ_ROLES": "api",
        "HOME": "/",
    }
    assert misspelt(environ) == {"PLATZ_PRODUCTON": "PLATZ_PRODUCTION"}


def test_a_program_is_found_by_its_name() -> None:
    assert given(PLATZ_HELM_EXECUTABLE="sh").settings.helm_executable == Path(shutil.which("sh") or "")


@pytest.mark.parametrize(
    ("log_filter", "level"),
    [
        ("debug,hyper=error,rustls=error,tower=error", "debug"),
        ("hyper=error, Warn", "warn"),
        ("trace", "debug"),
        ("hyper=error", "info"),
    ],
)
def test_the_log_filter_of_the_older_server_gives_its_first_level(log_filter: str, level: str) -> None:
    assert log_level(given(RUST_LOG=log_filter)) == level
    assert log_level(given(RUST_LOG=log_filter, PLATZ_LOG_LEVEL="error")) == "error"


def test_an_unknown_key_of_the_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "platz.toml"
    file.write_text("api_prot = 3000\n")
    with pytest.raises(SettingsError, match="unknown setting `api_prot`"):
        load(flags={}, environ={}, file=file)


def test_a_file_that_is_not_toml_is_refused_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "platz.toml"
    file.write_text("api_port = = 1\n")
    with pytest.raises(SettingsError, match="is not valid TOML") as caught:
        load(flags={}, environ={}, file=file)
    assert "\n" not in str(caught.value)


def test_roles_are_all_by_default() -> None:
    assert given().settings.roles == tuple(Role)
    assert given(PLATZ_ROLES="api charts").settings.roles == (Role.API, Role.CHARTS)


def test_the_report_has_every_setting_and_no_secret() -> None:
    report = settings_report(given(PGPASSWORD="hush-hush", DATABASE_URL="postgresql://u:hush-hush@h/d"))
    assert "flag: --admin-email)" in report
    assert "hush-hush" not in report
    for field in Settings.model_fields.values():
        assert environment_name(field) in report
        assert (field.description or "???") in report
    assert "from: environment" in report


def test_the_documented_file_is_complete_and_loads() -> None:
    text = (ROOT / "config" / "platz.toml").read_text()
    assert text == settings_template()
    load(flags={}, environ={}, file=ROOT / "config" / "platz.toml")


def test_the_documented_file_says_the_defaults(tmp_path: Path) -> None:
    file = tmp_path / "platz.toml"
    file.write_text(re.sub(r"^# (?=\w+ = )", "", settings_template(), flags=re.MULTILINE))
    assert load(flags={}, environ={}, file=file).settings == Settings()


@pytest.mark.parametrize("words", [["--print-settings", "run"], ["run", "--print-settings"]])
def test_general_flags_stand_before_and_after_run(words: list[str]) -> None:
    assert parse(words).print_settings
    assert parse([*words, "--config", "other.toml", "--api-port", "5"]).config == Path("other.toml")
    assert not parse(["run"]).print_settings


@pytest.mark.parametrize(
    ("words", "value"),
    [
        (["--production"], "true"),
        (["--production", "run"], "true"),
        (["run", "--production"], "true"),
        (["--production", "false"], "false"),
        (["--production=false", "run"], "false"),
    ],
)
def test_a_switch_needs_no_value(words: list[str], value: str) -> None:
    assert parse(words).settings == {"production": value}


def test_no_words_at_all_are_understood() -> None:
    assert parse([]).settings == {}


def test_an_unknown_flag_is_answered_briefly(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["run", "--api-prot=3000"])
    usage, complaint = capsys.readouterr().err.splitlines()
    assert usage.startswith("usage: platz [-h]")
    assert "--api-prot" in complaint
