"""The forms in which an object is sent: whole, metadata only, or as a Table's row.

Invariant: a whole object of a built-in kind is sent as its stored bytes, without parsing.
Source: Kubernetes "API concepts": receiving resources as Tables; PartialObjectMetadata.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from platz_sandbox.kubernetes.api.api_requests import Accepted
from platz_sandbox.kubernetes.api.listing import Page, list_body, list_metadata
from platz_sandbox.kubernetes.api.printed_columns import columns_of
from platz_sandbox.kubernetes.objects.kind_versions import stored_kind, to_version
from platz_sandbox.kubernetes.objects.raw_documents import KubeObject
from platz_sandbox.kubernetes.objects.served_kinds import Kind
from platz_sandbox.kubernetes.objects.stored import Stored

_META = "meta.k8s.io/v1"


def render_list(page: Page, kind: Kind, form: Accepted, include: str) -> bytes:
    """Return a page's bytes in the wanted form; ``include`` is a Table's `includeObject`."""
    match form:
        case Accepted.TABLE:
            rows = [_row(kind, item.document(), include) for item in page.items]
            return orjson.dumps(_table(kind, rows, list_metadata(page)))
        case Accepted.METADATA_LIST | Accepted.METADATA:
            return list_body(page, kind="PartialObjectMetadataList", api_version=_META, render=_metadata_only)
        case _:
            return list_body(page, kind=kind.list_kind, api_version=kind.api_version, render=_render_as(kind))


def renderer(kind: Kind, form: Accepted, include: str) -> Callable[[Stored], bytes]:
    """Return the function that renders one object in the wanted form."""

    def table(item: Stored) -> bytes:
        document = item.document()
        return orjson.dumps(
            _table(kind, [_row(kind, document, include)], {"resourceVersion": str(item.version)})
        )

    match form:
        case Accepted.TABLE:
            return table
        case Accepted.METADATA | Accepted.METADATA_LIST:
            return _metadata_only
        case _:
            return _render_as(kind)


def _render_as(kind: Kind) -> Callable[[Stored], bytes]:
    """Return the function that renders whole objects; it converts them to the wanted version."""
    if kind.custom_schema is None and stored_kind(kind) == kind:
        return _stored_bytes

    def converted(item: Stored) -> bytes:
        document = item.document()
        return item.body if document["apiVersion"] == kind.api_version else _dump(document, kind)

    return converted


def _dump(document: KubeObject, kind: Kind) -> bytes:
    return orjson.dumps({**to_version(kind, document), "apiVersion": kind.api_version})


def _stored_bytes(item: Stored) -> bytes:
    return item.body


def _metadata_only(item: Stored) -> bytes:
    return orjson.dumps(_partial(item.document()))


def _partial(document: KubeObject) -> KubeObject:
    return {"kind": "PartialObjectMetadata", "apiVersion": _META, "metadata": document["metadata"]}


def _row(kind: Kind, document: KubeObject, include: str) -> KubeObject:
    shown: Any = {"Object": document, "None": None}.get(include, _partial(document))
    return {"cells": [column.cell(document) for column in columns_of(kind)], "object": shown}


def _table(kind: Kind, rows: list[KubeObject], metadata: dict[str, object]) -> KubeObject:
    definitions = [column.definition() for column in columns_of(kind)]
    return {
        "kind": "Table",
        "apiVersion": _META,
        "metadata": metadata,
        "columnDefinitions": definitions,
        "rows": rows,
    }
