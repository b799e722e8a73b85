"""The backing services of a production installation: database, identity provider, cluster and registry.

Each runs in a process of the test's own, so copies of Platz and the services can be killed independently.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from acceptance.platz_process import free_ports
from repository import SANDBOX_USERS

from platz_sandbox.postgres.embedded_postgres import EmbeddedPostgres
from platz_sandbox.stand_in_process import StandInProcess

START_SECONDS = 30.0


class Outside:
    """The backing services; with `settings`, a Platz process uses them."""

    def __init__(self, folder: Path, *, own_url: str) -> None:
        self._own_url = own_url
        self._secret = folder / "client-secret"
        self._secret.write_text("a-client-secret-of-the-tests")
        self.database = EmbeddedPostgres(folder / "postgres", free_ports()["PLATZ_POSTGRES_PORT"])
        self._identity = self._stand_in(
            folder,
            "identity",
            *("--users", str(SANDBOX_USERS), "--client-id", "platz"),
            *("--client-secret-file", str(self._secret)),
            *("--redirect-uri", f"{own_url}/auth/google/callback"),
            *("--issuer", f"http://127.0.0.1:{(port := free_ports()['PLATZ_IDENTITY_PORT'])}"),
            *("--port", str(port)),
        )
        self._clusters = self._stand_in(
            folder, "kubernetes", "--cluster", "east", "--port", "0", "--ingress-port", "0"
        )
        self._registry = self._stand_in(folder, "registry", "--port", "0")
        self._stand_ins = (self._identity, self._clusters, self._registry)
        self.clusters: Mapping[str, Any] = {}
        self.settings: Mapping[str, str] = {}

    def start(self) -> None:
        for part in self._stand_ins:
            part.start()
        self.database.start()
        identity, self.clusters, registry = (
            part.wait_until_ready(seconds=START_SECONDS) for part in self._stand_ins
        )
        self.settings = {
            "DATABASE_URL": f"postgresql://postgres:postgres@127.0.0.1:{self.database.address.port}/platz",
            "OIDC_SERVER_URL": str(identity["issuer"]),
            "OIDC_CLIENT_ID": "platz",
            "OIDC_CLIENT_SECRET": self._secret.read_text(),
            "ADMIN_EMAILS": "admin@platz.localhost",
            "PLATZ_CLUSTER_PROVIDER": "local",
            "PLATZ_LOCAL_KUBECONFIG": str(self.clusters["kubeconfig"]),
            "PLATZ_LOCAL_CONTEXT": "east",
            "PLATZ_OCI_REGISTRY_URL": str(registry["url"]),
            "PLATZ_INGRESS_CONNECT": str(self.clusters["ingress"]),
            "PLATZ_INGRESS_CA": str(self.clusters["ca"]),
            "PLATZ_OWN_URL": self._own_url,
            "PLATZ_PRODUCTION": "1",
            "PLATZ_STOP_TIMEOUT": "5s",
        }

    def stop(self) -> None:
        for part in self._stand_ins:
            part.stop(seconds=5)
        self.database.stop()

    def _stand_in(self, folder: Path, name: str, *arguments: str) -> StandInProcess:
        return StandInProcess(
            name=name,
            module=f"platz_sandbox.{name}",
            arguments=[*arguments, "--data", str(folder / name)],
            log=folder / f"{name}.log",
        )
