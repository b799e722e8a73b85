"""All stand-ins together: started side by side, stopped in reverse order.

Invariant: either every stand-in of the plan answers, or none is left running.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from platz.db.address import DatabaseAddress
from platz.embedded_services import ClusterFacts, DemoPerson, EmbeddedFacts, EmbeddedPlan, IdentityFacts
from platz.web_addresses import LOOPBACK
from platz_sandbox.data_folder import DataFolder
from platz_sandbox.identity.people import USERS_FILE, read_users
from platz_sandbox.identity.sign_in import sign_in
from platz_sandbox.ports import require_distinct, require_free
from platz_sandbox.postgres.account import installed_package
from platz_sandbox.postgres.embedded_postgres import EmbeddedPostgres
from platz_sandbox.respawner import Respawner
from platz_sandbox.stand_in_process import StandInProcess

START_SECONDS = 30.0
STOP_SECONDS = 5.0
CLUSTERS = ("east", "west")
CLIENT_ID = "platz"


class Sandbox:
    """The stand-ins as Platz uses them (implements `platz.embedded_services.EmbeddedServices`)."""

    def require(self, plan: EmbeddedPlan) -> None:
        """Raise `SandboxNotInstalled` when a package that the plan's stand-ins need is missing."""
        if plan.postgres_port is not None:
            installed_package()

    @contextmanager
    def running(self, plan: EmbeddedPlan) -> Generator[EmbeddedFacts]:
        """Run the plan's stand-ins until the block ends.

        Raises `SandboxNotInstalled` before anything is made, and `StandInFailed` when a stand-in does not start.
        """
        self.require(plan)
        folder = DataFolder(plan.folder)
        folder.open()
        sandbox = _RunningSandbox(plan=plan, folder=folder)
        try:
            yield sandbox.start()
        finally:
            sandbox.stop()
            folder.close()

    def sign_in(self, authorization_url: str, email: str) -> str:
        """Sign in as a demo user; return the URL to which the browser would be redirected."""
        return sign_in(authorization_url, email)


class _RunningSandbox:
    """The running stand-ins of a plan."""

    def __init__(self, *, plan: EmbeddedPlan, folder: DataFolder) -> None:
        """Take ``folder``, which is open; the caller closes it."""
        self._plan = plan
        self._folder = folder
        self._running = ExitStack()

    def start(self) -> EmbeddedFacts:
        """Start all stand-ins side by side; when one fails, stop the others and raise `StandInFailed`."""
        require_distinct(self._plan.ports)
        with self._running as started, ThreadPoolExecutor(thread_name_prefix="sandbox") as pool:
            identity, clusters, registry = self._identity(), self._clusters(), self._registry()
            for process in (identity, clusters, registry):
                if process is not None:
                    process.start()
                    started.callback(process.stop, seconds=STOP_SECONDS)
            postgres = self._postgres()
            database = pool.submit(_start_postgres, postgres, started)
            facts = EmbeddedFacts(
                identity=identity and self._identity_facts(identity.wait_until_ready(seconds=START_SECONDS)),
                clusters=clusters and _cluster_facts(clusters.wait_until_ready(seconds=START_SECONDS)),
                registry_url=registry and str(registry.wait_until_ready(seconds=START_SECONDS)["url"]),
                database=database.result(),
                encryption_key=None if postgres is None else self._folder.secret("encryption-key"),
            )
            respawner = Respawner([part for part in (postgres, identity, clusters, registry) if part])
            respawner.start()
            started.callback(respawner.stop)
            self._running = started.pop_all()
            return facts

    def stop(self) -> None:
        """Stop the stand-ins."""
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
            *("--port", str(port), "--issuer", f"http://{LOOPBACK}:{port}"),
            *("--users", str(USERS_FILE), "--client-id", CLIENT_ID),
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
            people=tuple(
                DemoPerson(email=user.email, password=user.password, purpose=user.purpose)
                for user in read_users(USERS_FILE).everyone()
            ),
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
    )
