"""Requests to the API: their target, verb, accepted form and document.

Invariant: a `Target` names a kind that the cluster serves; any other path is refused.
Source: Kubernetes "API concepts": resource URIs and verbs.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any

import orjson
from ruamel.yaml import YAML, YAMLError

from platz_sandbox.kubernetes.api import protobuf
from platz_sandbox.kubernetes.objects.raw_documents import KubeObject, is_list, is_object
from platz_sandbox.kubernetes.objects.served_kinds import Catalogue, Kind
from platz_sandbox.kubernetes.objects.status_errors import (
    ApiError,
    bad_request,
    method_not_allowed,
    no_containers,
    path_not_found,
)

MAX_YAML_NODES = 100_000
_INSIDE_CONTAINERS = frozenset({"attach", "exec", "portforward", "proxy"})


class Verb(Enum):
    """The API's verbs, as RBAC and fault switches name them."""

    GET = "get"
    LIST = "list"
    WATCH = "watch"
    CREATE = "create"
    UPDATE = "update"
    PATCH = "patch"
    DELETE = "delete"
    DELETE_COLLECTION = "deletecollection"


@dataclass(frozen=True, kw_only=True)
class Target:
    """The kind and object that a path names; ``namespace`` is None for all namespaces."""

    kind: Kind
    namespace: str | None
    name: str | None
    subresource: str

    @property
    def space(self) -> str:
        """The namespace under which the object is stored: empty for cluster-wide kinds."""
        return self.namespace or ""

    @property
    def object_name(self) -> str:
        """The object's name; raises 404 when the path names none."""
        if self.name is None:
            raise path_not_found()
        return self.name


_ON_COLLECTION = {"GET": Verb.LIST, "POST": Verb.CREATE, "DELETE": Verb.DELETE_COLLECTION}
_ON_OBJECT = {
    "GET": Verb.GET,
    "PUT": Verb.UPDATE,
    "PATCH": Verb.PATCH,
    "DELETE": Verb.DELETE,
    "POST": Verb.CREATE,
}


def verb_of(method: str, target: Target, query: Mapping[str, str]) -> Verb:
    """Return the verb of a request; raise 405 when the target does not support the method."""
    verb = (_ON_COLLECTION if target.name is None else _ON_OBJECT).get(method)
    if verb is None or (verb is Verb.CREATE and target.name is not None and not target.subresource):
        raise method_not_allowed(method)
    watching = query.get("watch", "") not in {"", "0", "false"}
    return Verb.WATCH if verb is Verb.LIST and watching else verb


def find_target(kinds: Catalogue, path: str) -> Target:
    """Parse `/api/v1/...` or `/apis/GROUP/VERSION/...`; raise 404 for an unknown path, 501 if it needs containers."""
    parts = path.strip("/").split("/")
    if parts[0] == "api" and len(parts) > 1:
        group, version, rest = "", parts[1], parts[2:]
    elif parts[0] == "apis" and len(parts) > 3:
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        raise path_not_found()
    namespace: str | None = None
    if len(rest) >= 3 and rest[0] == "namespaces" and kinds.find(group, version, rest[2]):
        namespace, rest = rest[1], rest[2:]
    kind = kinds.find(group, version, rest[0]) if rest else None
    if kind is None or len(rest) > 3 or (namespace is not None and not kind.namespaced):
        raise path_not_found()
    subresource = rest[2] if len(rest) > 2 else ""
    if kind.resource == "pods" and subresource in _INSIDE_CONTAINERS:
        raise no_containers(subresource)
    if subresource and subresource not in kind.subresources:
        raise path_not_found()
    return Target(
        kind=kind, namespace=namespace, name=rest[1] if len(rest) > 1 else None, subresource=subresource
    )


class Accepted(Enum):
    """The forms in which objects are sent."""

    OBJECT = "object"
    TABLE = "Table"
    METADATA = "PartialObjectMetadata"
    METADATA_LIST = "PartialObjectMetadataList"
    DISCOVERY = "APIGroupDiscoveryList"


def accepted(header: str, *, discovery: bool = False) -> Accepted:
    """Return the first supported form of an Accept header; raise 406 when none is supported."""
    for part in header.split(",") if header else ["*/*"]:
        media, *options = (piece.strip() for piece in part.split(";"))
        if media not in {"application/json", "application/*", "*/*"}:
            continue
        wanted = dict(option.split("=", 1) for option in options if "=" in option)
        if "as" not in wanted:
            return Accepted.OBJECT
        form = next((form for form in Accepted if form.value == wanted["as"]), None)
        known = (
            (form is Accepted.DISCOVERY and wanted.get("v") == "v2") if discovery else wanted.get("v") == "v1"
        )
        if form and known and (form is Accepted.DISCOVERY) == discovery:
            return form
    message = "only the following media types are accepted: application/json"
    raise ApiError(code=406, reason="NotAcceptable", message=message)


def parse_body(body: bytes, content_type: str) -> Any:
    """Parse a request's document in JSON, YAML or protobuf; raise 400 when malformed, 415 for unknown protobuf."""
    media = content_type.split(";", 1)[0].strip()
    if not body:
        return {}
    if media == protobuf.CONTENT_TYPE:
        return protobuf.decode(body)
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        if "yaml" not in media:
            raise bad_request(f"couldn't get version/kind; json parse error: {error}") from error
    return _parse_yaml(body)


def _parse_yaml(body: bytes) -> Any:
    try:
        loaded: Any = YAML(typ="safe", pure=True).load(body)  # pyright: ignore[reportUnknownMemberType] - it has no types
        return _as_json(loaded, itertools.count())
    except (YAMLError, ValueError) as error:
        raise bad_request(f"error decoding YAML: {error}") from error


def _as_json(value: Any, counter: Iterator[int]) -> Any:
    """Return a YAML value as JSON, with text for keys and dates; raise ValueError above `MAX_YAML_NODES` values."""
    if next(counter) > MAX_YAML_NODES:
        raise ValueError(f"the document has more than {MAX_YAML_NODES} values")
    if is_object(value):
        return {str(key): _as_json(inner, counter) for key, inner in value.items()}
    if is_list(value):
        return [_as_json(inner, counter) for inner in value]
    return value.isoformat() if isinstance(value, date) else value


def parse_object(body: bytes, content_type: str) -> KubeObject:
    """Parse a request's document; raise 400 when it is not an object."""
    document = parse_body(body, content_type)
    if not is_object(document):
        raise bad_request("the body is not a JSON object")
    return document
