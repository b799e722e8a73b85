"""A kubeconfig's credential plugin is run without a terminal, with a deadline, and its output stays with us."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from platz.errors import PlatzError, Rejected, Retryable
from platz.kube.exec_plugin import plugin_from_entry

VERSION = "client.authentication.k8s.io/v1"


def plugin(tmp_path: Path, script: str, **entry: object) -> object:
    (tmp_path / "plugin.py").write_text(f"#!{sys.executable}\n{script}")
    (tmp_path / "plugin.py").chmod(0o755)
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
        ("import sys; print('secret', file=sys.stderr); sys.exit(3)", Retryable, "exit code 3"),
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
