"""Whose host it is: the hosts of composed values, and the ingresses that have them already."""

from __future__ import annotations

from typing import Any, cast

import pytest

from platz.errors import Conflict
from platz.json import JsonObject
from platz.kube.client import KubeClient, Listing
from platz.kube.errors import KubeDenied
from platz.observation.ingress_hosts import hosts_of_values, require_free_hosts


class Cluster:
    """A cluster with these ingresses; None if Platz may not list them."""

    cluster = "east"

    def __init__(self, *ingresses: JsonObject | None) -> None:
        self._ingresses = ingresses

    def list_all(self, _kind: object) -> Listing:
        if None in self._ingresses:
            raise KubeDenied
        return Listing(items=cast("Any", self._ingresses), resource_version="1")


def ingress(host: str, *paths: str | None, namespace: str = "theirs") -> JsonObject:
    rule: JsonObject = {"host": host, "http": {"paths": [{"path": path} for path in paths]}}
    return {"metadata": {"name": "web", "namespace": namespace}, "spec": {"rules": [rule]}}


def require(cluster: Cluster, *hosts: str) -> None:
    require_free_hosts(cast("KubeClient", cluster), hosts, own_namespaces={"ours", "ours-before"})


@pytest.mark.parametrize("paths", [(), ("/",), ("",), (None,), ("/api", "/")])
def test_a_host_that_another_namespace_has_at_its_root_is_taken(paths: tuple[str | None, ...]) -> None:
    with pytest.raises(
        Conflict, match=r"shop\.test belongs to ingress web in namespace theirs of cluster east"
    ):
        require(Cluster(ingress("shop.test", *paths)), "shop.test")


@pytest.mark.parametrize(
    "cluster",
    [
        Cluster(),
        Cluster(None),
        Cluster(ingress("other.test", "/")),
        Cluster(ingress("shop.test", "/api")),
        Cluster(ingress("shop.test", "/", namespace="ours")),
        Cluster(ingress("shop.test", "/", namespace="ours-before")),
        Cluster({"metadata": {}, "spec": {"rules": "?"}}),
        Cluster({"metadata": {"namespace": "theirs"}}),
    ],
)
def test_other_hosts_paths_and_own_namespaces_are_no_obstacle(cluster: Cluster) -> None:
    require(cluster, "shop.test")


def test_without_hosts_nothing_is_asked() -> None:
    require(Cluster(None))


@pytest.mark.parametrize(
    ("values", "hosts"),
    [
        ({"ingress": {"enabled": True, "hosts": [{"host": "a"}, {"host": "b"}]}}, {"a", "b"}),
        ({"ingress": {"enabled": False, "hosts": [{"host": "a"}]}}, set()),
        ({"ingress": {"enabled": True, "hosts": "a"}}, set()),
        ({"ingress": "a"}, set()),
        ({}, set()),
    ],
)
def test_the_hosts_are_those_of_the_enabled_ingress_section(values: JsonObject, hosts: set[str]) -> None:
    assert hosts_of_values(values) == hosts
