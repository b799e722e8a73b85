"""Runs Helm in this process through its SDK (the wheel helm-python-sdk: Helm 4 as a C library).

Invariant: a template may end this process (memory), so only the short-lived `platz.helm.child` uses this engine.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

from platz.helm.engine import HISTORY_MAX, HelmAction, HelmOutcome, HelmRun
from platz.helm.report import bounded, release_report
from platz.json import JsonObject, merged_values

if TYPE_CHECKING:
    from helm_python import Config

_LOG_LINES = 500


class SdkEngine:
    """The default engine."""

    def __init__(self) -> None:
        """Load the library, so that a spare child is ready to work."""
        import helm_python

        self._log: deque[str] = deque(maxlen=_LOG_LINES)
        helm_python.enable_logging(logging.DEBUG, _logger_into(self._log))

    def run(self, run: HelmRun, kubeconfig: Path) -> HelmOutcome:
        """Carry out the run; a failure of Helm is an outcome."""
        from helm_python import Config, HelmCancelledError, HelmError

        try:
            with Config(kubeconfig_path=kubeconfig, namespace=run.namespace) as config:
                release = _ACTIONS[run.action](config, run)
        except HelmCancelledError as error:
            return self._failed(f"Helm gave up after {run.timeout_seconds} s: {error}")
        except HelmError as error:
            return self._failed(str(error))
        return self._done(run, release)

    def _done(self, run: HelmRun, release: JsonObject | None) -> HelmOutcome:
        if release is None:
            return HelmOutcome(ok=True, output="", log=self._text())
        revision = cast("int", release["revision"])
        report = release_report(
            release=run.release,
            revision=revision,
            status=str(release.get("status", "")),
            manifest=str(release.get("manifest", "")),
            notes=str(release.get("notes") or ""),
        )
        return HelmOutcome(ok=True, output=report, revision=revision, log=self._text())

    def _failed(self, reason: str) -> HelmOutcome:
        return HelmOutcome(ok=False, output=bounded(reason), log=self._text())

    def _text(self) -> str:
        return "\n".join(self._log)


def _install(config: Config, run: HelmRun) -> JsonObject:
    return config.install(
        str(run.chart_archive),
        run.release,
        merged_values(run.values, run.values_override),
        timeout=run.timeout_seconds,
        wait=_wait(run),
        description=run.description or None,
        labels=dict(run.labels) or None,
    )


def _upgrade(config: Config, run: HelmRun) -> JsonObject:
    """Upgrade the release, or install one that does not exist: the rule of `helm upgrade --install`."""
    from helm_python import HelmNotFoundError

    try:
        config.history(run.release, max_revisions=1)
    except HelmNotFoundError:
        return _install(config, run)
    return config.upgrade(
        str(run.chart_archive),
        run.release,
        merged_values(run.values, run.values_override),
        timeout=run.timeout_seconds,
        wait=_wait(run),
        max_history=HISTORY_MAX,
        description=run.description or None,
        labels=dict(run.labels) or None,
    )


def _uninstall(config: Config, run: HelmRun) -> None:
    config.uninstall(
        run.release,
        timeout=run.timeout_seconds,
        ignore_not_found=True,
        wait=_wait(run),
        description=run.description or None,
    )


_ACTIONS: Mapping[HelmAction, Callable[[Config, HelmRun], JsonObject | None]] = {
    HelmAction.INSTALL: _install,
    HelmAction.UPGRADE: _upgrade,
    HelmAction.UNINSTALL: _uninstall,
}


def _wait(run: HelmRun) -> str:
    """Return the waiting strategy: Helm always waits for hooks, and for objects when ``run.wait`` is set."""
    return "watcher" if run.wait else "hookOnly"


class _Lines(logging.Handler):
    """A log handler that keeps the last lines; Helm calls it from threads of its own."""

    def __init__(self, lines: deque[str]) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(f"{record.levelname.lower()} {record.getMessage()}")


def _logger_into(lines: deque[str]) -> logging.Logger:
    logger = logging.getLogger("platz.helm.sdk")
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    logger.addHandler(_Lines(lines))
    return logger
