"""The host names that a deployment's ingress is to have, and whether another ingress of the cluster has them.

Source: docs/contract/workers.md, "Recreate", "Ingress section".
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import cast

import structlog

from platz.errors import Conflict
from platz.json import JsonObject, JsonValue
from platz.kube.api_resources import INGRESS
from platz.kube.client import KubeClient
from platz.kube.errors import KubeDenied, KubeNotFound

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

ROOT_PATHS = (None, "", "/")


def hosts_of_values(values: JsonObject) -> frozenset[str]:
    """Return the hosts in the ingress section of composed values; none if it is disabled."""
    ingress = _object(values.get("ingress"))
    if ingress.get("enabled") is not True:
        return frozenset()
    return frozenset(str(each["host"]) for each in _objects(ingress.get("hosts")) if each.get("host"))


def require_free_hosts(
    client: KubeClient, hosts: Collection[str], *, own_namespaces: Collection[str]
) -> None:
    """Raise `Conflict` if an ingress in another namespace answers for one of the hosts at its root.

    Source: Kubernetes, "Ingress": several ingresses may share a host if their paths differ.
    """
    if not hosts:
        return
    try:
        ingresses = client.list_all(INGRESS).items
    except (KubeDenied, KubeNotFound) as error:  # it may do less, or have no ingresses: then nobody can say
        log.info("The cluster's ingresses can't be listed", action="look", reason=error.message)
        return
    for ingress in ingresses:
        metadata = _object(ingress.get("metadata"))
        taken = sorted(set(_root_hosts(ingress)) & set(hosts))
        if taken and metadata.get("namespace") not in own_namespaces:
            raise Conflict(
                f"The host {taken[0]} belongs to ingress {metadata.get('name')} in namespace"
                f" {metadata.get('namespace')} of cluster {client.cluster}; choose another name."
            )


def _root_hosts(ingress: JsonObject) -> Iterator[str]:
    for rule in _objects(_object(ingress.get("spec")).get("rules")):
        paths = _objects(_object(rule.get("http")).get("paths"))
        if not paths or any(path.get("path") in ROOT_PATHS for path in paths):
            yield str(rule.get("host"))


def _object(value: JsonValue) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _objects(value: JsonValue) -> list[JsonObject]:
    return (
        [cast("JsonObject", each) for each in value if isinstance(each, dict)]
        if isinstance(value, list)
        else []
    )
