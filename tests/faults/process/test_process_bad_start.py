"""A start that can't succeed: one clear line, exit status 2, and nothing half-started."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from acceptance.platz_process import PORT_SETTINGS, READY_SECONDS, Ended, PlatzProcess, is_listening
from database import PostgresServer
from waiting import eventually

from platz.backing_services import running_services
from platz.config import load
from platz.db.address import DatabaseAddress

NO_PORT = "127.0.0.1:1"
REAL = {
    "DATABASE_URL": f"postgresql://platz:hunter2@{NO_PORT}/platz",
    "OIDC_SERVER_URL": "https://id.example.com",
    "OIDC_CLIENT_ID": "platz",
    "OIDC_CLIENT_SECRET": "s",
    "PLATZ_CLUSTER_PROVIDER": "local",
    "PLATZ_OCI_REGISTRY_URL": "https://charts.example.com",
    "PLATZ_OWN_URL": "https://platz.example.com",
}


@pytest.fixture
def platz(tmp_path: Path) -> Iterator[PlatzProcess]:
    process = PlatzProcess(tmp_path / "platz")
    yield process
    process.sweep()


def refused(platz: PlatzProcess, *arguments: str) -> str:
    """Start a process that must refuse to start; return its one line, and check that nothing is left."""
    ended = platz.refuse(*arguments)
    assert ended.status == 2, (ended.out, ended.errors)
    assert ended.out == ""
    assert_nothing_left(platz)
    return ended.complaint


def assert_nothing_left(platz: PlatzProcess) -> None:
    assert platz.processes() == []
    assert [port for port in platz.ports.values() if is_listening(port)] == []


def test_taken_ports_are_named_with_their_settings(tmp_path: Path) -> None:
    named = {name: name for name in PORT_SETTINGS} | {"PLATZ_POSTGRES_PORT": "PostgreSQL"}
    with closing(socket.create_server(("127.0.0.1", 0))) as squatter:
        port = str(squatter.getsockname()[1])
        starts = {name: PlatzProcess(tmp_path / name, {name: port}) for name in named}
        try:
            running = {name: start.spawn() for name, start in starts.items()}
            statuses = {name: process.wait(READY_SECONDS) for name, process in running.items()}
            for name, start in starts.items():
                start.ports.pop(name)
                assert_nothing_left(start)
        finally:
            for start in starts.values():
                start.sweep()

    assert statuses == dict.fromkeys(named, 2)
    for name, words in named.items():
        line = Ended(status=2, out=starts[name].output, errors=starts[name].log).complaint
        assert re.search(rf"\b{port}\b", line)
        assert words in line


def test_a_port_that_two_stand_ins_want_is_named(platz: PlatzProcess) -> None:
    port = platz.settings["PLATZ_REGISTRY_PORT"] = platz.settings["PLATZ_IDENTITY_PORT"]

    assert f"Port {port} is wanted for two stand-ins" in refused(platz)


def test_a_missing_configuration_file_is_named(platz: PlatzProcess) -> None:
    assert "nowhere.toml can't be read: No such file" in refused(platz, "--config", "nowhere.toml")


def test_a_broken_configuration_file_is_named_with_its_line(platz: PlatzProcess) -> None:
    (platz.folder / "platz.toml").write_text("api_port = 3000\nroles = [\n")

    line = refused(platz, "--config", "platz.toml")

    assert "platz.toml is not valid TOML" in line
    assert "line 3" in line or "end of document" in line


def test_an_unknown_setting_of_the_file_is_named(platz: PlatzProcess) -> None:
    (platz.folder / "platz.toml").write_text("api_prot = 3000\n")

    assert "unknown setting `api_prot`" in refused(platz, "--config", "platz.toml")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("API_PORT", "many", "API_PORT (from environment)"),
        ("PLATZ_ROLES", "api deplyo", "PLATZ_ROLES"),
        ("PLATZ_HELM_TIMEOUT", "15", "give a number with a unit"),
        ("OIDC_SERVER_URL", "id.example.com", "absolute http or https"),
        ("OIDC_CLIENT_ID", "platz", "belong together"),
        ("PGSSLMODE", "maybe", "PGSSLMODE"),
        ("DATABASE_URL", "mysql://localhost/platz", "DATABASE_URL"),
        ("PLATZ_LOG_LEVEL", "loud", "PLATZ_LOG_LEVEL"),
        ("PLATZ_FRONTEND_DIR", "/nowhere", "The frontend's folder /nowhere has no index.html"),
        ("API_HOST", "no-such-host.invalid", "can't listen on no-such-host.invalid"),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_wanted(
    platz: PlatzProcess, name: str, value: str, words: str
) -> None:
    platz.settings[name] = value

    assert words in refused(platz)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_during_the_first_moments_ends_the_process_quietly(
    platz: PlatzProcess, number: signal.Signals
) -> None:
    process = platz.spawn()
    eventually(
        lambda: "pydantic_core" in Path(f"/proc/{process.pid}/maps").read_text(), seconds=READY_SECONDS
    )

    assert platz.stop(number) == 0
    assert (platz.output, platz.log) == ("", "")
    assert_nothing_left(platz)


def test_an_unknown_flag_is_refused(platz: PlatzProcess) -> None:
    ended = platz.refuse("--api-prot=3000")

    assert ended.status == 2
    assert "unrecognized arguments: --api-prot" in ended.errors
    assert_nothing_left(platz)


def test_a_database_that_refuses_the_connection_is_said(platz: PlatzProcess) -> None:
    platz.settings["DATABASE_URL"] = f"postgresql://platz:hunter2@{NO_PORT}/platz"

    line = refused(platz)

    assert NO_PORT in line
    assert "hunter2" not in line


def test_a_wrong_database_password_is_said(platz: PlatzProcess, postgres: PostgresServer) -> None:
    address = postgres.address
    platz.settings["DATABASE_URL"] = url_of(address, password="wrong-password")

    line = refused(platz)

    assert "password" in line
    assert "wrong-password" not in line


def test_a_database_that_does_not_exist_is_named(platz: PlatzProcess, postgres: PostgresServer) -> None:
    platz.settings["DATABASE_URL"] = url_of(postgres.address, database="nowhere")

    assert "the server has no database nowhere" in refused(platz)


def test_a_database_that_is_not_platzs_is_left_alone(platz: PlatzProcess, postgres: PostgresServer) -> None:
    address = postgres.create("somebody_elses")
    with psycopg.connect(url_of(address), autocommit=True) as connection:
        connection.execute("CREATE TABLE customers (id int)")
        connection.execute("CREATE TABLE deployments (invoice text)")
        platz.settings["DATABASE_URL"] = url_of(address)

        line = refused(platz)

        tables = connection.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1"
        ).fetchall()
    assert "not" in line
    assert "Platz" in line
    assert tables == [("customers",), ("deployments",)]


def test_a_data_folder_that_another_platz_uses_is_left_alone(platz: PlatzProcess, tmp_path: Path) -> None:
    platz.settings["PLATZ_ROLES"] = "api"
    platz.start()
    second = PlatzProcess(tmp_path / "second", {"PLATZ_DATA_DIR": str(platz.data)})

    line = refused(second)

    assert f"Another Platz uses the data folder {platz.data}" in line
    assert platz.is_alive()


def test_a_file_in_place_of_the_data_folder_is_said(platz: PlatzProcess) -> None:
    platz.data.write_text("I was here first")

    assert f"The data folder {platz.data} can't be used" in refused(platz)
    assert platz.data.read_text() == "I was here first"


def test_a_data_folder_that_takes_no_caches_is_said(platz: PlatzProcess, postgres: PostgresServer) -> None:
    platz.settings |= {"DATABASE_URL": url_of(postgres.create("caches")), "PLATZ_ROLES": "status"}
    platz.data.mkdir(parents=True)
    (platz.data / "helm").write_text("I was here first")

    line = refused(platz)

    assert f"The data folder {platz.data} can't be written" in line
    assert "PLATZ_DATA_DIR" in line


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = os.geteuid() == 0 and _mount(folder, "size=8m")
    if not mounted:
        pytest.skip("only root may mount a small disk, and not in every container")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def read_only_disk(small_disk: Path) -> Path:
    """The small disk, without permission to write."""
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    return small_disk


def test_a_full_disk_is_said_before_anything_is_made(platz: PlatzProcess, small_disk: Path) -> None:
    platz.settings["PLATZ_DATA_DIR"] = str(small_disk / "data")

    line = refused(platz)

    assert f"The disk of the data folder {small_disk / 'data'} is full" in line
    assert not list((small_disk / "data").glob("*/*"))


def test_a_data_folder_that_can_not_be_written_is_said(platz: PlatzProcess, read_only_disk: Path) -> None:
    platz.settings["PLATZ_DATA_DIR"] = str(read_only_disk / "data")

    assert "its disk is read-only" in refused(platz)


@pytest.mark.parametrize(
    ("given", "missing", "reason"),
    [
        (
            {"OIDC_SERVER_URL", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"},
            "a database (",
            "a real identity provider",
        ),
        ({"KUBERNETES_SERVICE_HOST"}, "a database (", "inside a Kubernetes pod"),
    ],
)
def test_no_stand_in_is_started_beside_what_is_real(
    platz: PlatzProcess, given: set[str], missing: str, reason: str
) -> None:
    everything = {
        "KUBERNETES_SERVICE_HOST": "10.0.0.1",
        "PLATZ_OCI_REGISTRY_URL": "https://c.example.com",
        **REAL,
    }
    platz.settings.update({name: everything[name] for name in {*given, "PLATZ_OCI_REGISTRY_URL"}})

    line = refused(platz)

    assert f"Set {missing}" in line
    assert reason in line


@pytest.mark.parametrize(
    ("settings", "missing"),
    [
        ({"PLATZ_ROLES": "api"}, "an identity provider ("),
        (
            {"PLATZ_ROLES": "clusters", "PLATZ_CLUSTER_PROVIDER": "sandbox"},
            "clusters (PLATZ_CLUSTER_PROVIDER)",
        ),
        ({"PLATZ_ROLES": "charts", "PLATZ_REGISTRY_PROVIDER": "sandbox"}, "charts (PLATZ_REGISTRY_PROVIDER)"),
    ],
)
def test_nothing_that_is_made_up_comes_into_a_given_database(
    platz: PlatzProcess, postgres: PostgresServer, settings: dict[str, str], missing: str
) -> None:
    address = postgres.create(f"given_{uuid4().hex}")
    platz.settings.update({"DATABASE_URL": url_of(address), **settings})

    line = refused(platz)

    assert f"Set {missing}" in line
    assert "no stand-in is started beside a given database" in line
    with psycopg.connect(url_of(address)) as connection:
        rows = connection.execute(
            "SELECT (SELECT count(*) FROM k8s_clusters) + (SELECT count(*) FROM helm_charts)"
        )
        assert rows.fetchone() == (0,)


@pytest.mark.parametrize("roles", ["deploy", "track", "status", "resources", "credentials"])
def test_a_single_role_against_a_given_database_brings_nothing_of_its_own(roles: str) -> None:
    loaded = load(flags={}, environ={"DATABASE_URL": REAL["DATABASE_URL"], "PLATZ_ROLES": roles}, file=None)
    with running_services(loaded.settings) as services:
        assert services.stand_ins == []


@pytest.mark.parametrize(
    ("left_out", "words"),
    [
        ("DATABASE_URL", "a database (DATABASE_URL"),
        ("OIDC", "an identity provider (OIDC_SERVER_URL"),
        ("PLATZ_OWN_URL", "the public address (PLATZ_OWN_URL)"),
    ],
)
def test_production_refuses_every_stand_in(platz: PlatzProcess, left_out: str, words: str) -> None:
    given = {name: value for name, value in REAL.items() if not name.startswith(left_out)}
    platz.settings.update({"PLATZ_PRODUCTION": "1", **given})

    assert f"PLATZ_PRODUCTION is set, but not {words}" in refused(platz)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("PLATZ_CLUSTER_PROVIDER", "clusters (PLATZ_CLUSTER_PROVIDER)"),
        ("PLATZ_REGISTRY_PROVIDER", "charts ("),
    ],
)
def test_production_refuses_a_stand_in_that_is_asked_for(
    platz: PlatzProcess, setting: str, words: str
) -> None:
    platz.settings.update({"PLATZ_PRODUCTION": "1", **REAL, setting: "sandbox"})

    assert f"PLATZ_PRODUCTION is set, but not {words}" in refused(platz)


def test_a_kubeconfig_that_is_not_there_does_not_stop_the_start_of_other_work(platz: PlatzProcess) -> None:
    platz.settings.update(
        {
            "PLATZ_ROLES": "api clusters",
            "PLATZ_CLUSTER_PROVIDER": "local",
            "PLATZ_LOCAL_KUBECONFIG": "/nowhere/kubeconfig",
        }
    )

    platz.start()

    assert "/nowhere/kubeconfig" in platz.log
    assert platz.stop() == 0


def url_of(address: DatabaseAddress, *, password: str | None = None, database: str | None = None) -> str:
    host = f"{address.host}:{address.port}"
    return f"postgresql://{address.user}:{password or address.password}@{host}/{database or address.database}"


def _mount(folder: Path, options: str) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0
