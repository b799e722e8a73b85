"""Lists: selection, pages, versions.

Invariant: a watch may start from a list's resourceVersion without missing a change; all pages of a list have the
version of its first page.
Source: Kubernetes "API concepts": retrieving large result sets in chunks, resourceVersion semantics.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import orjson

from platz_sandbox.kubernetes.objects.object_store import Cluster
from platz_sandbox.kubernetes.objects.selectors import matcher
from platz_sandbox.kubernetes.objects.served_kinds import Kind
from platz_sandbox.kubernetes.objects.status_errors import ApiError, Cause, bad_request, expired
from platz_sandbox.kubernetes.objects.stored import Stored


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of a list."""

    items: list[Stored]
    version: int
    next: str = ""
    remaining: int = 0


def read_page(cluster: Cluster, kind: Kind, namespace: str | None, query: Mapping[str, str]) -> Page:
    """Return the page that the query selects; raise 400 for a malformed query, 410 or 504 for a missing version."""
    version, after = _start(cluster, kind, query)
    matches = matcher(
        kind.resource, labels=query.get("labelSelector", ""), fields=query.get("fieldSelector", "")
    )
    found = [item for item in cluster.list(kind.resource, namespace) if matches(item)]
    if after:
        found = [item for item in found if (item.namespace, item.name) > after]
    limit = _whole_number(query, "limit")
    if not limit or len(found) <= limit:
        return Page(items=found, version=version)
    last = found[limit - 1]
    token = orjson.dumps({"v": version, "after": [last.namespace, last.name]})
    following = base64.urlsafe_b64encode(token).decode()
    return Page(items=found[:limit], version=version, next=following, remaining=len(found) - limit)


def _start(cluster: Cluster, kind: Kind, query: Mapping[str, str]) -> tuple[int, tuple[str, str] | None]:
    """Return the list's version, and the key (namespace, name) before the page, None for the first page."""
    if token := query.get("continue"):
        try:
            read = orjson.loads(base64.urlsafe_b64decode(token))
            version, after = int(read["v"]), (str(read["after"][0]), str(read["after"][1]))
        except (binascii.Error, ValueError, KeyError, TypeError, IndexError) as error:
            raise bad_request("continue key is not valid") from error
        if version < cluster.history(kind.resource).floor:
            raise expired("The provided continue parameter is too old to display a consistent list result.")
        return version, after
    wanted, match = _whole_number(query, "resourceVersion"), query.get("resourceVersionMatch", "")
    if wanted > cluster.version:
        raise too_large(wanted, cluster.version)
    if match == "Exact" and wanted != cluster.version:
        raise expired(f"The resourceVersion for the provided list is too old: {wanted}")
    return cluster.version, None


def refuse_future_version(cluster: Cluster, query: Mapping[str, str]) -> None:
    """Raise 504 when a read asks for a version that this cluster has not reached."""
    wanted = _whole_number(query, "resourceVersion")
    if wanted > cluster.version:
        raise too_large(wanted, cluster.version)


def too_large(wanted: int, present: int) -> ApiError:
    """504: the client wants a version that this cluster has not reached."""
    cause = Cause(reason="ResourceVersionTooLarge", message="Too large resource version")
    message = f"Timeout: Too large resource version: {wanted}, current: {present}"
    return ApiError(code=504, reason="Timeout", message=message, causes=[cause], retry_after=1)


def _whole_number(query: Mapping[str, str], key: str) -> int:
    text = query.get(key) or "0"
    if not text.isdigit():
        raise bad_request(f'Invalid value: "{text}": {key} must be a whole number')
    return int(text)


def list_body(page: Page, *, kind: str, api_version: str, render: Callable[[Stored], bytes]) -> bytes:
    """Return the bytes of a list, from the rendered bytes of its items."""
    return b"".join((
        b'{"kind":"', kind.encode(), b'","apiVersion":"', api_version.encode(), b'","metadata":',
        orjson.dumps(list_metadata(page)), b',"items":[', b",".join(map(render, page.items)), b"]}",
    ))  # fmt: skip


def list_metadata(page: Page) -> dict[str, object]:
    """Return the `metadata` of a list."""
    more = {"continue": page.next, "remainingItemCount": page.remaining} if page.next else {}
    return {"resourceVersion": str(page.version), **more}
