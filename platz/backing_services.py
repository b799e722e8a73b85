"""The backing services of the process: which are real, which are embedded stand-ins, and at which addresses.

Invariant: a stand-in takes the place of a service whose setting is not given (docs/architecture.md, "Stand-ins");
with `PLATZ_PRODUCTION` there are none. Only the services that the process's roles need are considered.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

from platz.config import Role, Settings
from platz.db.address import DatabaseAddress, address_from_url, parse_tls_mode
from platz.embedded_services import (
    ClusterFacts,
    EmbeddedFacts,
    EmbeddedPlan,
    IdentityFacts,
    embedded_services,
)
from platz.errors import DataFolderUnusable, PlatzError
from platz.observation.allowed_addresses import AllowedAddresses, networks
from platz.observation.ingress import IngressRoute
from platz.web_addresses import LOOPBACK

CLUSTER_ROLES = {Role.CLUSTERS, Role.DEPLOY, Role.TRACK, Role.CREDENTIALS}
INGRESS_ROLES = {Role.STATUS, Role.RESOURCES}
CHART_ROLES = {Role.CHARTS, Role.DEPLOY}
OWN_URL_ROLES = {Role.API, Role.DEPLOY, Role.CREDENTIALS}


class NoStandInsInProduction(PlatzError):
    """PLATZ_PRODUCTION is set, and something that production needs is not."""


class NoStandInsHere(PlatzError):
    """Something is not set, and no stand-in may take its place beside what is real."""


@dataclass(frozen=True, kw_only=True)
class BackingServices:
    """The addresses of all services; ``cache`` is the folder of cached files, ``facts`` describes the stand-ins."""

    database: DatabaseAddress
    own_url: str
    identity: IdentityFacts | None
    clusters: ClusterFacts | None
    registry_url: str | None
    ingress: IngressRoute
    cache: Path
    encryption_key: str | None
    facts: EmbeddedFacts

    @property
    def stand_ins(self) -> list[str]:
        """The names of the services that are stand-ins, for people to read."""
        present = {
            "PostgreSQL": self.facts.database,
            "identity provider": self.facts.identity,
            "Kubernetes clusters": self.facts.clusters,
            "chart registry": self.facts.registry_url,
        }
        return [name for name, fact in present.items() if fact is not None]


def listen_address(settings: Settings) -> tuple[str, int]:
    """Return the host and port of the API; by default only this machine can reach it while the identity provider is
    the stand-in, whose passwords everybody knows.
    """
    people_are_known = _plan(settings).identity_port is not None
    host = settings.api_host or (LOOPBACK if people_are_known else "0.0.0.0")  # noqa: S104 - the contract
    return host, settings.api_port


def prepare_data_folder(settings: Settings) -> None:
    """Make the data folder, which only its owner may read; raise `DataFolderUnusable`."""
    folder = settings.data_dir.absolute()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_uid == os.geteuid():
            folder.chmod(0o700)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise DataFolderUnusable(folder, error) from None


def require_stand_ins(settings: Settings) -> None:
    """Raise `SandboxNotInstalled` when a stand-in is needed that this installation lacks."""
    plan = _plan(settings)
    if not plan.is_empty:
        embedded_services().require(plan)


def refuse_stand_ins_in_production(settings: Settings) -> None:
    """Raise `NoStandInsInProduction` for the first service that production needs and no setting gives."""
    if not settings.production:
        return
    missing = _stand_ins_of(_plan(settings))
    if not settings.own_url and OWN_URL_ROLES & set(settings.roles):
        missing.append("the public address (PLATZ_OWN_URL)")
    if missing:
        raise NoStandInsInProduction(f"PLATZ_PRODUCTION is set, but not {missing[0]}.")


def why_no_stand_ins(settings: Settings) -> str | None:
    """Why nothing may be embedded here, as the end of a sentence; None on a laptop.

    What a stand-in invents would otherwise be written into somebody's database.
    """
    if settings.kubernetes_service_host:
        return "inside a Kubernetes pod"
    if _has_real_database(settings):
        return "beside a given database"
    if _has_real_identity(settings):
        return "beside a real identity provider"
    return None


def _refuse_stand_ins_beside_what_is_real(settings: Settings, plan: EmbeddedPlan) -> None:
    reason, missing = why_no_stand_ins(settings), _stand_ins_of(plan)
    if reason and missing:
        raise NoStandInsHere(f"Set {missing[0]}: no stand-in is started {reason}.")


def _stand_ins_of(plan: EmbeddedPlan) -> list[str]:
    """What would be embedded, by what it stands for and the settings that give it."""
    embedded = {
        "a database (DATABASE_URL, or PGHOST and the other PG settings)": plan.postgres_port,
        "an identity provider (OIDC_SERVER_URL, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET)": plan.identity_port,
        "clusters (PLATZ_CLUSTER_PROVIDER)": plan.simulator_ports,
        "charts (PLATZ_REGISTRY_PROVIDER)": plan.registry_port,
    }
    return [words for words, port in embedded.items() if port]


@contextmanager
def running_services(settings: Settings) -> Generator[BackingServices]:
    """Run the embedded services that the settings call for until the block ends; yield all services' addresses."""
    _refuse_ecr_without_queue(settings)
    plan = _plan(settings)
    _refuse_stand_ins_beside_what_is_real(settings, plan)
    embedded = nullcontext(EmbeddedFacts()) if plan.is_empty else embedded_services().running(plan)
    with embedded as facts:
        yield _where_everything_is(settings, facts)


