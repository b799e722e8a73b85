"""Asks a server that has refused something whether it means that.

A server that has just started refuses what it allows a moment later, because it has not read its roles yet. So a
refusal is believed only when the server says that it is ready, and confirms the refusal when it is asked for it.

Source: Kubernetes, "Authorization", `SelfSubjectAccessReview`.
"""

from __future__ import annotations

import re

from platz.errors import PlatzError
from platz.json import JsonObject
from platz.kube.api_resources import ACCESS_REVIEW
from platz.kube.client import KubeClient
from platz.kube.errors import KubeNotFound
from platz.kube.missing_rights import Refusal, refusal_in

_STARTING = re.compile(r"not yet ready to handle request|RBAC: .*\bnot found")


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
