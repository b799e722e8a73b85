"""The components: plain objects that the actors and the web server share, made from settings and backing services.

Invariant: no component's thread is started here, and the `ExitStack` closes every component that holds a resource, in
reverse order.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from platz import metrics
from platz.access.tokens import Tokens
from platz.actors.concurrency_limit import ConcurrencyLimit
from platz.actors.served_clusters import ServedClusters
from platz.aws.sessions import AwsAccount
from platz.backing_services import BackingServices, direct_database
from platz.charts.documents.features import OutsideChanges
from platz.config import Settings, SettingsError
from platz.db.address import DatabaseAddress, PoolLimits
from platz.db.database import Database
from platz.db.encryption import Cipher, NoCipher
from platz.db.leases import LeaseKeeper
from platz.db.sessions.pooler_probe import check_sessions
from platz.db.tables.settings import jwt_secret
from platz.discovery.archives import ArchiveCache
from platz.helm.process_pool import HelmLimits, HelmProcesses, HelmSetup
from platz.memory_limit import memory_limit
from platz.observation.deployment_credentials import Credentials
from platz.observation.ingress import IngressCaller
from platz.tasks.context import TaskServices
from platz.web_addresses import normalised_url
from platz.wiring.helm_room import HelmRoom, helm_room
from platz.wiring.registry_clients import registry_client_of


@dataclass(frozen=True, kw_only=True)
class Components:
    """The plain objects that the actors and the web server share.

    ``preview_helm`` is for previews, so that they neither wait for tasks nor hold them up.
    """

    settings: Settings
    services: BackingServices
    database: Database
    cipher: Cipher
    tokens: Tokens
    leases: LeaseKeeper
    served: ServedClusters
    helm: HelmProcesses
    preview_helm: HelmProcesses
    archives: ArchiveCache
    caller: IngressCaller
    task_limit: ConcurrencyLimit
    aws: AwsAccount

    @property
    def credentials(self) -> Credentials:
        """The parameters from which the credentials of deployments are made."""
        return Credentials(
            tokens=self.tokens,
            own_url=normalised_url(self.services.own_url),
            lifetime=self.settings.deployment_credentials_token_duration,
        )


def task_services(components: Components) -> TaskServices:
    """Return the services that operations use, for tasks and for previews of them."""
    settings = components.settings
    return TaskServices(
        database=components.database,
        kube=components.served.client,
        helm=components.helm,
        archives=components.archives,
        caller=components.caller,
        credentials=components.credentials,
        cipher=components.cipher,
        helm_timeout=settings.helm_timeout,
        outside_changes=OutsideChanges(settings.outside_changes),
    )


def open_database(settings: Settings, address: DatabaseAddress, stack: ExitStack) -> Database:
    """Make the connection pool and check that the database responds; raise `DatabaseUnreachable`."""
    limits = PoolLimits(
        max_size=settings.db_pool_max_size,
        min_idle=settings.db_pool_min_idle or 0,
        connection_timeout=settings.db_pool_connection_timeout,
        idle_timeout=settings.db_pool_idle_timeout,
        max_lifetime=settings.db_pool_max_lifetime,
    )
    database = Database(address, limits, direct=direct_database(settings))
    stack.callback(database.close)
    database.check()
    check_sessions(database)
    database.warm()
    return database


def cipher_of(settings: Settings, *, sandbox_key: str | None = None) -> Cipher:
    """Return the cipher for encryption at rest, with the keys from the settings, else the sandbox's key, else none."""
    keys = [key.get_secret_value() for key in settings.encryption_keys]
    if not keys and sandbox_key:
        keys = [sandbox_key]
    return Cipher(keys) if keys else NoCipher()


def make_components(
    settings: Settings,
    services: BackingServices,
    database: Database,
    cipher: Cipher,
    lost_leases: Callable[[frozenset[str]], None],
    stack: ExitStack,
) -> Components:
    """Make the components; ``lost_leases`` is called with the names of leases that this process has lost."""
    aws = AwsAccount(region=settings.aws_region)
    room = helm_room(settings, memory_limit())
    helm = _helm(settings, services, _limits(room, room.tasks, warm=min(room.tasks, 1)))
    preview_helm = _helm(settings, services, _limits(room, room.previews, warm=0))

    def lost(names: frozenset[str]) -> None:
        served.clear()  # first, so that no task starts Helm again: the next owner may be about to run it
        helm.kill_all()
        lost_leases(names)

    leases = LeaseKeeper(
        database,
        lost,
        on_renewed=helm.prolong,
        end_work=lambda lease: helm.end_owned_by(lease.name),
    )
    served = ServedClusters(leases.is_safe, roles=settings.roles)
    components = Components(
        settings=settings,
        services=services,
        database=database,
        cipher=cipher,
        tokens=Tokens(_signing_key(database, cipher)),
        leases=leases,
        served=served,
        helm=helm,
        preview_helm=preview_helm,
        archives=ArchiveCache(services.cache / "charts", registry_client_of(services.registry_url, aws)),
        caller=IngressCaller(services.ingress, api_servers=lambda: _api_servers(settings, served)),
        task_limit=ConcurrencyLimit(room.tasks),
        aws=aws,
    )
    metrics.leases_held.set_function(lambda: len(components.leases.held()))
    stack.callback(components.helm.close)
    stack.callback(components.preview_helm.close)
    stack.callback(components.leases.stop)
    return components


def _api_servers(settings: Settings, served: ServedClusters) -> frozenset[str]:
    """Return the URLs of the API servers that this process knows: of the clusters that it serves, and of its own."""
    own = settings.kubernetes_service_host
    return served.api_servers() | frozenset({f"https://{own}"} if own else ())


def _signing_key(database: Database, cipher: Cipher) -> Callable[[], str]:
    def read() -> str:
        with database.transaction() as connection:
            return jwt_secret(connection, cipher)

    return read


def _limits(room: HelmRoom, parallel: int, *, warm: int) -> HelmLimits:
    return HelmLimits(parallel=parallel, warm=warm, memory_bytes=room.memory_bytes)


def _helm(settings: Settings, services: BackingServices, limits: HelmLimits) -> HelmProcesses:
    folder = services.cache / "helm"
    setup = HelmSetup(folder=folder, environment=dict(os.environ), executable=settings.helm_executable)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return HelmProcesses(setup, limits)
    except OSError as error:
        raise SettingsError(
            f"The data folder {services.cache} can't be written: {error.strerror}. Make it writable, free space on its"
            " disk, or let PLATZ_DATA_DIR name another folder."
        ) from error
