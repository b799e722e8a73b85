"""A credential plugin is run without a terminal and with a deadline; its last words are told without secrets."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from platz.errors import PlatzError, Rejected, Retryable
from platz.kube.exec_plugin import plugin_from_entry
from platz.kube.kubeconfig import KubeconfigChoice, access_from_kubeconfig

VERSION = "client.authentication.k8s.io/v1"


def write_executable(path: Path, script: str) -> None:
    """Write it in another process: a thread that forks while this one has the file open makes it "busy"."""
    command = ["sh", "-c", 'cat > "$1" && chmod 755 "$1"', "sh", str(path)]
    subprocess.run(command, input=f"#!{sys.executable}\n{script}", text=True, check=True)


def plugin(tmp_path: Path, script: str, **entry: object) -> object:
    write_executable(tmp_path / "plugin.py", script)
    document = {"apiVersion": VERSION, "command": "./plugin.py", **entry}
    return plugin_from_entry(document, folder=tmp_path, environment={"FROM": "platz"}).credential()  # type: ignore[arg-type]


def printing(**status: object) -> str:
    return f"print({json.dumps(json.dumps({'kind': 'ExecCredential', 'apiVersion': VERSION, 'status': status}))})"


def test_token_and_end_are_read(tmp_path: Path) -> None:
    found = plugin(tmp_path, printing(token="secret", expirationTimestamp="2026-01-02T03:04:05Z"))
    assert found.token == "secret"  # type: ignore[attr-defined]
    assert found.expires_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)  # type: ignore[attr-defined]


def test_an_end_without_a_zone_is_utc(tmp_path: Path) -> None:
    found = plugin(tmp_path, printing(token="secret", expirationTimestamp="2026-01-02T03:04:05"))
    assert found.expires_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)  # type: ignore[attr-defined]


def test_a_certificate_is_read(tmp_path: Path) -> None:
    found = plugin(tmp_path, printing(clientCertificateData="c", clientKeyData="k"))
    assert found.certificate.certificate == b"c"  # type: ignore[attr-defined]
    assert found.certificate.key == b"k"  # type: ignore[attr-defined]


def test_arguments_and_environment_reach_the_plugin(tmp_path: Path) -> None:
    script = (
        "import json, os, sys\n"
        "info = json.loads(os.environ['KUBERNETES_EXEC_INFO'])\n"
        "token = [sys.argv[1], os.environ['FROM'], os.environ['MORE'], info['spec']['interactive'], sys.stdin.read()]\n"
        "print(json.dumps({'apiVersion': info['apiVersion'], 'status': {'token': json.dumps(token)}}))"
    )
    found = plugin(tmp_path, script, args=["one"], env=[{"name": "MORE", "value": "two"}])
    assert json.loads(found.token) == ["one", "platz", "two", False, ""]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("script", "expected", "words"),
    [
        ("import sys; print('secret'); sys.exit(3)", Retryable, r"exit code 3\.$"),
        ("print('secret')", Rejected, "did not print JSON"),
        ("print('[]')", Rejected, "credential"),
        (printing(token="secret", expirationTimestamp="soon"), Rejected, "no time"),
        ('print(\'{"apiVersion": "other", "status": {}}\')', Rejected, "credential"),
    ],
)
def test_a_plugin_that_fails_is_told_without_its_output(
    tmp_path: Path, script: str, expected: type[PlatzError], words: str
) -> None:
    with pytest.raises(expected, match=words) as caught:
        plugin(tmp_path, script)
    assert "secret" not in caught.value.message


def test_a_plugin_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match=r"\./gone cannot be started"):
        plugin(tmp_path, "", command="./gone")


def failing(*lines: str) -> str:
    return f"import sys; print({chr(10).join(lines)!r}, file=sys.stderr); sys.exit(1)"


def test_the_last_words_of_a_plugin_are_told(tmp_path: Path) -> None:
    with pytest.raises(Retryable, match=r"exit code 1: Error: token has expired and refresh failed$"):
        plugin(tmp_path, failing("Traceback", "Error: token has expired and refresh failed", ""))


@pytest.mark.parametrize(
    "secret",
    [
        "hunter2-of-the-kubeconfig",
        "AKIAIOSFODNN7EXAMPLE",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJwbGF0eiJ9.c2lnbmF0dXJl",
        "k8s-aws-v1.aHR0cHM6Ly9zdHMuYW1hem9uYXdzLmNvbS8",
    ],
)
def test_the_last_words_hold_no_secret(tmp_path: Path, secret: str) -> None:
    environment = [{"name": "PASSWORD", "value": "hunter2-of-the-kubeconfig"}]
    with pytest.raises(Retryable, match=r"login with \[secret\] failed") as caught:
        plugin(tmp_path, failing(f"login with {secret} failed"), env=environment)
    assert secret not in caught.value.message


def test_a_password_in_an_address_is_no_last_word(tmp_path: Path) -> None:
    with pytest.raises(Retryable, match=r"https://\[secret\]@login.example refused"):
        plugin(tmp_path, failing("https://platz:pass@login.example refused"))


def test_last_words_are_one_plain_line_of_bounded_length(tmp_path: Path) -> None:
    with pytest.raises(Retryable) as caught:
        plugin(tmp_path, failing("\x1b[31mred\x1b[0m " + "no luck " * 10_000))
    assert "\x1b" not in caught.value.message
    assert len(caught.value.message) < 500


def test_the_install_hint_is_told_when_the_plugin_is_missing(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match=r"cannot be started: .*Install it with: brew install aws-cli$"):
        plugin(tmp_path, "", command="./gone", installHint="Install it with:\n  brew install aws-cli\n")


ECHO_CLUSTER = (
    "import json, os\n"
    "info = json.loads(os.environ['KUBERNETES_EXEC_INFO'])\n"
    "told = json.dumps(info['spec'].get('cluster'))\n"
    "print(json.dumps({'apiVersion': info['apiVersion'], 'status': {'token': told}}))"
)


@pytest.mark.parametrize("asked", [True, False])
def test_the_cluster_is_told_to_a_plugin_that_asks(tmp_path: Path, asked: bool) -> None:
    write_executable(tmp_path / "plugin.py", ECHO_CLUSTER)
    extension = {"name": "client.authentication.k8s.io/exec", "extension": {"audience": "east"}}
    cluster = {
        "server": "https://east.example:6443",
        "certificate-authority-data": "UEVN",
        "tls-server-name": "east",
        "extensions": [{"name": "other", "extension": {}}, extension],
    }
    entry = {"apiVersion": VERSION, "command": "./plugin.py", "provideClusterInfo": asked}
    kubeconfig = {
        "current-context": "east",
        "contexts": [{"name": "east", "context": {"cluster": "east", "user": "me"}}],
        "clusters": [{"name": "east", "cluster": cluster}],
        "users": [{"name": "me", "user": {"exec": entry}}],
    }
    (tmp_path / "config").write_text(json.dumps(kubeconfig))
    access = access_from_kubeconfig(KubeconfigChoice(home=tmp_path, file=tmp_path / "config"), environment={})
    told = json.loads(access.credentials.current().token or "")
    assert told == (
        {
            "server": "https://east.example:6443",
            "tls-server-name": "east",
            "certificate-authority-data": "UEVN",
            "config": {"audience": "east"},
        }
        if asked
        else None
    )
