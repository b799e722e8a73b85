"""OpenAPI documents of the served kinds: v3 for each group version, v2 for everything.

Invariant: the documents describe exactly what `body_decoding` accepts, because both derive from `shapes`.
Source: Kubernetes "OpenAPI", its extensions `x-kubernetes-*`, and what kubectl and Helm look for: the `fieldValidation`
parameter of a patch, and the merge markers of strategic patches.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

from platz_sandbox.kubernetes.api.api_discovery import VERSION
from platz_sandbox.kubernetes.objects.raw_documents import KubeObject, part
from platz_sandbox.kubernetes.objects.served_kinds import Catalogue, Kind
from platz_sandbox.kubernetes.objects.shapes import Merge, merge_of, type_names

_SCALARS: Mapping[str, KubeObject] = {
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "time": {"type": "string", "format": "date-time"},
    "bytes": {"type": "string", "format": "byte"},
    "int-or-string": {"x-kubernetes-int-or-string": True, "oneOf": [{"type": "integer"}, {"type": "string"}]},
    "quantity": {"oneOf": [{"type": "string"}, {"type": "number"}]},
    "any": {"type": "object"},
}
_PATCH_FORMS = ("application/strategic-merge-patch+json", "application/apply-patch+yaml",
                "application/json-patch+json", "application/merge-patch+json")  # fmt: skip
_PACKAGE = "io.k8s.api"

V2_PROTOBUF = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
V2_PROTOBUF_TYPE = V2_PROTOBUF.replace("@", ".")  # as real servers send it: `@` is invalid there
EMPTY_V2 = b"\x0a\x032.0"
"""An OpenAPI v2 document in protobuf without any kind: only field 1, `swagger`."""


def place(group: str, version: str) -> str:
    """Return a group version's path on the server: `api/v1`, `apis/apps/v1`."""
    return f"apis/{group}/{version}" if group else f"api/{version}"


def index(kinds: Catalogue) -> KubeObject:
    """Return `/openapi/v3`: the URL of each group version's document, with a hash that lets clients cache it."""
    paths: KubeObject = {}
    for group, versions in kinds.groups().items():
        for version, served in versions.items():
            digest = hashlib.sha256(
                repr([(kind, kind.custom_schema) for kind in served]).encode()
            ).hexdigest()
            where = place(group, version)
            paths[where] = {"serverRelativeURL": f"/openapi/v3/{where}?hash={digest[:32].upper()}"}
    return {"paths": paths}


def v3(kinds: Catalogue, group: str, version: str) -> bytes | None:
    """Return one group version's document, or None when nothing is served there."""
    served = kinds.groups().get(group, {}).get(version)
    if not served:
        return None
    prefix = "#/components/schemas/"
    return orjson.dumps({
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": VERSION["gitVersion"]},
        "paths": {path: item for kind in served for path, item in _paths(kind, prefix, v2=False).items()},
        "components": {"schemas": _schemas(served, prefix)},
    })  # fmt: skip


def v2(kinds: Catalogue) -> bytes:
    """Return the v2 document of all kinds."""
    prefix = "#/definitions/"
    return orjson.dumps({
        "swagger": "2.0",
        "info": {"title": "Kubernetes", "version": VERSION["gitVersion"]},
        "paths": {path: item for kind in kinds for path, item in _paths(kind, prefix, v2=True).items()},
        "definitions": _schemas(list(kinds), prefix),
    })  # fmt: skip


def _identity(kind: Kind) -> KubeObject:
    return {"group": kind.group, "kind": kind.kind, "version": kind.version}


def _name_of(kind: Kind) -> str:
    return f"{kind.group or _PACKAGE + '.core'}.{kind.version}.{kind.kind}"


