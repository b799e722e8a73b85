"""The older web frontend without its pages: it sends requests, listens and keeps state exactly as
docs/contract/http-api.md, "The older web frontend" says.

Invariant: state comes from the sixteen lists that are loaded at the start and from reading again the rows that events
name, never from the response to a write.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from math import ceil
from types import TracebackType
from typing import Any, TypeAlias

import httpx
from waiting import eventually
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus
from websockets.sync.client import ClientConnection, connect

Row: TypeAlias = dict[str, Any]
Rows: TypeAlias = dict[str, Row]

DUMMY_DEPLOYMENT = "123e4567-e89b-12d3-a456-426614174000"
PROMPTLY = 5.0
RECONNECT_SECONDS = 2.0


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A list that is loaded at the start: its path and the query parameters that the frontend sends."""

    path: str
    params: Mapping[str, str] = field(default_factory=dict[str, str])


COLLECTIONS = {
    "users": Listed(path="users"),
    "bots": Listed(path="bots"),
    "envs": Listed(path="envs"),
    "env_user_permissions": Listed(path="env-user-permissions"),
    "secrets": Listed(path="secrets"),
    "helm_registries": Listed(path="helm-registries"),
    "helm_charts": Listed(path="helm-charts", params={"in_use": "true"}),
    "helm_tag_formats": Listed(path="helm-tag-formats"),
    "k8s_clusters": Listed(path="k8s-clusters"),
    "k8s_resources": Listed(path="k8s-resources"),
    "deployment_kinds": Listed(path="deployment-kinds"),
    "deployment_tasks": Listed(path="deployment-tasks", params={"deployment_id": DUMMY_DEPLOYMENT}),
    "deployment_permissions": Listed(path="deployment-permissions"),
    "deployment_resource_types": Listed(path="deployment-resource-types"),
    "deployment_resources": Listed(path="deployment-resources"),
    "deployments": Listed(path="deployments"),
}
LOADED_PARTLY = frozenset({"helm_charts", "deployment_tasks"})
"""Collections to which events may add rows that the list at the start leaves out."""


class Refused(AssertionError):
    """A request failed; the text is what the frontend shows to the person."""


def shown_error(answer: httpx.Response) -> str:
    """Return `body.message` if the body is an object with that key, else the whole body."""
    try:
        body = answer.json()
    except ValueError:
        return answer.text
    return body["message"] if isinstance(body, dict) and "message" in body else json.dumps(body)


