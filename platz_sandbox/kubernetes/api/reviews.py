"""Reviews: responses to a client's questions about its own identity and permissions.

Invariant: nothing is stored, and the response does not depend on the request: a valid token may do everything.
Source: Kubernetes API reference, `SelfSubjectReview`, `SelfSubjectAccessReview` and `SelfSubjectRulesReview`, which
`kubectl auth` sends.
"""

from __future__ import annotations

from collections.abc import Mapping

from platz_sandbox.kubernetes.objects.raw_documents import KubeObject

_STATUSES: Mapping[str, tuple[str, KubeObject]] = {
    "authentication.k8s.io/v1/selfsubjectreviews": (
        "SelfSubjectReview",
        {"userInfo": {"username": "sandbox", "groups": ["system:masters", "system:authenticated"]}},
    ),
    "authorization.k8s.io/v1/selfsubjectaccessreviews": (
        "SelfSubjectAccessReview",
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


def review(path: str) -> KubeObject | None:
    """Return the response to a review that is posted to ``path``, or None when ``path`` takes no reviews."""
    place = path.strip("/").removeprefix("apis/")
    if place not in _STATUSES:
        return None
    kind, status = _STATUSES[place]
    api_version = place.rpartition("/")[0]
    return {"apiVersion": api_version, "kind": kind, "metadata": {}, "spec": {}, "status": status}
