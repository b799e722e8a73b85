"""The refusals that a fault forces, in the words of a real API server, and the reviews that confirm a missing right.

A fault with status 403 takes a right away: what it covers is forbidden, and a `SelfSubjectAccessReview` says so, too.

Source: Kubernetes, `apimachinery/pkg/api/errors` and `apiserver/pkg/endpoints/handlers/responsewriters`.
"""

from __future__ import annotations

import re

import orjson

from platz_sandbox.kubernetes.api.faults import Fault, Faults
from platz_sandbox.kubernetes.objects.raw_documents import KubeObject, dig
from platz_sandbox.kubernetes.objects.status_errors import ApiError

REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"

_REASONS = {400: "BadRequest", 401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 409: "Conflict", 410: "Expired",
            429: "TooManyRequests", 500: "InternalError", 503: "ServiceUnavailable", 504: "Timeout"}  # fmt: skip
_MESSAGES = {
    429: "the server has received too many requests and has asked us to try again later",
    500: "Internal error occurred: a fault was switched on",
    503: "the server is currently unable to handle the request",
    504: "Timeout: request did not complete within the allotted timeout",
}
_PATH = re.compile(
    r"^/(?:api|apis/(?P<group>[^/]+))/[^/]+(?:/namespaces/(?P<namespace>[^/]+)(?=/))?/(?P<resource>[^/]+)"
    r"(?:/(?P<name>[^/]+))?"
)


def refused(fault: Fault, verb: str, path: str) -> ApiError:
    """Return the error of a request that the fault hits."""
    code = fault.code
    words = _forbidden(verb, path) if code == 403 else _MESSAGES.get(code, "a fault was switched on")
    return ApiError(
        code=code, reason=_REASONS.get(code, "Unknown"), message=words, retry_after=fault.retry_after
    )


def throttled(fault: Fault) -> ApiError:
    """Return the error of a request that exceeds the limit."""
    return ApiError(
        code=429, reason=_REASONS[429], message=_MESSAGES[429], retry_after=fault.retry_after or 1
    )


def denying_review(body: bytes, cluster: str, faults: Faults) -> KubeObject | None:
    """Return the review of a right that a fault takes away; None if the cluster's own answer holds."""
    asked: KubeObject = dig(_document(body), "spec", "resourceAttributes") or {}
    group, namespace = asked.get("group"), asked.get("namespace")
    verb, resource = str(asked.get("verb")), str(asked.get("resource"))
    root = f"/apis/{group}/v1" if group else "/api/v1"
    place = f"/namespaces/{namespace}" if namespace else ""
    if not faults.take_away(cluster, verb, f"{root}{place}/{resource}"):
        return None
    return {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "metadata": {},
        "spec": {},
        "status": {"allowed": False, "reason": "a fault takes this right away"},
    }


def _document(body: bytes) -> KubeObject:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}  # the cluster says what is wrong with it


def _forbidden(verb: str, path: str) -> str:
    found = _PATH.match(path)
    if found is None:
        return f'forbidden: User "sandbox" cannot {verb} path "{path}"'
    group, namespace, resource, name = (
        found["group"] or "",
        found["namespace"],
        found["resource"],
        found["name"],
    )
    qualified = f"{resource}.{group}" if group else resource
    what = f'{qualified} "{name}"' if name else qualified
    where = f' in the namespace "{namespace}"' if namespace else " at the cluster scope"
    return f'{what} is forbidden: User "sandbox" cannot {verb} resource "{resource}" in API group "{group}"{where}'
