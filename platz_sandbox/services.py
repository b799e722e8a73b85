"""All stand-ins together: started side by side, stopped in the mirrored order.

Invariant: either every part that was asked for answers, or nothing is left running.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from platz.db.address import DatabaseAddress
from platz_sandbox.data_folder import DataFolder
from platz_sandbox.ports import require_distinct, require_free
from platz_sandbox.postgres.server import EmbeddedPostgres
from platz_sandbox.respawner import Revival
from platz_sandbox.stand_in_process import StandInProcess

START_SECONDS = 30.0
STOP_SECONDS = 5.0
CLUSTERS = ("east", "west")
CLIENT_ID = "platz"


@dataclass(frozen=True, kw_only=True)
class SandboxPlan:
    """Which parts are stand-ins, and on which ports of 127.0.0.1 they answer."""

    postgres_port: int | None
    identity_port: int | None
    simulator_ports: tuple[int, int] | None
    registry_port: int | None
    callback_url: str
    users_file: Path

    @property
    def is_empty(self) -> bool:
        """True when everything is real."""
        return not self.ports

    @property
    def ports(self) -> list[int]:
        """Every port that a stand-in takes."""
        wanted = (self.postgres_port, self.identity_port, *(self.simulator_ports or ()), self.registry_port)
        return [port for port in wanted if port is not None]


@dataclass(frozen=True, kw_only=True)
class IdentityFacts:
    """How to use the identity provider."""

    issuer: str
    client_id: str
    client_secret: str
    users: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ClusterFacts:
    """How to use the simulated clusters: ``ingress`` is host:port, ``ca`` a PEM file."""

    kubeconfig: Path
    names: tuple[str, ...]
    ingress: str
    ca: Path
    control: str


@dataclass(frozen=True, kw_only=True)
class SandboxFacts:
    """What the parts that run announced."""

    database: DatabaseAddress | None = None
    identity: IdentityFacts | None = None
    clusters: ClusterFacts | None = None
    registry_url: str | None = None


class Sandbox:
    """Starts and stops the stand-ins of a plan."""

    def __init__(self, *, plan: SandboxPlan, folder: DataFolder) -> None:
        """``folder`` is open, and stays the caller's."""
        self._plan = plan
        self._folder = folder
        self._running = ExitStack()

    def start(self) -> SandboxFacts:
        """Start all parts side by side; raise `StandInFailed` with one sentence, everything stopped again."""
        require_distinct(self._plan.ports)
        with self._running as started, ThreadPoolExecutor(thread_name_prefix="sandbox") as pool:
            identity, clusters, registry = self._identity(), self._clusters(), self._registry()
            for process in (identity, clusters, registry):
                if process is not None:
                    process.start()
                    started.callback(process.stop, seconds=STOP_SECONDS)
            postgres = self._postgres()
            database = pool.submit(_start_postgres, postgres, started)
            facts = SandboxFacts(
                identity=identity and self._identity_facts(identity.wait_until_ready(seconds=START_SECONDS)),
                clusters=clusters and _cluster_facts(clusters.wait_until_ready(seconds=START_SECONDS)),
                registry_url=registry and str(registry.wait_until_ready(seconds=START_SECONDS)["url"]),
                database=database.result(),
            )
            revival = Revival([part for part in (postgres, identity, clusters, registry) if part])
            revival.start()
            started.callback(revival.stop)
            self._running = started.pop_all()
            return facts

    def stop(self) -> None:
        """Stop what runs."""
        self._running.close()

    def _postgres(self) -> EmbeddedPostgres | None:
        if self._plan.postgres_port is None:
            return None
        return EmbeddedPostgres(self._folder.path / "postgres", self._plan.postgres_port)

    def _identity(self) -> StandInProcess | None:
        port = self._plan.identity_port
        if port is None:
            return None
        require_free(port, purpose="the identity provider", setting="PLATZ_IDENTITY_PORT")
        self._folder.secret("oidc-client")
        return self._process(
            "identity provider",
            "platz_sandbox.identity",
            *("--port", str(port), "--issuer", f"http://127.0.0.1:{port}"),
            *("--users", str(self._plan.users_file), "--client-id", CLIENT_ID),
            *("--client-secret-file", str(self._folder.path / "secrets" / "oidc-client")),
            *("--redirect-uri", self._plan.callback_url),
        )

    def _clusters(self) -> StandInProcess | None:
        if self._plan.simulator_ports is None:
            return None
        port, ingress_port = self._plan.simulator_ports
        require_free(port, purpose="the Kubernetes simulator", setting="PLATZ_SIMULATOR_PORT")
        require_free(ingress_port, purpose="the simulated ingresses", setting="PLATZ_SIMULATOR_INGRESS_PORT")
        clusters = [word for name in CLUSTERS for word in ("--cluster", name)]
        return self._process(
            "Kubernetes simulator",
            "platz_sandbox.kubernetes",
            *("--port", str(port), "--ingress-port", str(ingress_port)),
            *clusters,
        )

    def _registry(self) -> StandInProcess | None:
        port = self._plan.registry_port
        if port is None:
            return None
        require_free(port, purpose="the chart registry", setting="PLATZ_REGISTRY_PORT")
        return self._process("chart registry", "platz_sandbox.registry", "--port", str(port))

    def _process(self, name: str, module: str, *arguments: str) -> StandInProcess:
        folder = self._folder.path / module.rpartition(".")[2]
        folder.mkdir(mode=0o700, exist_ok=True)
        return StandInProcess(
            name=name, module=module, arguments=[*arguments, "--data", str(folder)], log=folder / "log"
        )

    def _identity_facts(self, announced: Mapping[str, Any]) -> IdentityFacts:
        return IdentityFacts(
            issuer=str(announced["issuer"]),
            client_id=CLIENT_ID,
            client_secret=self._folder.secret("oidc-client"),
            users=tuple(announced["users"]),
        )


def _start_postgres(postgres: EmbeddedPostgres | None, started: ExitStack) -> DatabaseAddress | None:
    if postgres is None:
        return None
    postgres.start(seconds=START_SECONDS)
    started.callback(postgres.stop)
    return postgres.address


def _cluster_facts(announced: Mapping[str, Any]) -> ClusterFacts:
    return ClusterFacts(
        kubeconfig=Path(announced["kubeconfig"]),
        names=tuple(cluster["name"] for cluster in announced["clusters"]),
        ingress=str(announced["ingress"]),
        ca=Path(announced["ca"]),
        control=str(announced["control"]),
    )
