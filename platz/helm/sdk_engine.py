"""Runs Helm in this process through its SDK (the wheel helm-python-sdk: Helm 4 as a C library).

Invariant: a template may end this process (memory), so only the short-lived `platz.helm.child` uses this engine.
"""

from __future__ import annotations

import json
import logging
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

from platz.helm import kept_replicas
from platz.helm.engine import HISTORY_MAX, HelmAction, HelmOutcome, HelmRun
from platz.helm.report import bounded, release_report
from platz.json import JsonObject, JsonValue, merged_values

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
        if run.dry_run:
            return HelmOutcome(ok=True, output="", log=self._text(), manifest=str(release["manifest"]))
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
    return _release("helm_install", config, run, {})


def _upgrade(config: Config, run: HelmRun) -> JsonObject:
    """Upgrade the release, or install one that does not exist: the rule of `helm upgrade --install`."""
    from helm_python import HelmNotFoundError

    try:
        config.history(run.release, max_revisions=1)
    except HelmNotFoundError:
        return _install(config, run)
    return _release("helm_upgrade", config, run, {"max_history": HISTORY_MAX, "reset_values": True})


def _release(function: str, config: Config, run: HelmRun, options: JsonObject) -> JsonObject:
    """Call the library itself: `Config.install` and `Config.upgrade` do not pass on the options named here.

    Source: helm-c-sdk, `InstallOptions` and `UpgradeOptions`, whose keys are only ever added to.
    """
    from helm_python import _native  # pyright: ignore[reportPrivateUsage]

    wanted: dict[str, JsonValue] = {
        **options,
        "timeout_seconds": run.timeout_seconds,
        "wait": _wait(run),
        "dry_run": "server" if run.dry_run else "none",
        "force_conflicts": run.force_conflicts,
        "description": run.description,
        "labels": dict(run.labels),
        **_post_renderer(run),
    }
    answer = _native.call_string(
        function,
        config._raw(),  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001
        _native.HANDLE(0),  # no context to cancel by
        _native.HANDLE(0),  # no loaded chart: the reference that follows
        str(run.chart_archive),
        run.release,
        json.dumps(merged_values(run.values, run.values_override)),
        json.dumps(wanted),
    )
    return cast("JsonObject", json.loads(answer))


def _post_renderer(run: HelmRun) -> JsonObject:
    if not run.kept_replicas:
        return {}
    return {
        "post_renderer": kept_replicas.PLUGIN,
        "post_renderer_args": [kept_replicas.argument(run.kept_replicas)],
    }


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
