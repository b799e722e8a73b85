"""Settings: layers, units, refusals, and the file that documents them all."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from platz.commands.settings import settings_report, settings_template
from platz.config import LoadedSettings, Role, Settings, SettingsError, environment_name, load

ROOT = Path(__file__).parents[3]


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
        ("K8S_REFRESH_INTERVAL", "60", "give a number with a unit"),
        ("PLATZ_ROLES", "api,cooking", "Wrong setting PLATZ_ROLES"),
        ("PLATZ_OWN_URL", "platz.example.com", "give an absolute http or https address"),
        ("OIDC_CLIENT_ID", "platz", "belong together"),
        ("PLATZ_CLUSTER_PROVIDER", "gke", "Wrong setting PLATZ_CLUSTER_PROVIDER"),
        ("PLATZ_DEPLOYMENT_CREDENTIALS_REFRESH_INTERVAL", "2h", "shorter than"),
        ("PLATZ_DEPLOYMENT_CREDENTIALS_REFRESH_INTERVAL", "0s", "above zero"),
    ],
)
def test_a_wrong_setting_is_one_line_that_names_it(name: str, value: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as caught:
        given(**{name: value})
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


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
    assert "hush-hush" not in report
    for field in Settings.model_fields.values():
        assert environment_name(field) in report
        assert (field.description or "???") in report
    assert "from: environment" in report


def test_the_documented_file_is_complete_and_loads() -> None:
    text = (ROOT / "config" / "platz.toml").read_text()
    assert text == settings_template()
    load(flags={}, environ={}, file=ROOT / "config" / "platz.toml")
