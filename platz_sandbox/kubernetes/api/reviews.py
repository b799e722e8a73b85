"""Reviews: responses to a client's questions about its own identity and permissions.

Invariant: nothing is stored but a token that was asked for, and a review's response does not depend on the request: a
valid token may do everything.
Source: Kubernetes API reference, `SelfSubjectReview`, `SelfSubjectAccessReview` and `SelfSubjectRulesReview`, which
`kubectl auth` sends.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from platz_sandbox.kubernetes.objects.raw_documents import KubeObject, dig, number
from platz_sandbox.kubernetes.objects.stored import Stored

_STATUSES: Mapping[str, tuple[str, KubeObject]] = {
    "authentication.k8s.io/v1/selfsubjectreviews": (
        "SelfSubjectReview",
        {"userInfo": {"username": "sandbox", "groups": ["system:masters", "system:authenticated"]}},
    ),
    "authorization.k8s.io/v1/selfsubjectaccessreviews": (
        "SelfSubjectAccessReview",
        {"allowed": True, "reason": "a simulated cluster lets every valid token do everything"},
    ),
    "authorization.k8s.io/v1/subjectaccessreviews": (
        "SubjectAccessReview",
        {"allowed": True, "reason": "a simulated cluster lets every valid token do everything"},
    ),
    "authorization.k8s.io/v1/selfsubjectrulesreviews": (
        "SelfSubjectRulesReview",
        {
            "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
            "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
            "incomplete": False,
        },
    ),
}


_DEFAULT_TOKEN_SECONDS = 3600


def token_request(wanted: KubeObject, account: Stored, token: str) -> KubeObject:
    """Return the response to a TokenRequest: the token, and when it ends."""
    seconds = number(wanted, "spec", "expirationSeconds", default=_DEFAULT_TOKEN_SECONDS)
    ends = datetime.now(UTC) + timedelta(seconds=seconds)
    audiences = dig(wanted, "spec", "audiences") or ["https://kubernetes.default.svc"]
    return {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "metadata": {"name": account.name, "namespace": account.namespace},
        "spec": {"audiences": audiences, "expirationSeconds": seconds},
        "status": {"token": token, "expirationTimestamp": ends.strftime("%Y-%m-%dT%H:%M:%SZ")},
    }


def review(path: str) -> KubeObject | None:
    """Return the response to a review that is posted to ``path``, or None when ``path`` takes no reviews."""
    place = path.strip("/").removeprefix("apis/")
    if place not in _STATUSES:
        return None
    kind, status = _STATUSES[place]
    api_version = place.rpartition("/")[0]
    return {"apiVersion": api_version, "kind": kind, "metadata": {}, "spec": {}, "status": status}
