"""A cluster in memory, with the client's methods and the server's rules that the tests need."""

from __future__ import annotations

from collections.abc import Callable

from platz.json import JsonObject
from platz.kube.api_resources import ResourceKind
from platz.kube.errors import KubeAlreadyExists, KubeNotFound


class FakeCluster:
    """``objects`` by plural and name; ``after_find`` runs after each look at an object."""

    cluster = "east"

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], JsonObject] = {}
        self.merges: list[tuple[str, str, JsonObject]] = []
        self.after_find: Callable[[], None] = lambda: None

    def create(self, kind: ResourceKind, document: JsonObject, *, namespace: str | None = None) -> JsonObject:
        key = (kind.plural, document["metadata"]["name"])  # type: ignore[index,call-overload]
        if key in self.objects:
            raise KubeAlreadyExists
        self.objects[key] = document
        return document

    def find(self, kind: ResourceKind, *, name: str, namespace: str | None = None) -> JsonObject | None:
        found = self.objects.get((kind.plural, name))
        self.after_find()
        return found

    def delete(self, kind: ResourceKind, *, name: str, namespace: str | None = None) -> JsonObject:
        if (kind.plural, name) not in self.objects:
            raise KubeNotFound
        return self.objects.pop((kind.plural, name))

    def pause(self, seconds: float) -> None:
        """Wait for nothing: time does not pass in this cluster."""

    def merge(
        self, kind: ResourceKind, patch: JsonObject, *, name: str, namespace: str | None = None
    ) -> JsonObject:
        self.merges.append((kind.plural, name, patch))
        return patch
