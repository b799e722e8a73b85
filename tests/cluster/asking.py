"""Sending a case to a cluster, and the part of the answer that must be the same on every cluster.

Invariant: nothing remains of a case: what can be is sent as a dry run, the rest is in the run's own namespace.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import orjson
from cases import Case, with_places
from waiting import eventually

from platz_sandbox.kubernetes.objects.served_kinds import BUILT_IN

APPLY = {"content-type": "application/apply-patch+yaml"}
MERGE = {"content-type": "application/merge-patch+json"}
_UID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_PLURALS = {(kind.api_version, kind.kind): (kind.plural, kind.namespaced) for kind in BUILT_IN}


def answers_to(api: httpx.Client, namespace: str, case: Case) -> dict[str, dict[str, Any]]:
    """Return the cluster's answers to a case, by the way in which it was sent."""
    collection = _collection(case.manifest, namespace)
    if case.then:
        return {way: _after(api, collection, case, namespace, way) for way in case.then}
    dry = {"dryRun": "All"}
    ways: Mapping[str, Callable[[], httpx.Response]] = {
        "create": lambda: api.post(collection, json=case.manifest, params=dry),
        "apply": lambda: _apply(api, collection, case.manifest, dry),
    }
    return {way: told(ways[way](), namespace) for way in case.ways}


def told(answer: httpx.Response, namespace: str) -> dict[str, Any]:
    """Return status, reason, message and causes of an answer; of a success only the status and what kind it is."""
    body = answer.json() if answer.headers.get("content-type", "").startswith("application/json") else {}
    if answer.is_success:
        return {"code": answer.status_code, "kind": body.get("kind")}
    causes = [
        {
            "reason": cause.get("reason"),
            "field": cause.get("field"),
            "message": _plain(cause.get("message"), namespace),
        }
        for cause in body.get("details", {}).get("causes", [])
    ]
    return {
        "code": answer.status_code,
        "reason": body.get("reason"),
        "message": _plain(body.get("message", answer.text), namespace),
        **({"causes": causes} if causes else {}),
    }


def _plain(text: str | None, namespace: str) -> str:
    """Replace what differs between two runs, and cut what is long."""
    plain = _UID.sub("UID", (text or "").replace(namespace, "NAMESPACE"))
    return plain if len(plain) <= 2000 else plain[:1000] + " ... " + plain[-200:]


def _collection(manifest: Mapping[str, Any], namespace: str) -> str:
    version = manifest["apiVersion"]
    plural, namespaced = _PLURALS.get((version, manifest["kind"]), (f"{manifest['kind'].lower()}s", True))
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    return f"{root}/namespaces/{namespace}/{plural}" if namespaced else f"{root}/{plural}"


def _apply(
    api: httpx.Client, collection: str, manifest: Mapping[str, Any], query: Mapping[str, str]
) -> httpx.Response:
    name = manifest["metadata"].get("name") or "unnamed"
    params = {"fieldManager": "tests", **query}
    return api.patch(f"{collection}/{name}", content=orjson.dumps(manifest), headers=APPLY, params=params)


def _after(api: httpx.Client, collection: str, case: Case, namespace: str, way: str) -> dict[str, Any]:
    """Create the case's object, change it, and return the answer to the change."""
    made = api.post(collection, json=case.manifest)
    assert made.status_code == 201, (case.id, made.text)
    path = f"{collection}/{made.json()['metadata']['name']}"
    change = case.then[way]
    try:
        match way:
            case "put":
                return told(api.put(path, json=with_places(made.json(), change)), namespace)
            case "merge":
                return told(api.patch(path, content=orjson.dumps(change), headers=MERGE), namespace)
            case _:
                return told(api.delete(path), namespace)
    finally:
        api.request("DELETE", path, json={"gracePeriodSeconds": 0})
        eventually(lambda: api.get(path).status_code == 404)
