"""The banner printed at the start: which services are embedded or real, their addresses, and who can sign in."""

from __future__ import annotations

from collections.abc import Iterator

from platz.backing_services import (
    CHART_ROLES,
    CLUSTER_ROLES,
    INGRESS_ROLES,
    BackingServices,
    cluster_provider,
    registry_provider,
    searches_charts,
)
from platz.config import Role, Settings


def banner(settings: Settings, services: BackingServices, *, seconds: float) -> str:
    """Return the text to print once everything is ready; ``seconds`` is how long that took."""
    return "\n".join(_lines(settings, services, seconds)) + "\n"


def _lines(settings: Settings, services: BackingServices, seconds: float) -> Iterator[str]:
    yield ""
    yield f"Platz is ready after {seconds:.1f} s" + (
        f" at {services.own_url}" if Role.API in settings.roles else ""
    )
    yield ""
    yield f"  roles        {' '.join(role.value for role in settings.roles)}"
    yield from _database(services)
    if (CLUSTER_ROLES | INGRESS_ROLES) & set(settings.roles):
        yield from _clusters(settings, services)
    if CHART_ROLES & set(settings.roles):
        yield from _charts(settings, services)
    if Role.API in settings.roles:
        yield from _sign_in(services)
    yield ""
    if services.stand_ins:
        yield f"  Embedded stand-ins: {', '.join(services.stand_ins)}. They are for a laptop, not for production."
    yield "  Ctrl-C stops everything."
    yield ""


def _database(services: BackingServices) -> Iterator[str]:
    address = services.database
    if services.facts.database:
        yield "  database     embedded PostgreSQL (password: postgres)"
        yield f"               psql -h {address.host} -p {address.port} -U {address.user} {address.database}"
    else:
        yield f"  database     {address}"


def _clusters(settings: Settings, services: BackingServices) -> Iterator[str]:
    """Tell where clusters are found; a process that only calls deployments knows just the simulated ones."""
    simulated = services.facts.clusters
    if simulated:
        yield f"  clusters     simulated: {', '.join(simulated.names)}"
        yield f"               kubectl --kubeconfig {simulated.kubeconfig} get pods -A"
    elif not CLUSTER_ROLES & set(settings.roles):
        return
    elif cluster_provider(settings) == "eks":
        others = len(settings.eks_role_arns)
        yield "  clusters     EKS, in every region of " + (
            f"{1 + others} accounts" if others else "the account"
        )
    elif settings.kubeconfig_folder:
        yield f"  clusters     kubeconfigs in {settings.kubeconfig_folder}"
    else:
        yield f"  clusters     kubeconfig, context {settings.local_context or 'as it says'}"


def _charts(settings: Settings, services: BackingServices) -> Iterator[str]:
    """Tell where charts are found; a process that only deploys has no queue of events."""
    if registry_provider(settings) == "ecr":
        found = f", as the queue {settings.ecr_events_queue} tells" if searches_charts(settings) else ""
        lacking = (
            ", but no queue is set that tells of them" if Role.CHARTS in settings.roles and not found else ""
        )
        yield f"  charts       ECR{found}{lacking}"
    elif services.registry_url:
        kind = "sandbox registry with demo charts" if services.facts.registry_url else "registry"
        yield f"  charts       {kind} at {services.registry_url}"


def _sign_in(services: BackingServices) -> Iterator[str]:
    embedded = services.facts.identity
    if services.identity:
        kind = "sandbox identity provider" if embedded else "identity provider"
        yield f"  sign-in      {kind} at {services.identity.issuer}"
    else:
        yield "  sign-in      identity provider, as AWS SSM tells"
    for person in embedded.people if embedded else ():
        yield f"               {person.email:<32} password: {person.password:<12} {person.purpose}"
