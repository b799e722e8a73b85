"""The objects of a rendered manifest.

Invariant: a text that is no YAML, and a document that is no object with kind and name, is left out: Helm says what is
wrong with it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, cast

import yaml

from platz.json import JsonObject, JsonValue

MANAGED_BY = "app.kubernetes.io/managed-by"
RELEASE_NAME = "meta.helm.sh/release-name"
RELEASE_NAMESPACE = "meta.helm.sh/release-namespace"
HOOK = "helm.sh/hook"
RESOURCE_POLICY = "helm.sh/resource-policy"
KEEP = "keep"


@dataclass(frozen=True, kw_only=True)
class ManifestObject:
    """An object as a chart renders it; ``namespace`` is empty when the chart names none."""

    api_version: str
    kind: str
    name: str
    namespace: str
    document: JsonObject = field(repr=False)

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class _Loader(yaml.CSafeLoader):
    """Reads scalars as Helm does: dates are text, and a lone `y` or `n` is a boolean."""

    yaml_implicit_resolvers: ClassVar = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }
    bool_values: ClassVar = {**yaml.CSafeLoader.bool_values, "y": True, "n": False}


_Loader.add_implicit_resolver(  # pyright: ignore[reportUnknownMemberType]  the library has no types
    "tag:yaml.org,2002:bool", re.compile("^[yYnN]$"), list("yYnN")
)


def manifest_objects(manifest: str) -> Sequence[ManifestObject]:
    """Return the objects, those inside Lists too."""
    return [each for document in _documents(manifest) for each in _objects(document)]


def annotations_of(document: JsonObject) -> JsonObject:
    """Return the annotations of an object."""
    return _part(_part(document, "metadata"), "annotations")


def labels_of(document: JsonObject) -> JsonObject:
    """Return the labels of an object."""
    return _part(_part(document, "metadata"), "labels")


def is_kept(document: JsonObject) -> bool:
    """Tell whether Helm leaves the object where it is when it uninstalls the release."""
    return annotations_of(document).get(RESOURCE_POLICY) == KEEP


def belongs_to(document: JsonObject, *, release: str, namespace: str) -> bool:
    """Tell whether an object in the cluster carries Helm's mark of ownership for this release."""
    marks = annotations_of(document)
    return (marks.get(RELEASE_NAME), marks.get(RELEASE_NAMESPACE)) == (release, namespace)


def _documents(manifest: str) -> Sequence[JsonValue]:
    try:
        return [_as_json(each) for each in yaml.load_all(manifest, Loader=_Loader)]
    except yaml.YAMLError:
        return []


def _as_json(value: Any) -> JsonValue:
    """Return a value with keys as JSON has them: a key of YAML may be a number, a boolean or null."""
    if isinstance(value, dict):
        pairs = cast("dict[Any, Any]", value)
        return {k if isinstance(k, str) else json.dumps(k): _as_json(v) for k, v in pairs.items()}
    return [_as_json(each) for each in cast("list[Any]", value)] if isinstance(value, list) else value


def _objects(document: JsonValue) -> Iterator[ManifestObject]:
    match document:
        case {"kind": str(kind), "items": list(items)} if kind.endswith("List"):
            for item in items:
                yield from _objects(item)
        case {"apiVersion": str(api_version), "kind": str(kind), "metadata": {"name": str(name), **metadata}}:
            yield ManifestObject(
                api_version=api_version,
                kind=kind,
                name=name,
                namespace=str(metadata.get("namespace") or ""),
                document=cast("JsonObject", document),
            )
        case _:
            return


def _part(document: JsonObject, key: str) -> JsonObject:
    value = document.get(key)
    return value if isinstance(value, dict) else {}
