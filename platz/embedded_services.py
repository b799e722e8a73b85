"""The interface to the embedded services (stand-ins): what Platz asks of them, what they return, and how they load.

Invariant: the rest of `platz` works without the package `platz_sandbox`, and an installation whose settings name
every real service never imports it.
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
        """Take ``missing``, the name of the module that is not installed."""
        super().__init__(
            f"The stand-ins are not installed ({missing} is missing): install `platz[sandbox]`,"
            " or give the settings of the real services."
        )


@dataclass(frozen=True, kw_only=True)
class EmbeddedPlan:
    """The embedded services to run, by their ports on 127.0.0.1 (None: not embedded), and the folder of their data."""

    postgres_port: int | None
    identity_port: int | None
    simulator_ports: tuple[int, int] | None
    registry_port: int | None
    callback_url: str
    folder: Path

    @property
    def is_empty(self) -> bool:
        """Whether no service is embedded."""
        return not self.ports

    @property
    def ports(self) -> list[int]:
        """The ports that the embedded services listen on."""
        wanted = (self.postgres_port, self.identity_port, *(self.simulator_ports or ()), self.registry_port)
        return [port for port in wanted if port is not None]


@dataclass(frozen=True, kw_only=True)
class DemoPerson:
    """A demo user of the embedded identity provider, with a password that is no secret."""

    email: str
    password: str
    purpose: str


@dataclass(frozen=True, kw_only=True)
class IdentityFacts:
    """The issuer and client credentials of the identity provider; ``people`` is empty for a real one."""

    issuer: str
    client_id: str
    client_secret: str
    people: tuple[DemoPerson, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ClusterFacts:
    """How to reach the simulated clusters: ``ingress`` is host:port, ``ca`` a PEM file."""

    kubeconfig: Path
    names: tuple[str, ...]
    ingress: str
    ca: Path


@dataclass(frozen=True, kw_only=True)
class EmbeddedFacts:
    """How to reach the embedded services; None for each service that is real."""

    database: DatabaseAddress | None = None
    encryption_key: str | None = None
    identity: IdentityFacts | None = None
    clusters: ClusterFacts | None = None
    registry_url: str | None = None


class EmbeddedServices(Protocol):
    """The functions that `platz_sandbox` offers to Platz."""

    def require(self, plan: EmbeddedPlan) -> None:
        """Raise `SandboxNotInstalled` when a package that the plan's services need is missing."""
        ...

    def running(self, plan: EmbeddedPlan) -> AbstractContextManager[EmbeddedFacts]:
        """Run the plan's services until the block ends.

        Raises `SandboxNotInstalled`, or `PlatzError` with one sentence when a service can't start.
        """
        ...

    def sign_in(self, authorization_url: str, email: str) -> str:
        """Sign in as a demo user and return the URL to which the browser would be redirected.

        Raises `Rejected`, or `httpx.TransportError` when the provider can't be reached.
        """
        ...


def embedded_services() -> EmbeddedServices:
    """Load the stand-ins and return them; raise `SandboxNotInstalled`."""
    try:
        module = import_module("platz_sandbox.sandbox")
    except ModuleNotFoundError as error:
        raise SandboxNotInstalled(missing=error.name or "platz_sandbox") from error
    return cast("EmbeddedServices", module.Sandbox())
