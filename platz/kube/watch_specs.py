"""The kinds that Platz watches in every cluster, and the events of a watch.

Invariant: after a `Snapshot` and the `Changes` that follow it, the listener knows exactly the objects of the
cluster; changes made while the watch was down are in the next `Snapshot`.

Source: docs/contract/workers.md, "Watches of a cluster".
"""

from __future__ import annotations

from dataclasses import dataclass

from platz.json import JsonObject
from platz.kube.api_resources import (
    CRON_JOB,
    DAEMON_SET,
    DEPLOYMENT,
    JOB,
    NAMESPACE,
    STATEFUL_SET,
    ResourceKind,
)
from platz.kube.namespaces import LABEL_SELECTOR


@dataclass(frozen=True, kw_only=True)
class WatchSpec:
    """A kind that is watched in all namespaces.

    A cluster is well without an ``optional`` one, if it does not let Platz read it or does not have it.
    """

    resource: ResourceKind
    label_selector: str | None = None
    optional: bool = False


WATCH_SPECS = (
    WatchSpec(resource=NAMESPACE, label_selector=LABEL_SELECTOR),
    WatchSpec(resource=DEPLOYMENT),
    WatchSpec(resource=STATEFUL_SET),
    WatchSpec(resource=JOB),
    WatchSpec(resource=DAEMON_SET, optional=True),
    WatchSpec(resource=CRON_JOB, optional=True),
)


@dataclass(frozen=True, kw_only=True)
class Upsert:
    """The object was created or changed."""

    object: JsonObject


@dataclass(frozen=True, kw_only=True)
class Gone:
    """The object was deleted or no longer has the label; ``object`` is its last state."""

    object: JsonObject


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """All objects of the kind; any other is gone."""

    objects: tuple[JsonObject, ...]


@dataclass(frozen=True, kw_only=True)
class Changes:
    """The changes that arrived together, in order; never empty."""

    changes: tuple[Upsert | Gone, ...]


@dataclass(frozen=True, kw_only=True)
class WatchHealthy:
    """The watch is connected; sent once each time it comes up."""


@dataclass(frozen=True, kw_only=True)
class WatchFailed:
    """The watch is down and will be tried again.

    ``reason`` is a sentence for `not_ok_reason`; with ``doubts_access`` the cluster should be looked up again;
    ``refused`` means that the cluster answers, but not this: it lacks the kind, or Platz the right to read it.
    """

    reason: str
    doubts_access: bool = False
    refused: bool = False


WatchEvent = Snapshot | Changes | WatchHealthy | WatchFailed