class WebFrontend:
    """One open tab, for use in a `with` block, which first waits until the application appears."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self._http = httpx.Client(
            base_url=f"{url}/api/v2/",
            headers={"Authorization": f"Bearer {token}"},
            timeout=20.0,
            verify=False,
            limits=httpx.Limits(max_connections=16),
        )
        self._stack = ExitStack()
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._socket: ClientConnection | None = None
        self._listener = threading.Thread(target=self._listen, name="web-frontend", daemon=True)
        self.state: dict[str, Rows] = {table: {} for table in COLLECTIONS}
        self.me: Row = {}
        self.failed_reads: list[str] = []
        self.closed_with: int | None = None

    def __enter__(self) -> WebFrontend:
        self._stack.callback(self._http.close)
        try:
            self._appear()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.set()
        self._stack.close()
        self._listener.join(timeout=10)

    def read(self, path: str, **params: str) -> Any:
        """GET one document; raise `Refused` with the text that the person would see."""
        return self._answered(self._http.get(path, params=params))

    def read_all(self, path: str, **params: str) -> list[Row]:
        """Return all items of a list, page by page; the responses tell how many pages there are."""
        items: list[Row] = []
        page, pages = 1, 1
        while page <= pages:
            body = self.read(path, page=str(page), **params)
            assert body["page"] == page
            items += body["items"]
            pages = ceil(body["num_total"] / body["per_page"])
            page += 1
        return items

    def write(self, method: str, path: str, body: Any = None) -> None:
        """Send a write and discard the response, because the frontend waits for the event."""
        self._answered(self._http.request(method, path, json=body))

    def load_state(self) -> dict[str, Rows]:
        """Load the state that a fresh tab would show: all sixteen collections, in parallel."""
        with ThreadPoolExecutor(len(COLLECTIONS)) as threads:
            asked = {
                table: threads.submit(self.read_all, listed.path, **listed.params)
                for table, listed in COLLECTIONS.items()
            }
            return {table: {row["id"]: row for row in rows.result()} for table, rows in asked.items()}

    def find(self, table: str, **wanted: Any) -> Row | None:
        """Return the row of the state with these values, or None."""
        with self._changed:
            rows = list(self.state[table].values())
        return next((row for row in rows if all(row[key] == value for key, value in wanted.items())), None)

    def shows(self, table: str, *, seconds: float = PROMPTLY, **wanted: Any) -> Row:
        """Wait until events bring a row with these values; return it."""
        found = eventually(lambda: self.find(table, **wanted), seconds=seconds)
        assert found is not None
        return found

    def no_longer_shows(self, table: str, *, seconds: float = PROMPTLY, **wanted: Any) -> None:
        """Wait until events remove the row with these values."""
        eventually(lambda: self.find(table, **wanted) is None, seconds=seconds)

    def agrees_with_a_fresh_tab(self, *, seconds: float = 10.0) -> None:
        """Wait until the state equals a freshly loaded one."""
        eventually(lambda: self._differences() == {}, seconds=seconds, every=0.2)

    def visible_envs(self) -> set[str]:
        """Return the environments that the frontend shows: all to site admins, else those with any permission."""
        user = self.me["User"]
        if user["is_admin"]:
            return set(self.state["envs"])
        permissions = self.state["env_user_permissions"].values()
        return {row["env_id"] for row in permissions if row["user_id"] == user["id"]}

    def wait_until_closed(self, *, seconds: float) -> int:
        """Wait until the server closes the socket; return its close code."""
        eventually(lambda: self.closed_with is not None, seconds=seconds)
        assert self.closed_with is not None
        return self.closed_with

    def _appear(self) -> None:
        """Request `/auth/me`, then open the socket and load all lists at once; the application appears after that."""
        me = self._http.get("auth/me")
        self.me = self._answered(me)
        self._socket = self._stack.enter_context(self._open_socket())
        assert self._socket.subprotocol is None
        self.state = self.load_state()
        self._listener.start()

    def _open_socket(self) -> ClientConnection:
        """Connect as `new WebSocket(url)` does: no subprotocol, no token; the browser adds Origin and cookies."""
        cookies = "; ".join(
            f"{cookie.name}={cookie.value}"
            for cookie in self._http.cookies.jar
            if "/api/v2/ws".startswith(cookie.path)
        )
        return connect(
            f"{self.url.replace('http', 'ws', 1)}/api/v2/ws",
            origin=self.url,  # type: ignore[arg-type]
            additional_headers={"Cookie": cookies},
            open_timeout=10,
        )

    def _listen(self) -> None:
        """Listen, and after a disconnect connect again 2 s later, without reading the lists again."""
        while self._socket is not None and self._listen_once(self._socket):
            self.closed_with = self._socket.close_code
            self._socket = self._reopened()

    def _listen_once(self, socket: ClientConnection) -> bool:
        """Apply events until the socket closes; return False when the tab was closed during a read."""
        try:
            for frame in socket:
                self._apply(json.loads(frame))
        except ConnectionClosed:
            pass
        except (httpx.TransportError, RuntimeError):
            return False
        return True

    def _reopened(self) -> ClientConnection | None:
        """Try every 2 s to connect again, until that works or the tab is closed."""
        while not self._closing.wait(RECONNECT_SECONDS):
            with suppress(OSError, InvalidStatus, InvalidMessage, TimeoutError):
                return self._stack.enter_context(self._open_socket())
        return None

    def _apply(self, event: Row) -> None:
        """Apply an event: read the row again on INSERT and UPDATE, drop it on DELETE; ignore other keys."""
        table, row_id = event["table"], event["data"]["id"]
        if table not in COLLECTIONS:
            return
        if event["operation"] == "DELETE":
            with self._changed:
                self.state[table].pop(row_id, None)
            return
        answer = self._http.get(f"{COLLECTIONS[table].path}/{row_id}")
        if answer.status_code != 200:
            self.failed_reads.append(f"{table}: {shown_error(answer)}")
            return
        with self._changed:
            self.state[table][row_id] = answer.json()

    def _differences(self) -> dict[str, set[str]]:
        fresh = self.load_state()
        with self._changed:
            mine = {table: dict(rows) for table, rows in self.state.items()}
        return {
            table: differing
            for table, rows in fresh.items()
            if (differing := _differing(mine[table], rows, partly=table in LOADED_PARTLY))
        }

    def _answered(self, answer: httpx.Response) -> Any:
        if answer.is_success:
            return answer.json() if answer.content else None
        raise Refused(shown_error(answer))


def _differing(mine: Rows, fresh: Rows, *, partly: bool) -> set[str]:
    known = set(fresh) if partly else set(fresh) | set(mine)
    return {row_id for row_id in known if mine.get(row_id) != fresh.get(row_id)}


def refusal_of(act: Callable[[], object]) -> str:
    """Return the text that the frontend shows when this is refused."""
    try:
        act()
    except Refused as refusal:
        return str(refusal)
    raise AssertionError("It was not refused.")