def _plan(settings: Settings) -> EmbeddedPlan:
    roles = set(settings.roles)
    clusters = roles & (CLUSTER_ROLES | INGRESS_ROLES) and cluster_provider(settings) == "sandbox"
    registry = roles & CHART_ROLES and registry_provider(settings) == "sandbox"
    return EmbeddedPlan(
        postgres_port=None if _has_real_database(settings) else settings.postgres_port,
        identity_port=settings.identity_port
        if Role.API in roles and not _has_real_identity(settings)
        else None,
        simulator_ports=(settings.simulator_port, settings.simulator_ingress_port) if clusters else None,
        registry_port=settings.registry_port if registry else None,
        callback_url=f"{own_url(settings)}/auth/google/callback",
        folder=settings.data_dir.absolute(),
    )


def cluster_provider(settings: Settings) -> str:
    """Return where clusters are found; `auto` depends on the given settings, including those of the install chart."""
    if settings.cluster_provider != "auto":
        return settings.cluster_provider
    if settings.local_kubeconfig or settings.local_context or settings.kubeconfig_folder:
        return "local"
    return "eks" if _is_no_laptop(settings) else "sandbox"


def registry_provider(settings: Settings) -> str:
    """Return where charts are found; `auto` depends on the given settings, including those of the install chart."""
    if settings.registry_provider != "auto":
        return settings.registry_provider
    if settings.ecr_events_queue:
        return "ecr"
    if settings.oci_registry_url:
        return "oci"
    return "ecr" if _is_no_laptop(settings) else "sandbox"


def _is_no_laptop(settings: Settings) -> bool:
    return bool(settings.production or settings.self_namespace or why_no_stand_ins(settings))


def own_url(settings: Settings) -> str:
    """Return the public URL without a trailing slash; if none is set, that of the API's port on this machine."""
    return (settings.own_url or f"http://{LOOPBACK}:{settings.api_port}").rstrip("/")


def searches_charts(settings: Settings) -> bool:
    """Return whether this process searches for charts: it has the role, and ECR's queue or another registry is set."""
    return Role.CHARTS in settings.roles and (
        registry_provider(settings) != "ecr" or bool(settings.ecr_events_queue and settings.ecr_events_region)
    )


def _refuse_ecr_without_queue(settings: Settings) -> None:
    """Raise `PlatzError` if charts of ECR are asked for but no queue, or half of one.

    A process that has other work, and whose settings don't mention a registry, does that work.
    """
    if Role.CHARTS not in settings.roles or searches_charts(settings):
        return
    mentioned = settings.ecr_events_queue or settings.ecr_events_region or settings.registry_provider == "ecr"
    if mentioned or set(settings.roles) == {Role.CHARTS}:
        raise PlatzError(
            "PLATZ_ECR_EVENTS_QUEUE and PLATZ_ECR_EVENTS_REGION are needed to find charts in ECR."
            " Give them, or PLATZ_OCI_REGISTRY_URL, or leave the role charts out of PLATZ_ROLES."
        )


def _where_everything_is(settings: Settings, facts: EmbeddedFacts) -> BackingServices:
    simulated = facts.clusters
    return BackingServices(
        database=facts.database or _database_address(settings),
        own_url=own_url(settings),
        identity=facts.identity or _real_identity(settings),
        clusters=simulated,
        registry_url=facts.registry_url or settings.oci_registry_url,
        ingress=IngressRoute(
            connect=settings.ingress_connect or (simulated.ingress if simulated else None),
            ca=settings.ingress_ca or (simulated.ca if simulated else None),
            allowed=AllowedAddresses(private=networks(settings.ingress_private_networks)),
        ),
        cache=settings.data_dir.absolute(),
        encryption_key=facts.encryption_key,
        facts=facts,
    )


def real_database(settings: Settings) -> DatabaseAddress | None:
    """Return the database that the settings name, or None if it is embedded; raise `BadDatabaseAddress`."""
    address = _database_address(settings)
    return address if _has_real_database(settings) else None


def direct_database(settings: Settings) -> DatabaseAddress | None:
    """Return the address past a pooler, None if none is given; raise `BadDatabaseAddress`."""
    if not settings.database_direct_url:
        return None
    url = settings.database_direct_url.get_secret_value()
    tls = parse_tls_mode(settings.pgsslmode)
    return address_from_url(url, tls=tls, ca_file=settings.pgsslrootcert, setting="PLATZ_DATABASE_DIRECT_URL")


def _has_real_database(settings: Settings) -> bool:
    return bool(settings.database_url or settings.pghost)


def _has_real_identity(settings: Settings) -> bool:
    return bool(settings.oidc_server_url or settings.oidc_ssm_server_url)


def _real_identity(settings: Settings) -> IdentityFacts | None:
    if not (settings.oidc_server_url and settings.oidc_client_id and settings.oidc_client_secret):
        return None
    return IdentityFacts(
        issuer=settings.oidc_server_url,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret.get_secret_value(),
    )


def _database_address(settings: Settings) -> DatabaseAddress:
    tls = parse_tls_mode(settings.pgsslmode)
    if settings.database_url:
        url = settings.database_url.get_secret_value()
        return address_from_url(url, tls=tls, ca_file=settings.pgsslrootcert)
    return DatabaseAddress(
        host=settings.pghost or "",
        port=settings.pgport,
        database=settings.pgdatabase,
        user=settings.pguser,
        password=settings.pgpassword.get_secret_value() if settings.pgpassword else "",
        tls=tls,
        ca_file=settings.pgsslrootcert,
    )
