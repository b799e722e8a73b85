"""The sources in which this process searches for clusters and charts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from platz.actors.chart_discovery import SearchPlan
from platz.aws.caller import account_number
from platz.aws.ecr import EcrImages
from platz.aws.sqs import EventQueue
from platz.backing_services import cluster_provider, registry_provider
from platz.discovery.cluster_source import ClusterSource
from platz.discovery.ecr_charts import EcrSearch
from platz.discovery.eks_clusters import EksSource
from platz.discovery.findings import FirstSight
from platz.discovery.kubeconfig_clusters import KubeconfigSource
from platz.discovery.kubeconfig_folder import KubeconfigFolder
from platz.discovery.oci_charts import OciSearch, registry_domain
from platz.errors import PlatzError
from platz.helm.registry_client import RegistryClient
from platz.kube.kubeconfig import KubeconfigChoice
from platz.wiring.components import Components
from platz.wiring.registry_clients import ecr_client

ECR_PAUSE_SECONDS = 0.5  # between two rounds, each of which waits for messages from the queue


def chart_search(components: Components) -> SearchPlan:
    """Return the plan for searching the configured registry; raise `PlatzError` if none is set."""
    settings, url = components.settings, components.services.registry_url
    if registry_provider(settings) == "ecr":
        return SearchPlan(
            source=f"{settings.ecr_events_region}/{settings.ecr_events_queue}",
            make=partial(_ecr_search, components),
            every_seconds=ECR_PAUSE_SECONDS,
        )
    if url is None:
        raise PlatzError("No chart registry is set: give PLATZ_OCI_REGISTRY_URL.")

    def search() -> OciSearch:
        return OciSearch(
            registry=RegistryClient(url), database=components.database, domain=registry_domain(url)
        )

    return SearchPlan(
        source=registry_domain(url), make=search, every_seconds=settings.oci_poll_interval.total_seconds()
    )


def _ecr_search(components: Components) -> EcrSearch:
    settings = components.settings
    queue = EventQueue(
        components.aws, name=settings.ecr_events_queue or "", region=settings.ecr_events_region or ""
    )
    return EcrSearch(
        queue=queue,
        images=EcrImages(components.aws),
        database=components.database,
        client_of=partial(ecr_client, components.aws),
        own_account=partial(account_number, components.aws),
        accounts=frozenset(settings.ecr_accounts),
    )


def cluster_source(components: Components) -> ClusterSource:
    """Return the source of clusters for the configured provider."""
    settings, simulated = components.settings, components.services.clusters
    environment = dict(os.environ)  # a kubeconfig's exec plugins get the environment, as with kubectl
    if simulated is not None:
        choice = KubeconfigChoice(home=Path.home(), file=simulated.kubeconfig)
        return KubeconfigSource(
            choice, environment=environment, contexts=simulated.names, first_sight=_sandbox_first_sight
        )
    if cluster_provider(settings) == "eks":
        return EksSource(components.aws, *map(components.aws.assuming, settings.eks_role_arns))
    if settings.kubeconfig_folder is not None:
        return KubeconfigFolder(settings.kubeconfig_folder, environment=environment)
    return _kubeconfig_source(components, environment)


def _kubeconfig_source(components: Components, environment: Mapping[str, str]) -> KubeconfigSource:
    settings = components.settings
    choice = KubeconfigChoice(
        home=Path.home(),
        file=settings.local_kubeconfig,
        path_list=settings.kubeconfig,
        context=settings.local_context,
    )
    return KubeconfigSource(choice, environment=environment)


def _sandbox_first_sight(context: str) -> FirstSight:
    """Return the first settings of a simulated cluster, which is ready for use as soon as it is found."""
    return FirstSight(
        env_name="Default",
        ignore=False,
        ingress_domain=f"{context}.platz.localhost",
        ingress_class="sandbox",
        ingress_tls_secret_name="platz-sandbox-tls",  # noqa: S106 - a name
    )
