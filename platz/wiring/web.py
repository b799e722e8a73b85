"""The web side of the process: the application, the live feed, the readiness checks and the server."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import structlog
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

import platz
from platz.access.authentication import Authenticator
from platz.access.oidc import IdentityProvider
from platz.access.provider_documents import ProviderSettings, ProviderUnavailable, new_http_client
from platz.actors.actor_registry import ActorRegistry, Health
from platz.actors.supervisor import family
from platz.aws.ssm import parameter_values
from platz.backing_services import BackingServices
from platz.errors import PlatzError
from platz.http.application import build_application
from platz.http.database_counts import DatabaseCounts
from platz.http.health import Readiness, operation_routes
from platz.http.live.connection import LiveConnections, live_routes
from platz.http.live.feed import LiveFeed
from platz.http.live.gaps import MissedChangesReader
from platz.http.live.handshake import HandshakeAuthenticator
from platz.http.live.rights import RightsReader
from platz.http.pages.canonical_host import CanonicalHost
from platz.http.pages.frontend import pages
from platz.http.rate_limits import RateLimits, anonymous_limit, failed_token_limit
from platz.http.server import WebServer
from platz.http.services import Services
from platz.preview.previews import Previews
from platz.wiring.components import Components, task_services
from platz.wiring.weaknesses import weaknesses

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Web:
    """The objects that serve the web; ``listener`` and ``frontend`` are None if this process does not serve the API."""

    feed: LiveFeed
    readiness: Readiness
    listener: socket.socket | None
    frontend: ASGIApp | None
    components: Components

    def server(self) -> WebServer:
        """Make a server with an application of its own; raise `PlatzError` if this process does not serve the API."""
        if self.listener is None or self.frontend is None:
            raise PlatzError("This process does not serve the API.")
        services = _services(self.components)
        routes = _routes_beside(self.components, services, self.feed, self.readiness)
        frontend = CanonicalHost(self.frontend, own_url=services.own_url)
        return WebServer(
            lambda: build_application(services, beside=routes, frontend=frontend), listener=self.listener
        )


class NotReady(PlatzError):
    """Some of this process's actors are not at work."""


SILENT_SECONDS = 15.0
"""The time of three heartbeats: an actor that handled none of them is not working."""


def idle_actors(all_health: Iterable[Health]) -> list[str]:
    """Return the actors that are not ready but should be; runners don't count, as they come and go with clusters."""
    return [health.name for health in all_health if not health.ready and family(health.name) != "runner"]


def silent_actors(all_health: Iterable[Health]) -> list[str]:
    """Return the ready actors that have handled no message for too long, although heartbeats come every few seconds."""
    return [health.name for health in all_health if health.ready and health.silent_seconds > SILENT_SECONDS]


def make_web(components: Components, *, listener: socket.socket | None, actor_registry: ActorRegistry) -> Web:
    """Make the live feed and the checks of `/readyz`; the server is made later. Raises `FrontendMissing`."""

    def actors_work() -> None:
        health = actor_registry.health()
        if idle := idle_actors(health):
            raise NotReady(f"These actors are not at work yet: {', '.join(idle)}.")
        if silent := silent_actors(health):
            raise NotReady(f"These actors have been silent for {SILENT_SECONDS:g} s: {', '.join(silent)}.")

    return Web(
        feed=LiveFeed(
            RightsReader(components.database, components.tokens), MissedChangesReader(components.database)
        ),
        readiness=Readiness(
            {"database": components.database.check, "actors": actors_work},
            warnings=weaknesses(components.settings, components.services, components.cipher),
        ),
        listener=listener,
        frontend=pages(components.settings.frontend_dir) if listener else None,
        components=components,
    )


def _services(components: Components) -> Services:
    settings, backing = components.settings, components.services
    return Services(
        database=components.database,
        authenticator=Authenticator(components.database, components.tokens),
        tokens=components.tokens,
        identity_provider=IdentityProvider(
            lambda: _provider(components), new_http_client(), own_url=backing.own_url
        ),
        admin_emails=admin_emails(backing, settings.admin_emails),
        own_url=backing.own_url,
        version=platz.__version__,
        cipher=components.cipher,
        ingress=components.caller,
        request_threads=min(40, settings.db_pool_max_size),
        offered_previews=Previews(services=replace(task_services(components), helm=components.preview_helm)),
        rate_limits=RateLimits(
            anonymous=anonymous_limit(settings.anonymous_requests_per_minute),
            failed_tokens=failed_token_limit(settings.failed_tokens_per_minute),
        ),
    )


def admin_emails(services: BackingServices, configured: Sequence[str]) -> tuple[str, ...]:
    """Return the e-mails of those who become site admins at first sign-in; by default the sandbox's first user."""
    people = services.facts.identity.people if services.facts.identity else ()
    return tuple(configured) or tuple(person.email for person in people[:1])


def _provider(components: Components) -> ProviderSettings:
    identity = components.services.identity
    if identity is None:
        return _stored_provider(components)
    return ProviderSettings(
        server_url=identity.issuer,
        client_id=identity.client_id,
        client_secret=identity.client_secret,
        require_verified_email=components.settings.oidc_require_verified_email,
        email_claim=components.settings.oidc_email_claim,
    )


def _stored_provider(components: Components) -> ProviderSettings:
    """Read the provider's settings from SSM; raise `ProviderUnavailable`, whose cause only the log tells."""
    settings = components.settings
    names = [
        name
        for name in (
            settings.oidc_ssm_server_url,
            settings.oidc_ssm_client_id,
            settings.oidc_ssm_client_secret,
        )
        if name
    ]
    try:
        server_url, client_id, client_secret = (
            value.strip() for value in parameter_values(components.aws, names)
        )
    except PlatzError as error:
        log.error(  # noqa: TRY400 - a trace would not say more
            "The identity provider's settings can't be read", action="sign-in", reason=error.message
        )
        raise ProviderUnavailable("The settings of the identity provider can't be read right now.") from error
    return ProviderSettings(
        server_url=server_url,
        client_id=client_id,
        client_secret=client_secret,
        require_verified_email=settings.oidc_require_verified_email,
        email_claim=settings.oidc_email_claim,
    )


def _routes_beside(
    components: Components, services: Services, feed: LiveFeed, readiness: Readiness
) -> list[BaseRoute]:
    handshake = HandshakeAuthenticator(
        services.authenticator, components.tokens, components.database, own_url=components.services.own_url
    )
    counts = DatabaseCounts(
        components.database, max_age=components.settings.prometheus_update_interval.total_seconds()
    )
    return [*live_routes(LiveConnections(feed, handshake)), *operation_routes(readiness, counts)]
