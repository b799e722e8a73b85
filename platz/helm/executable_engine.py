"""Runs a Helm executable of version 3 or 4, with the same results as the SDK engine.

Invariant: values, kubeconfig and secrets reach Helm through files in memory, never as arguments; no shell is
involved.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import cast

import orjson

from platz.helm import kept_replicas
from platz.helm.engine import HISTORY_MAX, HelmAction, HelmOutcome, HelmRun
from platz.helm.kill_timer import die_with_parent
from platz.helm.memory_file import memory_file, open_descriptors
from platz.helm.report import bounded, release_report
from platz.json import JsonObject, JsonValue

_LOG_LIMIT = 64_000
_PREFIX = re.compile(r"^Error: (?:(?:INSTALLATION|UPGRADE) FAILED: )?")
_GAVE_UP = re.compile(r"deadline exceeded|timed out waiting|rate limiter Wait", re.IGNORECASE)


class ExecutableEngine:
    """The engine for installations that have their own `helm`."""

    def __init__(self, executable: Path, *, python: str) -> None:
        """``executable`` is a Helm 3 or 4; ``python`` is what it runs post-renderers with."""
        self._executable = executable
        self._python = python

    def run(self, run: HelmRun, kubeconfig: Path) -> HelmOutcome:
        """Carry out the run; a failure of Helm is an outcome."""
        try:
            ended = self._end_of(run, kubeconfig)
        except OSError as error:
            return HelmOutcome(ok=False, output=f"{self._executable} cannot be started: {error.strerror}.")
        log = bounded(ended.stderr.decode(errors="replace"), _LOG_LIMIT)
        if ended.returncode != 0:
            return HelmOutcome(ok=False, output=_reason(run, ended), log=log)
        return _outcome(run, ended.stdout, log)

    def _end_of(self, run: HelmRun, kubeconfig: Path) -> subprocess.CompletedProcess[bytes]:
        with ExitStack() as files:
            values = [
                files.enter_context(memory_file("values", json.dumps(document).encode("ascii")))
                for document in (run.values, run.values_override)
                if document is not None
            ]
            return subprocess.run(
                ["helm", *self._arguments(run, values), "--kubeconfig", str(kubeconfig)],
                executable=self._executable,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                pass_fds=open_descriptors(),
                preexec_fn=die_with_parent,
                check=False,
            )

    def _arguments(self, run: HelmRun, values: Sequence[Path]) -> Sequence[str]:
        if run.action is HelmAction.UNINSTALL:
            return _arguments(run, values)
        own = _helm_3_options(run, self._python) if self._is_helm_3() else _helm_4_options(run)
        return [*_arguments(run, values), *own]

    def _is_helm_3(self) -> bool:
        """Ask the executable: Helm 3 knows no server-side apply, and its post-renderers are programs, not plugins."""
        asked = subprocess.run(
            ["helm", "version", "--short"],
            executable=self._executable,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        return asked.stdout.startswith(b"v3.")


def _helm_3_options(run: HelmRun, python: str) -> Sequence[str]:
    return _post_renderer(run, *kept_replicas.command(python))


def _helm_4_options(run: HelmRun) -> Sequence[str]:
    options = ["--force-conflicts"] if run.force_conflicts else []
    return [*options, *_post_renderer(run, kept_replicas.PLUGIN)]


def _post_renderer(run: HelmRun, program: str, *arguments: str) -> Sequence[str]:
    if not run.kept_replicas:
        return []
    given = [*arguments, kept_replicas.argument(run.kept_replicas)]
    return [f"--post-renderer={program}", *(f"--post-renderer-args={argument}" for argument in given)]


def _arguments(run: HelmRun, values: Sequence[Path]) -> Sequence[str]:
    common = [f"--namespace={run.namespace}", f"--timeout={run.timeout_seconds}s", "--debug"]
    if run.dry_run:
        common.append("--dry-run=server")
    if run.wait:
        common.append("--wait")
    if run.description:
        common.append(f"--description={run.description}")
    if run.action is HelmAction.UNINSTALL:
        return ["uninstall", run.release, "--ignore-not-found", *common]
    subcommand = ["install"]
    if run.action is HelmAction.UPGRADE:
        subcommand = ["upgrade", "--install", f"--history-max={HISTORY_MAX}", "--reset-values"]
    common += [f"--labels={key}={value}" for key, value in run.labels.items()]
    files = [argument for path in values for argument in ("-f", str(path))]
    return [*subcommand, run.release, str(run.chart_archive), "--output=json", *files, *common]


def _outcome(run: HelmRun, output: bytes, log: str) -> HelmOutcome:
    if run.action is HelmAction.UNINSTALL:
        return HelmOutcome(ok=True, output="", log=log)
    release = _object(orjson.loads(output[output.index(b"{") :]))
    if run.dry_run:
        return HelmOutcome(ok=True, output="", log=log, manifest=str(release.get("manifest", "")))
    info = _object(release.get("info"))
    revision = cast("int", release["version"])
    report = release_report(
        release=run.release,
        revision=revision,
        status=str(info.get("status", "")),
        manifest=str(release.get("manifest", "")),
        notes=str(info.get("notes") or ""),
    )
    return HelmOutcome(ok=True, output=report, revision=revision, log=log)


def _reason(run: HelmRun, ended: subprocess.CompletedProcess[bytes]) -> str:
    """Return the last `Error:` line of Helm and the text after it."""
    text = ended.stderr.decode(errors="replace")
    start = text.rfind("\nError: ") + 1
    reason = _PREFIX.sub("", text[start:]).strip()
    if _GAVE_UP.search(reason):
        reason = f"Helm gave up after {run.timeout_seconds} s: {reason}"
    return bounded(reason or f"Helm ended with exit code {ended.returncode}.")


def _object(value: JsonValue) -> JsonObject:
    return value if isinstance(value, dict) else {}
