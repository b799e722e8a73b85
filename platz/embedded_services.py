"""Stand-ins as the product sees them: what it asks for, what it is told, and the one place that loads them.

Invariant: everything else in `platz` works without the package `platz_sandbox`; an installation that gives every
setting never imports it.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from platz.db.address import DatabaseAddress
from platz.errors import PlatzError


class SandboxNotInstalled(PlatzError):
    """A package that the stand-ins need is not installed."""

    def __init__(self, *, missing: str) -> None:
        """``missing`` names what is not installed."""
        super().__init__(
            f"The stand-ins are not installed ({missing} is missing): install `platz[sandbox]`,"
            " or give the settings of the real services."
        )


@dataclass(frozen=True, kw_only=True)
class EmbeddedPlan:
    """Which parts are embedded, on which ports of 127.0.0.1 they answer, and the folder that keeps their data."""

    postgres_port: int | None
    identity_port: int | None
    simulator_ports: tuple[int, int] | None
    registry_port: int | None
    callback_url: str
    folder: Path

    @property
    def is_empty(self) -> bool:
        """True when everything is real."""
        return not self.ports

    @property
    def ports(self) -> list[int]:
        """Every port that an embedded service takes."""
        wanted = (self.postgres_port, self.identity_port, *(self.simulator_ports or ()), self.registry_port)
        return [port for port in wanted if port is not None]


@dataclass(frozen=True, kw_only=True)
class DemoPerson:
    """Somebody who can sign in at the embedded identity provider, whose password everybody may know."""

    email: str
    password: str
    purpose: str


@dataclass(frozen=True, kw_only=True)
class IdentityFacts:
    """How to use the identity provider; ``people`` is empty for a real one."""

    issuer: str
    client_id: str
    client_secret: str
    people: tuple[DemoPerson, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ClusterFacts:
    """How to use the simulated clusters: ``ingress`` is host:port, ``ca`` a PEM file."""

    kubeconfig: Path
    names: tuple[str, ...]
    ingress: str
    ca: Path


@dataclass(frozen=True, kw_only=True)
class EmbeddedFacts:
    """What the embedded services announced; None for each part that is real."""

    database: DatabaseAddress | None = None
    encryption_key: str | None = None
    identity: IdentityFacts | None = None
    clusters: ClusterFacts | None = None
    registry_url: str | None = None


class EmbeddedServices(Protocol):
    """What `platz_sandbox` offers to the product."""

    def running(self, plan: EmbeddedPlan) -> AbstractContextManager[EmbeddedFacts]:
        """Run the plan's services until the block ends.

        Raises `SandboxNotInstalled`, and `PlatzError` with one sentence when one of them can't start.
        """
        ...

    def sign_in(self, authorization_url: str, email: str) -> str:
        """Sign in as a demo person and return where the browser would be sent.

        Raises `Rejected`, and `httpx.TransportError` when the provider can't be reached.
        """
        ...


def embedded_services() -> EmbeddedServices:
    """Load the stand-ins; raise `SandboxNotInstalled`."""
    try:
        module = import_module("platz_sandbox.sandbox")
    except ModuleNotFoundError as error:
        raise SandboxNotInstalled(missing=error.name or "platz_sandbox") from error
    return cast("EmbeddedServices", module.Sandbox())
