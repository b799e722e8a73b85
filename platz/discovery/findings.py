"""The clusters and charts that searches find, before they are recorded, and the reports of searches for charts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from platz.db.enums import RegistryProvider
from platz.kube.cluster_access import ClusterAccess


@dataclass(frozen=True, kw_only=True)
class FirstSight:
    """The settings of a cluster that was never seen before: by default ignored, and without environment.

    ``env_name`` is the name of an environment, in any letter case; one that does not exist counts as none.
    """

    env_name: str | None = None
    ignore: bool = True
    ingress_domain: str | None = None
    ingress_class: str | None = None
    ingress_tls_secret_name: str | None = None


@dataclass(frozen=True, kw_only=True)
class FoundCluster:
    """A found cluster; ``provider_id`` is its ARN or `local:<context>`, ``region_name`` is a region or `local`."""

    provider_id: str
    name: str
    region_name: str
    access: ClusterAccess
    first_sight: FirstSight = field(default_factory=FirstSight)


@dataclass(frozen=True, kw_only=True)
class FoundChart:
    """A pushed version of a chart.

    ``registry_created_at`` and ``pushed_at`` come from the registry, or are the time at which the chart was found.
    """

    provider: RegistryProvider
    domain_name: str
    repo_name: str
    tag: str
    digest: str
    pushed_at: datetime
    registry_created_at: datetime


@dataclass(frozen=True, kw_only=True)
class RoundReport:
    """The result of one round of a search for charts: counts of charts, and sentences about failures."""

    recorded: int = 0
    removed: int = 0
    failures: tuple[str, ...] = ()

    def __add__(self, other: RoundReport) -> RoundReport:
        """Return the report of both parts of a round."""
        return RoundReport(
            recorded=self.recorded + other.recorded,
            removed=self.removed + other.removed,
            failures=self.failures + other.failures,
        )
