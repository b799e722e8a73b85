"""The requests that Platz makes to a cluster, with objects as plain JSON.

Invariant: every method returns an object or raises one of platz.kube.errors; none but `apply` with ``force`` takes
fields from another field manager.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import quote

from platz.json import JsonObject
from platz.kube.api_resources import NAMESPACE, ResourceKind
from platz.kube.api_responses import parsed_object
from platz.kube.cluster_access import ClusterAccess
from platz.kube.errors import KubeDenied, KubeGone, KubeNotFound, KubeUnauthenticated
from platz.kube.stream import ByteStream
from platz.kube.transport import KubeRequest, KubeTimeouts, Transport

_MERGE_PATCH = "application/merge-patch+json"
_APPLY_PATCH = "application/apply-patch+yaml"  # JSON is YAML
_PAGE = 500
CHECK_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A complete list, and the resource version from which a watch goes on."""

    items: tuple[JsonObject, ...]
    resource_version: str


class KubeClient:
    """A client for one cluster; safe to use from many threads."""

    def __init__(self, access: ClusterAccess, *, timeouts: KubeTimeouts | None = None) -> None:
        """Opens no connection yet."""
        self.access = access
        self._transport = Transport(access, timeouts or KubeTimeouts())

    @property
    def cluster(self) -> str:
        """The name of the cluster in messages."""
        return self.access.name

    def get(self, kind: ResourceKind, *, name: str, namespace: str | None = None) -> JsonObject:
        """Return an object. Raises `KubeNotFound`."""
        return self._object(KubeRequest(method="GET", path=kind.path(namespace=namespace, name=name)))

    def find(self, kind: ResourceKind, *, name: str, namespace: str | None = None) -> JsonObject | None:
        """Return an object, or None when the cluster does not have it."""
        try:
            return self.get(kind, name=name, namespace=namespace)
        except KubeNotFound:
            return None

    def list_all(
        self,
        kind: ResourceKind,
        *,
        namespace: str | None = None,
        label_selector: str | None = None,
        field_selector: str | None = None,
    ) -> Listing:
        """Return all objects, read in pages; in one piece when the server forgets the list meanwhile (410)."""
        selectors = {"labelSelector": label_selector, "fieldSelector": field_selector}
        parameters = {name: value for name, value in selectors.items() if value}
        path = kind.path(namespace=namespace)
        try:
            return self._pages(path, {**parameters, "limit": str(_PAGE)})
        except KubeGone:
            return self._pages(path, parameters)

    def _pages(self, path: str, parameters: Mapping[str, str]) -> Listing:
        items: list[JsonObject] = []
        following = ""
        while True:
            continued = {"continue": following} if following else {}
            page = self._object(KubeRequest(method="GET", path=path, parameters={**parameters, **continued}))
            metadata = cast("JsonObject", page.get("metadata") or {})
            items += cast("list[JsonObject]", page.get("items") or [])
            following = str(metadata.get("continue") or "")
            if not following:
                return Listing(items=tuple(items), resource_version=str(metadata.get("resourceVersion", "")))

    def create(self, kind: ResourceKind, document: JsonObject, *, namespace: str | None = None) -> JsonObject:
        """Create an object. Raises `KubeAlreadyExists`, `KubeRejected`."""
        path = kind.path(namespace=namespace)
        return self._object(KubeRequest(method="POST", path=path, body=document))

    def replace(
        self, kind: ResourceKind, document: JsonObject, *, name: str, namespace: str | None = None
    ) -> JsonObject:
        """Replace an object. Raises `KubeConflict` when it was changed since it was read."""
        path = kind.path(namespace=namespace, name=name)
        return self._object(KubeRequest(method="PUT", path=path, body=document))

    def apply(
        self,
        kind: ResourceKind,
        document: JsonObject,
        *,
        name: str,
        namespace: str | None,
        field_manager: str,
        force: bool = False,
        dry_run: bool = False,
    ) -> JsonObject:
        """Apply on the server, or only try it. Raises `KubeConflict` when another manager owns a field, unless
        ``force`` takes it."""
        options = {"force": "true" if force else "", "dryRun": "All" if dry_run else ""}
        request = KubeRequest(
            method="PATCH",
            path=kind.path(namespace=namespace, name=name),
            parameters={
                "fieldManager": field_manager,
                **{key: text for key, text in options.items() if text},
            },
            body=document,
            content_type=_APPLY_PATCH,
        )
        return self._object(request)

    def merge(
        self, kind: ResourceKind, patch: JsonObject, *, name: str, namespace: str | None = None
    ) -> JsonObject:
        """Send a JSON merge patch (RFC 7386). Raises `KubeNotFound`."""
        path = kind.path(namespace=namespace, name=name)
        request = KubeRequest(method="PATCH", path=path, body=patch, content_type=_MERGE_PATCH)
        return self._object(request)

    def delete(
        self, kind: ResourceKind, *, name: str, namespace: str | None = None, dependents: bool = False
    ) -> JsonObject:
        """Delete an object with the server's default options, or with all that it owns (the Pods of a Job).

        Raises `KubeNotFound`.
        """
        path = kind.path(namespace=namespace, name=name)
        parameters = {"propagationPolicy": "Background"} if dependents else {}
        return self._object(KubeRequest(method="DELETE", path=path, parameters=parameters))

    def served_kinds(self, api_version: str) -> tuple[ResourceKind, ...]:
        """Return the kinds that the cluster serves in this version; none when it does not know the version."""
        root = "/api/" if "/" not in api_version else "/apis/"
        try:
            found = self._object(KubeRequest(method="GET", path=root + quote(api_version)))
        except KubeNotFound:
            return ()
        resources = cast("list[JsonObject]", found.get("resources") or [])
        return tuple(
            ResourceKind(
                kind=str(each["kind"]),
                api_version=api_version,
                plural=str(each["name"]),
                namespaced=each.get("namespaced") is True,
            )
            for each in resources
            if "/" not in str(each["name"])
        )

    def stream(self, path: str, *, parameters: Mapping[str, str], idle_timeout: float) -> ByteStream:
        """Open a response without end, such as a watch; one that is silent for ``idle_timeout`` seconds is dead."""
        return self._transport.stream(
            KubeRequest(method="GET", path=path, parameters=parameters), idle_timeout=idle_timeout
        )

    def check(self, *, seconds: float = CHECK_SECONDS) -> None:
        """Make one request that the server can only answer from its store; raise the cluster's error if it does not.

        A server that refuses the request has answered it. Each wait ends after ``seconds``.
        """
        path = NAMESPACE.path(name="kube-system")
        try:
            self._object(KubeRequest(method="GET", path=path, attempts=1, read_seconds=seconds))
        except KubeUnauthenticated:
            raise
        except (KubeNotFound, KubeDenied):
            return

    def is_ready(self) -> bool:
        """Return whether the server says that it is ready; one that does not tell counts as ready.

        Raises `KubeUnreachable` when it does not answer.
        """
        try:
            self._transport.answer(KubeRequest(method="GET", path="/readyz", attempts=1))
        except KubeDenied:
            return False  # every role lets everybody read this; a server without its roles refuses it
        except KubeNotFound:
            return True
        return True

    def pause(self, seconds: float) -> None:
        """Wait between two looks at the cluster; raise `KubeAborted` as soon as `abort` is called."""
        self._transport.pause(seconds)

    def abort(self) -> None:
        """End every request now, from any thread: those under way and later ones raise `KubeAborted`."""
        self._transport.cut()

    def _object(self, request: KubeRequest) -> JsonObject:
        return parsed_object(self.cluster, self._transport.answer(request))
