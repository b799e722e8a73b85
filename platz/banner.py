"""The banner printed at the start: which services are embedded or real, their addresses, and who can sign in."""

from __future__ import annotations

from collections.abc import Iterator

from platz.backing_services import BackingServices, cluster_provider, registry_provider
from platz.config import Role, Settings


def banner(settings: Settings, services: BackingServices, *, seconds: float) -> str:
    """Return the text to print once everything is ready; ``seconds`` is how long that took."""
    return "\n".join(_lines(settings, services, seconds)) + "\n"


def _lines(settings: Settings, services: BackingServices, seconds: float) -> Iterator[str]:
    facts, address = services.facts, services.database
    yield ""
    yield f"Platz is ready after {seconds:.1f} s" + (
        f" at {services.own_url}" if Role.API in settings.roles else ""
    )
    yield ""
    yield f"  roles        {' '.join(role.value for role in settings.roles)}"
    if facts.database:
        yield "  database     embedded PostgreSQL (password: postgres)"
        yield f"               psql -h {address.host} -p {address.port} -U {address.user} {address.database}"
    else:
        yield f"  database     {address}"
    if facts.clusters:
        yield f"  clusters     simulated: {', '.join(facts.clusters.names)}"
        yield f"               kubectl --kubeconfig {facts.clusters.kubeconfig} get pods -A"
    elif cluster_provider(settings) == "eks":
        yield "  clusters     EKS, in every region of the account"
    else:
        yield f"  clusters     kubeconfig, context {settings.local_context or 'as it says'}"
    if registry_provider(settings) == "ecr":
        yield f"  charts       ECR, as the queue {settings.ecr_events_queue} tells"
    elif services.registry_url:
        kind = "sandbox registry with demo charts" if facts.registry_url else "registry"
        yield f"  charts       {kind} at {services.registry_url}"
    if services.identity:
        kind = "sandbox identity provider" if facts.identity else "identity provider"
        yield f"  sign-in      {kind} at {services.identity.issuer}"
    if facts.identity:
        for person in facts.identity.people:
            yield f"               {person.email:<32} password: {person.password:<12} {person.purpose}"
    yield ""
    if services.stand_ins:
        yield f"  Embedded stand-ins: {', '.join(services.stand_ins)}. They are for a laptop, not for production."
    yield "  Ctrl-C stops everything."
    yield ""
