"""A running simulator as the tests see it, and the objects that they put into it."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson

from platz_sandbox.kubernetes.control import Control
from platz_sandbox.stand_in_process import StandInProcess


def simulator_process(folder: Path, *extra: str) -> StandInProcess:
    """Return a quick simulator of two clusters that keeps its state in the folder."""
    quick = ("--ready-seconds", "0.1", "--run-seconds", "0.1", "--terminate-seconds", "0.05")
    return StandInProcess(
        name="clusters",
        module="platz_sandbox.kubernetes",
        arguments=["--data", str(folder / "data"), "--cluster", "east", "--cluster", "west", *quick, *extra],
        log=folder / "log",
    )


@dataclass(frozen=True, kw_only=True)
class Simulator:
    """A running simulator and how to reach it."""

    facts: Mapping[str, Any]
    folder: Path

    @property
    def kubeconfig(self) -> Path:
        return Path(self.facts["kubeconfig"])

    @property
    def control(self) -> Control:
        return Control.of(self.facts)

    def server(self, cluster: str = "east") -> str:
        return next(c["server"] for c in self.facts["clusters"] if c["name"] == cluster)

    def token(self, cluster: str = "east") -> str:
        users = orjson.loads(self.kubeconfig.read_bytes())["users"]
        return next(user["user"]["token"] for user in users if user["name"] == cluster)

    def http(self, cluster: str = "east", **options: Any) -> httpx.Client:
        """Return a plain HTTP client of one cluster."""
        options.setdefault("headers", {"authorization": f"Bearer {self.token(cluster)}"})
        context = ssl.create_default_context(cafile=self.facts["ca"])
        return httpx.Client(base_url=self.server(cluster), verify=context, timeout=10, **options)

    def ingress(self) -> httpx.Client:
        """Return an HTTP client of the ingress stand-in; `host` goes into the request's extensions."""
        context = ssl.create_default_context(cafile=self.facts["ca"])
        return httpx.Client(base_url=f"https://{self.facts['ingress']}", verify=context, timeout=10)


def workload(
    name: str = "web", *, kind: str = "Deployment", replicas: int = 2, **template: Any
) -> dict[str, Any]:
    """Return a Deployment or StatefulSet; ``template``: image, annotations, env."""
    container = {
        "name": "main",
        "image": template.get("image", "registry.example/web:1"),
        "env": template.get("env", []),
    }
    metadata = {"labels": {"app": name}, "annotations": template.get("annotations", {})}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": metadata, "spec": {"containers": [container]}},
        },
    }
