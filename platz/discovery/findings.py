"""What a search of an account or a registry finds, before anything is recorded of it, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from platz.db.enums import RegistryProvider
from platz.kube.cluster_access import ClusterAccess


@dataclass(frozen=True, kw_only=True)
class FirstSight:
    """What a cluster starts with when it was never seen before: ignored and without environment, or as a
    sandbox likes.

    ``env_name`` is the name of an environment, in any case; one that does not exist counts as none.
    """

    env_name: str | None = None
    ignore: bool = True
    ingress_domain: str | None = None
    ingress_class: str | None = None
    ingress_tls_secret_name: str | None = None


@dataclass(frozen=True, kw_only=True)
class FoundCluster:
    """A cluster that exists: ``provider_id`` is its ARN or `local:<context>`, ``region_name`` a region or
    `local`.
    """

    provider_id: str
    name: str
    region_name: str
    access: ClusterAccess
    first_sight: FirstSight = field(default_factory=FirstSight)


@dataclass(frozen=True, kw_only=True)
class FoundChart:
    """A pushed version of a chart.

    ``registry_created_at`` and ``pushed_at`` are what the registry says, or when the chart was first seen.
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
    """What one round of a search for charts did."""

    recorded: int = 0
    removed: int = 0
    failures: tuple[str, ...] = ()
