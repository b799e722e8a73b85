"""The rules of Services, Endpoints and EndpointSlices.

Source: Kubernetes API reference, ServiceSpec; Kubernetes "Service".
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any

from platz_sandbox.kubernetes.validation import formats
from platz_sandbox.kubernetes.validation.checks import (
    at_least,
    labels,
    one_of,
    port_number,
    port_or_name,
    required,
    text_of,
    unique,
)
from platz_sandbox.kubernetes.validation.places import Causes, Place
from platz_sandbox.kubernetes.validation.tables import Check, row, table

SERVICE_RANGE = ipaddress.ip_network("10.96.0.0/16")
"""The addresses that the simulator gives to Services; a real cluster says its own range in the same sentence."""
_DAY = 86400


def _type_of(place: Place) -> str:
    return place.root["spec"].get("type") or "ClusterIP"


def _ports(place: Place) -> Causes:
    if place.missing and _type_of(place) != "ExternalName" and place.root["spec"].get("clusterIP") != "None":
        yield place.required()
    if len(place.items()) > 1:
        yield from (item.at("name").required() for item in place.items() if item.at("name").missing)
    yield from unique("name")(place)
    seen: set[tuple[Any, Any]] = set()
    for item in place.items():
        key = (item.fields.get("protocol") or "TCP", item.fields.get("port"))
        if key in seen:
            yield item.duplicate(shown=_shown_port(item))
        seen.add(key)


def _shown_port(item: Place) -> dict[str, Any]:
    name, number = item.fields.get("name") or "", item.fields.get("port")
    return {"Name": "", "Protocol": item.fields.get("protocol") or "TCP", "AppProtocol": None,
            "Port": number, "TargetPort": 0, "NodePort": 0} if name or number else {}  # fmt: skip


def _node_port(place: Place) -> Causes:
    if place.value and _type_of(place) == "ClusterIP":
        yield place.forbidden("may not be used when `type` is 'ClusterIP'")


def _only_for(kind: str) -> Check:
    def check(place: Place) -> Causes:
        if place.value is not None and place.value != [] and _type_of(place) != kind:
            yield place.forbidden(f"may only be used when `type` is '{kind}'")

    return check


def _external_policy(place: Place) -> Causes:
    if place.value is None:
        return
    if _type_of(place) not in {"NodePort", "LoadBalancer"} and not place.root["spec"].get("externalIPs"):
        yield place.invalid("may only be set for externally-accessible services")
    else:
        yield from one_of("Cluster", "Local")(place)


def _health_check(place: Place) -> Causes:
    local = place.root["spec"].get("externalTrafficPolicy") == "Local"
    if place.value and not (_type_of(place) == "LoadBalancer" and local):
        yield place.invalid(
            "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
        )


def _cluster_address(place: Place) -> Causes:
    """The address is judged as the first of `clusterIPs`, whichever of the two fields was set."""
    value = place.at("clusterIP").value
    every = place.at("clusterIPs")
    first = Place(value=value, path=f"{every.path}[0]", root=place.root)
    if not value:
        return
    if _type_of(place) == "ExternalName":
        yield every.forbidden("may not be set for ExternalName services")
    elif value == "None":
        if _type_of(place) != "ClusterIP":
            yield first.invalid(f"may not be set to 'None' for {_type_of(place)} services")
    elif not formats.is_address(value):
        yield from (first.invalid(told) for told in formats.address(value))
    elif ipaddress.ip_address(value) not in SERVICE_RANGE:
        told = (
            f"the provided IP ({value}) is not in the valid range. The range of valid IPs is {SERVICE_RANGE}"
        )
        yield every.invalid(f"failed to allocate IP {value}: {told}", shown=[value])


def _source_ranges(place: Place) -> Causes:
    named = Place(value=place.value, path="spec.LoadBalancerSourceRanges", root=place.root, above=place.above)
    yield from _only_for("LoadBalancer")(named)
    if _type_of(place) == "LoadBalancer":
        yield from (
            item.invalid(told) for item in named.items() for told in formats.network(str(item.value).strip())
        )


def _families(place: Place) -> Causes:
    for item in place.items():
        if item.value not in {"IPv4", "IPv6"}:
            yield item.unsupported(("IPv4", "IPv6"))
        elif item.value == "IPv6":
            yield item.invalid("not configured on this cluster")


def _family_policy(place: Place) -> Causes:
    yield from one_of("PreferDualStack", "RequireDualStack", "SingleStack")(place)
    if place.value == "RequireDualStack":
        yield place.invalid("this cluster is not configured for dual-stack services")


def _affinity(place: Place) -> Causes:
    timeout = place.at("sessionAffinityConfig", "clientIP", "timeoutSeconds")
    if (
        place.at("sessionAffinity").value == "ClientIP"
        and timeout.value is not None
        and not 0 < timeout.value <= _DAY
    ):
        yield timeout.invalid(f"must be greater than 0 and less than {_DAY}")


def _external_name(place: Place) -> Causes:
    if _type_of(place) == "ExternalName":
        yield from required(place)
        yield from text_of(lambda text: formats.dns_subdomain(text.removesuffix(".")))(place)


_APP_PROTOCOL = text_of(formats.qualified_name)
SERVICE = table(
    row("spec.type", one_of("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")),
    row("spec.externalName", _external_name),
    row("spec.ports", _ports),
    row("spec.ports[*].name", text_of(formats.dns_label)),
    row("spec.ports[*].port", port_number),
    row("spec.ports[*].targetPort", port_or_name),
    row("spec.ports[*].protocol", one_of("SCTP", "TCP", "UDP")),
    row("spec.ports[*].appProtocol", _APP_PROTOCOL),
    row("spec.ports[*].nodePort", _node_port),
    row("spec.selector", labels),
    row("spec.sessionAffinity", one_of("ClientIP", "None")),
    row("spec", _affinity, _cluster_address),
    row("spec.ipFamilies", _families),
    row("spec.ipFamilyPolicy", _family_policy),
    row("spec.externalIPs[*]", text_of(formats.special_address)),
    row("spec.loadBalancerSourceRanges", _source_ranges),
    row("spec.externalTrafficPolicy", _external_policy),
    row("spec.internalTrafficPolicy", one_of("Cluster", "Local")),
    row("spec.healthCheckNodePort", _health_check),
    row("spec.allocateLoadBalancerNodePorts", _only_for("LoadBalancer")),
    row("spec.loadBalancerClass", _only_for("LoadBalancer"), text_of(formats.qualified_name)),
)


def _some_address(place: Place) -> Causes:
    if place.at("addresses").missing and place.at("notReadyAddresses").missing:
        yield place.required("must specify `addresses` or `notReadyAddresses`")


def _endpoint_address(place: Place) -> Causes:
    yield from text_of(formats.special_address)(place)
    if not formats.is_address(str(place.value)):
        yield place.invalid("must be a valid IP address")


_ADDRESS = table(row("ip", required, _endpoint_address))
_PORT = (row("port", required, port_number), row("protocol", one_of("SCTP", "TCP", "UDP")))
ENDPOINTS = table(
    row("subsets[*]", _some_address),
    row("subsets[*].addresses[*]", _ADDRESS),
    row("subsets[*].notReadyAddresses[*]", _ADDRESS),
    row("subsets[*].ports[*]", table(*_PORT)),
)

_FAMILY: dict[str, Callable[[str], bool]] = {
    "IPv4": lambda text: ":" not in text,
    "IPv6": lambda text: ":" in text,
}


def _slice_addresses(place: Place) -> Causes:
    if place.missing:
        yield place.required("must contain at least 1 address")
    family = place.root.get("addressType")
    for item in place.items():
        if family == "FQDN":
            yield from text_of(formats.dns_subdomain)(item)
        elif not formats.is_address(item.value):
            yield from (item.invalid(told) for told in formats.address(item.value))
        elif family in _FAMILY and not _FAMILY[family](item.value):
            yield place.invalid(f"must be an {family} address", shown=item.value)


SLICE = table(
    row("addressType", required, one_of("FQDN", "IPv4", "IPv6")),
    row("endpoints[*].addresses", _slice_addresses),
    row("ports", unique("name")),
    row("ports[*].name", text_of(formats.dns_label)),
    row("ports[*].port", at_least(1, "must be between 1 and 65535, inclusive")),
    row("ports[*].protocol", one_of("SCTP", "TCP", "UDP")),
)
