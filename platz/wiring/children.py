"""The children that the supervisor starts, by the roles of this process."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from platz.actors.chart_discovery import ChartDiscovery
from platz.actors.cluster_discovery import ClusterDiscovery
from platz.actors.credential_refresher import CredentialRefresher
from platz.actors.database_listener import DatabaseListener
from platz.actors.deployment_runner import DeploymentRunner, RunnerCluster
from platz.actors.http_gateway import HttpGateway
from platz.actors.messages import ClusterServed
from platz.actors.resource_sync import ResourceSync
from platz.actors.resource_tracker import ResourceTracker
from platz.actors.status_poller import StatusPoller
from platz.actors.supervisor import ChildSpec, runner_name
from platz.config import Role
from platz.tasks.context import OperationContext
from platz.wiring.components import Parts
from platz.wiring.sources import chart_search, cluster_source
from platz.wiring.web import Web


def children_of(parts: Parts, web: Web) -> list[ChildSpec]:
    """The children for this process's roles, in the order of their start."""
    return list(_children(parts, web))


def runner_of(parts: Parts, served: ClusterServed) -> ChildSpec | None:
    """The runner that a served cluster needs, unless this process does not run tasks."""
    settings = parts.settings
    if Role.DEPLOY not in settings.roles:
        return None
    cluster = RunnerCluster(
        id=served.cluster_id,
        name=served.name,
        stop_helm=parts.helm.kill_owned_by,
    )
    context = OperationContext(
        database=parts.database,
        kube=parts.served.client,
        helm=parts.helm,
        archives=parts.archives,
        caller=parts.caller,
        credentials=parts.credentials,
        decrypt=parts.cipher.decrypt,
        helm_timeout=settings.helm_timeout,
    )
    start = partial(
        DeploymentRunner.start,
        cluster=cluster,
        context=context,
        slots=parts.slots,
        most=settings.tasks_per_cluster,
    )
    return ChildSpec(name=runner_name(served.cluster_id), start=start)


def _children(parts: Parts, web: Web) -> Iterator[ChildSpec]:
    database, roles = parts.database, set(parts.settings.roles)
    yield ChildSpec(name="database-listener", start=partial(DatabaseListener.start, database=database))
    if Role.TRACK in roles:
        start = partial(ResourceTracker.start, database=database, kube=parts.served.client)
        yield ChildSpec(name="resource-tracker", start=start)
    if Role.CREDENTIALS in roles and not parts.settings.disable_deployment_credentials:
        yield _credential_refresher(parts)
    if roles & {Role.CLUSTERS, Role.DEPLOY, Role.TRACK, Role.CREDENTIALS}:
        yield _cluster_discovery(parts)
    if Role.CHARTS in roles:
        yield _chart_discovery(parts)
    calls = {"leases": parts.leases, "database": database, "caller": parts.caller}
    if Role.STATUS in roles:
        yield ChildSpec(name="status-poller", start=partial(StatusPoller.start, **calls))
    if Role.RESOURCES in roles:
        start = partial(ResourceSync.start, **calls, decrypt=parts.cipher.decrypt)
        yield ChildSpec(name="resource-sync", start=start)
    if Role.API in roles:
        start = partial(
            HttpGateway.start,
            server=web.server,
            feed=web.feed,
            begin_shutdown=web.readiness.begin_shutdown,
        )
        yield ChildSpec(name="http-gateway", start=start)


def _credential_refresher(parts: Parts) -> ChildSpec:
    start = partial(
        CredentialRefresher.start,
        database=parts.database,
        kube=parts.served.client,
        credentials=parts.credentials,
        every_seconds=parts.settings.deployment_credentials_refresh_interval.total_seconds(),
    )
    return ChildSpec(name="credential-refresher", start=start)


def _cluster_discovery(parts: Parts) -> ChildSpec:
    start = partial(
        ClusterDiscovery.start,
        database=parts.database,
        source=cluster_source(parts),
        leases=parts.leases,
        served=parts.served,
        every_seconds=parts.settings.k8s_refresh_interval.total_seconds(),
    )
    return ChildSpec(name="cluster-discovery", start=start)


def _chart_discovery(parts: Parts) -> ChildSpec:
    start = partial(
        ChartDiscovery.start,
        leases=parts.leases,
        database=parts.database,
        plan=chart_search(parts),
        parse_tags=parts.settings.enable_tag_parser,
    )
    return ChildSpec(name="chart-discovery", start=start)
