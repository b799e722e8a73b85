"""Given a run that lasts longer than its token, when the token is renewed, then Helm gets the new one.

Source: docs/contract/workers.md, "Tokens and kubeconfigs for EKS".
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from chart_package import package

from platz.errors import Retryable
from platz.helm import token_renewal
from platz.helm.engine import HelmAction, HelmRun
from platz.helm.process_pool import HelmLimits, HelmProcesses, HelmSetup
from platz.json import JsonObject
from platz.kube.client import KubeClient
from platz.kube.cluster_access import as_kubeconfig

KUBECONFIG: JsonObject = {"users": [{"name": "user", "user": {"token": "first-token"}}]}
UNTIL_RENEWED = """#!/bin/sh
for last; do :; done
file=$(sed 's/.*"tokenFile":"\\([^"]*\\)".*/\\1/' "$last")
head -n 1 "$file" > "$HOME/first"
until grep -q second-token "$file"; do sleep 0.05; done
head -n 1 "$file" > "$HOME/second"
"""
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {text: small}\n"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_renewal, "RENEW_SECONDS", 0.05)


def test_a_run_that_lasts_longer_than_its_token_reads_the_next_one(
    scripted: Callable[..., HelmProcesses], a_run: HelmRun, tmp_path: Path
) -> None:
    folder = tmp_path / "folder-0"

    def fresh_token() -> str:
        return "second-token" if (folder / "first").exists() else "first-token"

    outcome = scripted(UNTIL_RENEWED).run(a_run, kubeconfig=KUBECONFIG, fresh_token=fresh_token)
    assert outcome.ok, outcome.output
    assert (folder / "first").read_text() == "first-token\n"
    assert (folder / "second").read_text() == "second-token\n"


def test_a_token_that_can_t_be_renewed_now_is_asked_for_again(
    scripted: Callable[..., HelmProcesses], a_run: HelmRun
) -> None:
    asked: list[int] = []

    def fresh_token() -> str:
        asked.append(1)
        if len(asked) < 3:
            raise Retryable("AWS is away.")
        return "second-token"

    outcome = scripted(UNTIL_RENEWED).run(a_run, kubeconfig=KUBECONFIG, fresh_token=fresh_token)
    assert outcome.ok, outcome.output
    assert len(asked) >= 3


def test_no_renewed_token_is_in_the_outcome(scripted: Callable[..., HelmProcesses], a_run: HelmRun) -> None:
    script = UNTIL_RENEWED + 'echo "Error: $(head -n 1 "$file") is refused" >&2; exit 1\n'
    outcome = scripted(script).run(a_run, kubeconfig=KUBECONFIG, fresh_token=lambda: "second-token")
    assert outcome.output == "[secret] is refused"
    assert "second-token" not in outcome.log


def test_a_token_that_does_not_expire_stays_in_the_kubeconfig(
    scripted: Callable[..., HelmProcesses], a_run: HelmRun, tmp_path: Path
) -> None:
    script = '#!/bin/sh\nfor last; do :; done\ncp "$last" "$HOME/kubeconfig"\n'
    assert scripted(script).run(a_run, kubeconfig=KUBECONFIG).ok
    assert '"token":"first-token"' in (tmp_path / "folder-0" / "kubeconfig").read_text()


@pytest.fixture
def sdk(tmp_path: Path) -> Iterator[HelmProcesses]:
    folder = tmp_path / "sdk"
    folder.mkdir()
    limits = HelmLimits(warm=0, memory_bytes=384 * 1024 * 1024)
    processes = HelmProcesses(HelmSetup(folder=folder, environment=os.environ), limits)
    yield processes
    processes.close()


def test_the_sdk_takes_its_token_from_the_file(
    sdk: HelmProcesses, east: KubeClient, namespace: str, tmp_path: Path
) -> None:
    run = HelmRun(
        action=HelmAction.INSTALL,
        release=namespace,
        namespace=namespace,
        chart_archive=package(tmp_path, {"config.yaml": CONFIG}),
        timeout_seconds=30,
    )
    kubeconfig = as_kubeconfig(east.access)
    token = east.access.credentials.current().token
    outcome = sdk.run(run, kubeconfig=kubeconfig, fresh_token=lambda: token)
    assert outcome.ok, outcome.output
