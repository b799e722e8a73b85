"""An API client that acts as a browser does: it signs in through the provider and sends the token."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from waiting import eventually

from platz_sandbox.identity.sign_in import sign_in

ADMIN = "admin@platz.localhost"
TASK_SECONDS = 40.0


class Client:
    """A client of the API with one identity; each request names the status that it expects."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.token = token
        self.http = httpx.Client(
            base_url=f"{url}/api/v2",
            headers={"Authorization": f"Bearer {token}"},
            timeout=30.0,
            verify=False,
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.http.close()

    def call(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        """Send a request; return the JSON of the response, which must have ``status``."""
        answer = self.http.request(method, path, json=body)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def get(self, path: str) -> Any:
        return self.call("GET", path)

    def post(self, path: str, body: Any, *, status: int = 201) -> Any:
        return self.call("POST", path, body, status=status)

    def put(self, path: str, body: Any, *, status: int = 200) -> Any:
        return self.call("PUT", path, body, status=status)

    def delete(self, path: str, *, status: int = 204) -> Any:
        return self.call("DELETE", path, status=status)

    def items(self, path: str, **params: Any) -> list[dict[str, Any]]:
        """Return all items of a list."""
        answer = self.http.get(path, params={"per_page": 100, **params})
        assert answer.status_code == 200, answer.text
        document = answer.json()
        assert document["num_total"] == len(document["items"])
        return document["items"]

    def chart(self, repository: str, tag: str) -> dict[str, Any]:
        """Wait until the chart with this repository and tag is discovered; return it."""

        def look() -> dict[str, Any] | None:
            registries = {row["id"]: row["repo_name"] for row in self.items("/helm-registries")}
            charts = self.items("/helm-charts")
            wanted = (repository, tag)
            return next(
                (c for c in charts if (registries.get(c["helm_registry_id"]), c["image_tag"]) == wanted), None
            )

        return eventually(look, seconds=TASK_SECONDS)

    def cluster(self, name: str) -> dict[str, Any]:
        """Wait until the cluster with this name is discovered; return it."""
        return eventually(
            lambda: next((c for c in self.items("/k8s-clusters") if c["name"] == name), None), seconds=20
        )

    def deploy(
        self,
        repository: str,
        tag: str,
        *,
        name: str,
        config: dict[str, Any],
        cluster: str = "east",
        status: int = 201,
        **more: Any,
    ) -> dict[str, Any]:
        """Create a deployment of a chart."""
        chart = self.chart(repository, tag)
        registries = {row["id"]: row for row in self.items("/helm-registries")}
        return self.post(
            "/deployments",
            {
                "name": name,
                "kind_id": registries[chart["helm_registry_id"]]["kind_id"],
                "cluster_id": self.cluster(cluster)["id"],
                "helm_chart_id": chart["id"],
                "config": config,
                **more,
            },
            status=status,
        )

    def deployment(self, deployment_id: str) -> dict[str, Any]:
        return self.get(f"/deployments/{deployment_id}")

    def tasks(self, deployment_id: str) -> list[dict[str, Any]]:
        """Return the tasks of a deployment, oldest first."""
        return self.items("/deployment-tasks", deployment_id=deployment_id)[::-1]

    def settled(self, deployment_id: str, *, seconds: float = TASK_SECONDS) -> list[dict[str, Any]]:
        """Wait until no task of a deployment is waiting or running; return its tasks."""

        def look() -> list[dict[str, Any]] | None:
            tasks = self.tasks(deployment_id)
            return tasks if all(task["finished_at"] for task in tasks) else None

        return eventually(look, seconds=seconds, every=0.05)

    def until(
        self,
        deployment_id: str,
        true: Callable[[dict[str, Any]], object],
        *,
        seconds: float = TASK_SECONDS,
    ) -> dict[str, Any]:
        """Wait until a condition holds for the deployment; return the deployment."""

        def look() -> dict[str, Any] | None:
            row = self.deployment(deployment_id)
            return row if true(row) else None

        return eventually(look, seconds=seconds, every=0.05)

    def running(self, deployment_id: str, *, seconds: float = TASK_SECONDS) -> dict[str, Any]:
        """Wait until all tasks of the deployment have ended; return the deployment, which must be running."""
        self.settled(deployment_id, seconds=seconds)
        row = self.deployment(deployment_id)
        assert row["status"] == "Running", [task["reason"] for task in self.tasks(deployment_id)]
        return row


def access_token(url: str, email: str = ADMIN, *, password: str | None = "admin") -> str:
    """Sign in as a browser does; return the access token.

    Source: docs/contract/auth.md, "Login flow".
    """
    with httpx.Client(base_url=f"{url}/api/v2", timeout=20.0, verify=False) as browser:
        begun = browser.get("/auth/google")
        assert begun.status_code == 200, begun.text
        returned = sign_in(begun.json()["redirect_url"], email, password=password)
        query = parse_qs(urlsplit(returned).query)
        finished = browser.post("/auth/google/callback", json={"auth_code": query["code"][0]})
    assert finished.status_code == 200, finished.text
    return finished.json()["access_token"]


def signed_in(url: str, email: str = ADMIN, *, password: str | None = "admin") -> Client:
    """Return a client with a fresh access token."""
    return Client(url, access_token(url, email, password=password))
