"""The published SDK as a client: its way to sign in, to page, to update and to cancel.

Invariant: every answer is read into one of its models, as a generated client does.

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
    """Status and text of the answer, as the SDK reports them."""


class SdkClient:
    """Usable in a `with` block."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self._http = httpx.Client(
            base_url=f"{url}/api/v2/",
            headers={**headers, "Accept-Encoding": "gzip, br, deflate"},
            timeout=20.0,
            verify=False,
        )

    @classmethod
    def with_api_token(cls, url: str, token: str) -> SdkClient:
        """`PLATZ_API_TOKEN`, or `user_token` of a profile."""
        return cls(url, {"x-platz-token": token})

    @classmethod
    def with_access_token(cls, url: str, token: str) -> SdkClient:
        """`PLATZ_USER_TOKEN`, `access_token` of a profile, or the mounted credentials of a deployment."""
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
        """A DELETE with a body, which is answered with the task."""
        answer = self._send("DELETE", f"deployment-tasks/{task_id}", body={"reason": reason})
        return self._parsed(DeploymentTask, answer)

    def delete(self, path: str) -> None:
        self._send("DELETE", path)

    def page(self, path: str, **filters: Any) -> Page:
        return Page.model_validate_json(self._send("GET", path, params=_texts(filters)).content)

    def all(self, model: type[M], path: str, **filters: Any) -> Iterator[M]:
        """Pages with `page` only; goes on until it has seen as many as the envelope says there are."""
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
        """Asks for one item under the SDK's own name of the page size, and takes the first."""
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
    """As the SDK writes timestamps in queries."""
    return f"{moment:%Y-%m-%d %H:%M:%S.%f} UTC"


def _texts(filters: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in filters.items()
    }


UNSET_DEPLOYMENT = dict.fromkeys(
    ("name", "description_md", "cluster_id", "helm_chart_id", "config", "values_override", "enabled")
)
"""An update structure serialises what the caller did not set as null."""

UNSET_CLUSTER = dict.fromkeys(
    (
        "env_id", "ignore", "ingress_domain", "ingress_class", "ingress_tls_secret_name", "grafana_url",
        "grafana_datasource_name",
    )
)  # fmt: skip
