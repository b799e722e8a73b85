"""What is said at start: what is embedded, what is real, where everything is, and who may sign in."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from platz.backing_services import USERS_FILE, Surroundings, cluster_provider, registry_provider
from platz.config import Role, Settings


def banner(settings: Settings, surroundings: Surroundings, *, seconds: float) -> str:
    """The lines to print once everything is ready; ``seconds`` is how long that took."""
    return "\n".join(_lines(settings, surroundings, seconds)) + "\n"


def _lines(settings: Settings, surroundings: Surroundings, seconds: float) -> Iterator[str]:
    facts, address = surroundings.facts, surroundings.database
    yield ""
    yield f"Platz is ready after {seconds:.1f} s" + (
        f" at {surroundings.own_url}" if Role.API in settings.roles else ""
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
    elif surroundings.registry_url:
        kind = "sandbox registry with demo charts" if facts.registry_url else "registry"
        yield f"  charts       {kind} at {surroundings.registry_url}"
    if surroundings.identity:
        kind = "sandbox identity provider" if facts.identity else "identity provider"
        yield f"  sign-in      {kind} at {surroundings.identity.issuer}"
    if facts.identity:
        yield from _users()
    yield ""
    if surroundings.stand_ins:
        yield f"  Embedded stand-ins: {', '.join(surroundings.stand_ins)}. They are for a laptop, not for production."
    yield "  Ctrl-C stops everything."
    yield ""


def _users() -> Iterator[str]:
    for user in orjson.loads(USERS_FILE.read_bytes())["users"]:
        yield f"               {user['email']:<32} password: {user['password']:<12} {user.get('purpose', '')}"
