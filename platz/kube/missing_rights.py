"""A refusal of an API server ("forbidden"), and whether the server means it.

A server that has just started refuses what it allows a moment later, because it has not read its roles yet. So a
refusal is believed only when the server says that it is ready, and confirms the refusal when it is asked for it.

Source: Kubernetes, "Authorization", `SelfSubjectAccessReview`; the message of `apiserver/pkg/endpoints/handlers/
responsewriters`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from platz.errors import PlatzError
from platz.json import JsonObject
from platz.kube.api_resources import ACCESS_REVIEW
from platz.kube.client import KubeClient
from platz.kube.errors import KubeNotFound

_REFUSAL = re.compile(
    r'User "(?P<user>[^"]*)" cannot (?P<verb>\w+) resource "(?P<resource>[\w./-]+)"'
    r' in API group "(?P<group>[^"]*)"'
    r'(?: in the namespace "(?P<namespace>[^"]*)"| at the cluster scope)'
)
_STARTING = re.compile(r"not yet ready to handle request|RBAC: .*\bnot found")


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """What the server did not let ``user`` do; ``namespace`` is None at the cluster scope."""

    user: str
    verb: str
    resource: str
    group: str
    namespace: str | None

    @property
    def right(self) -> str:
        """The missing right in words."""
        of_group = f" of API group {self.group}" if self.group else ""
        where = f"in namespace {self.namespace}" if self.namespace else "in the whole cluster"
        return f"{self.verb} {self.resource}{of_group} {where}"


def refusal_in(text: str) -> Refusal | None:
    """Return the first refusal that a message of Kubernetes or Helm tells, or None."""
    found = _REFUSAL.search(text)
    if found is None:
        return None
    return Refusal(
        user=found["user"],
        verb=found["verb"],
        resource=found["resource"],
        group=found["group"],
        namespace=found["namespace"],
    )


def is_meant(client: KubeClient, text: str) -> bool:
    """Ask the server that refused with ``text`` whether it means that; one that can't be asked does."""
    if _STARTING.search(text):
        return False
    refusal = refusal_in(text)
    try:
        return client.is_ready() and not (refusal is not None and _is_allowed(client, refusal))
    except PlatzError:
        return False


def _is_allowed(client: KubeClient, refusal: Refusal) -> bool:
    try:
        answer = client.create(ACCESS_REVIEW, _question(refusal))
    except KubeNotFound:
        return False
    match answer.get("status"):
        case {"allowed": True}:
            return True
        case _:
            return False


def _question(refusal: Refusal) -> JsonObject:
    resource, _, subresource = refusal.resource.partition("/")
    attributes: JsonObject = {"verb": refusal.verb, "group": refusal.group, "resource": resource}
    if subresource:
        attributes["subresource"] = subresource
    if refusal.namespace:
        attributes["namespace"] = refusal.namespace
    return {
        "apiVersion": ACCESS_REVIEW.api_version,
        "kind": ACCESS_REVIEW.kind,
        "spec": {"resourceAttributes": attributes},
    }
