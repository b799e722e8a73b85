"""A client that behaves like the published SDK: how it authenticates, pages, updates and cancels.

Invariant: every response is parsed into one of the SDK's models, as a generated client does.

Source: docs/contract/http-api.md, "The SDKs".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, TypeVar
from uuid import UUID

import httpx
from acceptance.sdk_models import DeploymentTask
from pydantic import BaseModel

M = TypeVar("M", bound=BaseModel)


class Page(BaseModel):
    page: int
    per_page: int
    items: list[Any]
    num_total: int


class SdkError(Exception):
    """The status and text of a failed response, as the SDK reports them."""


class SdkClient:
    """The SDK with one token, for use in a `with` block."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self._http = httpx.Client(
            base_url=f"{url}/api/v2/",
            headers={**headers, "Accept-Encoding": "gzip, br, deflate"},
            timeout=20.0,
            verify=False,
        )

    @classmethod
    def with_api_token(cls, url: str, token: str) -> SdkClient:
        """Return a client with an API token: `PLATZ_API_TOKEN`, or `user_token` of a profile."""
        return cls(url, {"x-platz-token": token})

    @classmethod
    def with_access_token(cls, url: str, token: str) -> SdkClient:
        """Return a client with an access token, from `PLATZ_USER_TOKEN`, a profile or a deployment's credentials."""
        return cls(url, {"Authorization": f"Bearer {token}"})

    def __enter__(self) -> SdkClient:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def get(self, model: type[M], path: str, *, body: Any = None) -> M:
        return self._parsed(model, self._send("GET", path, body=body))

    def post(self, model: type[M], path: str, body: Any = None) -> M:
        return self._parsed(model, self._send("POST", path, body=body))

    def put(self, model: type[M], path: str, body: Any) -> M:
        return self._parsed(model, self._send("PUT", path, body=body))

    def cancel_task(self, task_id: UUID, reason: str) -> DeploymentTask:
        """Cancel a task by a DELETE with a body; return the task from the response."""
        answer = self._send("DELETE", f"deployment-tasks/{task_id}", body={"reason": reason})
        return self._parsed(DeploymentTask, answer)

    def delete(self, path: str) -> None:
        self._send("DELETE", path)

    def page(self, path: str, **filters: Any) -> Page:
        return Page.model_validate_json(self._send("GET", path, params=_texts(filters)).content)

    def all(self, model: type[M], path: str, **filters: Any) -> Iterator[M]:
        """Yield all items, passing only `page`, until there are as many as the envelope says."""
        seen, number = 0, 1
        while True:
            page = self.page(path, page=number, **filters)
            for item in page.items:
                yield model.model_validate(item)
            seen += len(page.items)
            if seen >= page.num_total or not page.items:
                return
            number += 1

    def last_task(self, deployment_id: UUID) -> DeploymentTask:
        """Return the last task: the first item of a page with the SDK's own parameter `page_size`."""
        page = self.page("deployment-tasks", deployment_id=deployment_id, page=1, page_size=1)
        return DeploymentTask.model_validate(page.items[0])

    def _send(
        self, method: str, path: str, *, params: Mapping[str, str] | None = None, body: Any = None
    ) -> httpx.Response:
        content = None if body is None else json.dumps(body)
        headers = {} if body is None else {"Content-Type": "application/json"}
        answer = self._http.request(method, path, params=params, content=content, headers=headers)
        if not answer.is_success:
            raise SdkError(f"{answer.status_code} {answer.text}")
        return answer

    def _parsed(self, model: type[M], answer: httpx.Response) -> M:
        assert answer.headers["content-type"] == "application/json"
        return model.model_validate_json(answer.content)


def query_moment(moment: datetime) -> str:
    """Write a timestamp as the SDK does in queries."""
    return f"{moment:%Y-%m-%d %H:%M:%S.%f} UTC"


def _texts(filters: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in filters.items()
    }


UNSET_DEPLOYMENT = dict.fromkeys(
    ("name", "description_md", "cluster_id", "helm_chart_id", "config", "values_override", "enabled")
)
"""The fields of an update that the caller did not set: the SDK sends them as null."""

UNSET_CLUSTER = dict.fromkeys(
    (
        "env_id", "ignore", "ingress_domain", "ingress_class", "ingress_tls_secret_name", "grafana_url",
        "grafana_datasource_name",
    )
)  # fmt: skip
