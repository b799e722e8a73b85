"""The children that the supervisor starts, depending on the roles of this process."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import structlog

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
from platz.actors.task_dispatcher import TaskDispatcher
from platz.backing_services import searches_charts
from platz.config import Role
from platz.tasks.context import OperationContext
from platz.wiring.components import Components, task_services
from platz.wiring.sources import chart_search, cluster_source
from platz.wiring.web import Web

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def child_specs(components: Components, web: Web) -> list[ChildSpec]:
    """Return the children for this process's roles, in the order of their start."""
    return list(_children(components, web))


def runner_of(components: Components, served: ClusterServed) -> ChildSpec | None:
    """Return the runner of a served cluster, or None if this process does not run tasks."""
    settings = components.settings
    if Role.DEPLOY not in settings.roles:
        return None
    cluster = RunnerCluster(
        id=served.cluster_id,
        name=served.name,
        lease=served.lease,
        stop_helm=components.helm.end_owned_by,
        count_helm_apart=components.helm.count_apart,
    )
    services = task_services(components)
    context_of = partial(OperationContext, **vars(services), safe_until=components.leases.safe_until)
    start = partial(
        DeploymentRunner.start,
        cluster=cluster,
        context_of=context_of,
        task_limit=components.task_limit,
        max_concurrent_tasks=settings.tasks_per_cluster,
    )
    return ChildSpec(name=runner_name(served.cluster_id), start=start)


def _children(components: Components, web: Web) -> Iterator[ChildSpec]:
    database, roles = components.database, set(components.settings.roles)
    yield ChildSpec(name="database-listener", start=partial(DatabaseListener.start, database=database))
    if Role.TRACK in roles:
        start = partial(ResourceTracker.start, database=database, kube=components.served.client)
        yield ChildSpec(name="resource-tracker", start=start)
    if Role.CREDENTIALS in roles and not components.settings.disable_deployment_credentials:
        yield _credential_refresher(components)
    if Role.DEPLOY in roles:
        yield ChildSpec(name="task-dispatcher", start=partial(TaskDispatcher.start, database=database))
    if roles & {Role.CLUSTERS, Role.DEPLOY, Role.TRACK, Role.CREDENTIALS}:
        yield _cluster_discovery(components)
    if searches_charts(components.settings):
        yield _chart_discovery(components)
    elif Role.CHARTS in roles:
        log.warning(
            "No charts are searched for: PLATZ_ECR_EVENTS_QUEUE and PLATZ_OCI_REGISTRY_URL are not set",
            action="configure",
        )
    calls = {"leases": components.leases, "database": database, "caller": components.caller}
    if Role.STATUS in roles:
        yield ChildSpec(name="status-poller", start=partial(StatusPoller.start, **calls))
    if Role.RESOURCES in roles:
        start = partial(ResourceSync.start, **calls, cipher=components.cipher)
        yield ChildSpec(name="resource-sync", start=start)
    if Role.API in roles:
        start = partial(
            HttpGateway.start,
            server=web.server,
            feed=web.feed,
            begin_shutdown=web.readiness.begin_shutdown,
        )
        yield ChildSpec(name="http-gateway", start=start)


def _credential_refresher(components: Components) -> ChildSpec:
    start = partial(
        CredentialRefresher.start,
        database=components.database,
        kube=components.served.client,
        credentials=components.credentials,
        every_seconds=components.settings.deployment_credentials_refresh_interval.total_seconds(),
    )
    return ChildSpec(name="credential-refresher", start=start)


def _cluster_discovery(components: Components) -> ChildSpec:
    start = partial(
        ClusterDiscovery.start,
        database=components.database,
        source=cluster_source(components),
        leases=components.leases,
        served=components.served,
        every_seconds=components.settings.k8s_refresh_interval.total_seconds(),
    )
    return ChildSpec(name="cluster-discovery", start=start)


def _chart_discovery(components: Components) -> ChildSpec:
    start = partial(
        ChartDiscovery.start,
        leases=components.leases,
        database=components.database,
        plan=chart_search(components),
        parse_tags=components.settings.enable_tag_parser,
    )
    return ChildSpec(name="chart-discovery", start=start)
