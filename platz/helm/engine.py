"""The interface of the Helm engines (docs/contract/workers.md, "Helm execution").

Invariant: success means that Kubernetes accepted the objects and that the hooks succeeded; an engine waits for
nothing else unless ``wait`` is set. An upgrade installs a release that does not exist, and never reuses the values of
the revision before (Helm itself does so when it is given none).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from platz.json import JsonObject, JsonValue

HISTORY_MAX = 10
"""How many revisions of a release are kept: the default of the `helm` command."""


class HelmAction(StrEnum):
    """What to do with a release."""

    INSTALL = "install"
    UPGRADE = "upgrade"
    UNINSTALL = "uninstall"


@dataclass(frozen=True, kw_only=True)
class HelmRun:
    """One run of Helm.

    ``chart_archive`` is a packaged chart on disk (not for an uninstall); ``values_override`` is merged deeply over
    ``values``. ``description`` is stored in the revision when it succeeds, ``labels`` from its beginning: with the
    task's id in both, recovery can tell whose revision it is. ``timeout_seconds`` bounds each wait for a hook, and
    the run as a whole. ``secrets`` are texts that must not appear in the outcome.

    ``force_conflicts`` takes fields from other managers instead of failing; Helm allows it only for a release that is
    applied by the server. ``kept_replicas`` are rendered in place of the chart's own (``Deployment/web``: 5).
    ``dry_run`` renders with the cluster's help and changes nothing.
    """

    action: HelmAction
    release: str
    namespace: str
    chart_archive: Path | None = None
    values: JsonObject = field(default_factory=dict[str, JsonValue], repr=False)
    values_override: JsonObject | None = field(default=None, repr=False)
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    timeout_seconds: int = 300
    wait: bool = False
    force_conflicts: bool = False
    kept_replicas: Mapping[str, int] = field(default_factory=dict[str, int])
    dry_run: bool = False
    secrets: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, kw_only=True)
class HelmOutcome:
    """How a run ended.

    ``output`` is for the user: what was made and the chart's notes, or what went wrong. ``log`` is Helm's own
    record, for support. ``revision`` is None when no revision was written, or after an uninstall. ``manifest`` is what
    a dry run rendered, and holds the contents of the chart's Secrets.
    """

    ok: bool
    output: str
    revision: int | None = None
    log: str = ""
    manifest: str = field(default="", repr=False)


class HelmEngine(Protocol):
    """Runs Helm in the calling process, which is always a `platz.helm.child`."""

    def run(self, run: HelmRun, kubeconfig: Path) -> HelmOutcome:
        """Carry out the run; a failure of Helm is an outcome, not an exception."""
        ...
