"""What Platz watches in every cluster, and what a watch tells.

Invariant: after a `Snapshot` and the `Changes` that follow it, the listener knows exactly the objects that the
cluster has; whatever happened while the watch was down is in the next `Snapshot`.

Source: docs/contract/workers.md, "Watches of a cluster".
"""

from __future__ import annotations

from dataclasses import dataclass

from platz.json import JsonObject
from platz.kube.api_resources import DEPLOYMENT, JOB, NAMESPACE, STATEFUL_SET, ResourceKind
from platz.kube.namespaces import LABEL_SELECTOR


@dataclass(frozen=True, kw_only=True)
class WatchSpec:
    """A kind to be watched in the whole cluster."""

    resource: ResourceKind
    label_selector: str | None = None


WATCH_SPECS = (
    WatchSpec(resource=NAMESPACE, label_selector=LABEL_SELECTOR),
    WatchSpec(resource=DEPLOYMENT),
    WatchSpec(resource=STATEFUL_SET),
    WatchSpec(resource=JOB),
)


@dataclass(frozen=True, kw_only=True)
class Upsert:
    """The object was made or changed."""

    object: JsonObject


@dataclass(frozen=True, kw_only=True)
class Gone:
    """The object was deleted, or left the label selector; its last state."""

    object: JsonObject


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """All objects that there are; any other is gone."""

    objects: tuple[JsonObject, ...]


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What happened since, in order, as much as arrived together; never empty."""

    changes: tuple[Upsert | Gone, ...]


@dataclass(frozen=True, kw_only=True)
class WatchHealthy:
    """The watch stands (again); told once for each time that it comes up."""


@dataclass(frozen=True, kw_only=True)
class WatchFailed:
    """The watch is down and will be tried again; ``reason`` is a sentence for `not_ok_reason`."""

    reason: str


WatchEvent = Snapshot | Changes | WatchHealthy | WatchFailed