def _paths(kind: Kind, prefix: str, *, v2: bool) -> KubeObject:
    """Return the paths with the operations that clients look for; all but `get` have `fieldValidation`."""
    scope = "namespaces/{namespace}/" if kind.namespaced else ""
    collection = f"/{place(kind.group, kind.version)}/{scope}{kind.plural}"
    reference = {"$ref": prefix + _name_of(kind)}
    content = {"application/json": {"schema": reference}}
    done: KubeObject = (
        {"description": "OK", "schema": reference} if v2 else {"description": "OK", "content": content}
    )
    text: KubeObject = {"type": "string"} if v2 else {"schema": {"type": "string"}}
    checked = [
        {"name": name, "in": "query", **text} for name in ("dryRun", "fieldManager", "fieldValidation")
    ]

    def operation(action: str) -> KubeObject:
        return {
            "operationId": f"{action}{kind.group}{kind.version}{kind.kind}",
            "parameters": [] if action == "get" else checked,
            "responses": {"200": done},
            "x-kubernetes-action": action,
            "x-kubernetes-group-version-kind": _identity(kind),
        }

    named = {method: operation(method) for method in ("get", "put", "patch", "delete")}
    forms = _PATCH_FORMS if kind.custom_schema is None else _PATCH_FORMS[1:]
    if v2:
        named["patch"]["consumes"] = list(forms)
    else:
        named["patch"]["requestBody"] = {"content": {form: {"schema": {"type": "object"}} for form in forms}}
    return {
        collection: {"get": operation("list"), "post": operation("post")},
        f"{collection}/{{name}}": named,
    }


def _schemas(served: list[Kind], prefix: str) -> KubeObject:
    found: KubeObject = {}
    waiting = ["V1ObjectMeta", "V1DeleteOptions"]
    for kind in served:
        identity = {"x-kubernetes-group-version-kind": [_identity(kind)]}
        if kind.custom_schema is None:
            found[_name_of(kind)] = {**_type(kind.schema, prefix, waiting), **identity}
        else:
            found[_name_of(kind)] = {**_custom(kind, prefix), **identity}
    while waiting:
        name = waiting.pop()
        if f"{_PACKAGE}.{name}" not in found:
            found[f"{_PACKAGE}.{name}"] = _type(name, prefix, waiting)
    return found


def _custom(kind: Kind, prefix: str) -> KubeObject:
    schema = kind.custom_schema or {}
    metadata = {"$ref": f"{prefix}{_PACKAGE}.V1ObjectMeta"}
    base = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": metadata}
    return {**schema, "type": "object", "properties": {**part(schema, "properties"), **base}}


def _type(name: str, prefix: str, waiting: list[str]) -> KubeObject:
    fields = type_names()[name]
    required = [field for field, reference in fields.items() if reference.startswith("!")]
    properties = {
        field: {**_reference(reference.lstrip("!"), prefix, waiting), **_markers(merge_of(name, field))}
        for field, reference in fields.items()
    }
    return {"type": "object", "properties": properties, **({"required": required} if required else {})}


def _reference(reference: str, prefix: str, waiting: list[str]) -> KubeObject:
    if reference.startswith("["):
        return {"type": "array", "items": _reference(reference[1:-1], prefix, waiting)}
    if reference.startswith("{"):
        return {"type": "object", "additionalProperties": _reference(reference[1:-1], prefix, waiting)}
    if reference in _SCALARS:
        return dict(_SCALARS[reference])
    waiting.append(reference)
    return {"$ref": f"{prefix}{_PACKAGE}.{reference}"}


def _markers(merge: Merge) -> KubeObject:
    markers: dict[str, Any] = {}
    strategies = [
        *(["merge"] if merge.patch_key or merge.patch_values else []),
        *(["retainKeys"] if merge.retain_keys else []),
    ]
    if strategies:
        markers["x-kubernetes-patch-strategy"] = ",".join(strategies)
    if merge.patch_key:
        markers["x-kubernetes-patch-merge-key"] = merge.patch_key
    if merge.keys:
        markers |= {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": list(merge.keys)}
    elif merge.unique:
        markers["x-kubernetes-list-type"] = "set"
    elif merge.atomic:
        markers["x-kubernetes-map-type"] = "atomic"
    return markers
