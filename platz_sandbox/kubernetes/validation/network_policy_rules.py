"""The rules of NetworkPolicies.

Source: Kubernetes API reference, NetworkPolicySpec.
"""

from __future__ import annotations

import ipaddress

from platz_sandbox.kubernetes.validation import formats
from platz_sandbox.kubernetes.validation.checks import label_selector, one_of, port_or_name, text_of
from platz_sandbox.kubernetes.validation.places import Causes, Place
from platz_sandbox.kubernetes.validation.tables import row, table


def _end_port(place: Place) -> Causes:
    port, end = place.at("port"), place.at("endPort")
    if end.value is None:
        return
    if port.value is None:
        yield end.invalid("may not be specified when `port` is not specified")
    elif isinstance(port.value, str):
        yield end.invalid("may not be specified when `port` is non-numeric")
    elif end.value < port.value:
        yield end.invalid("must be greater than or equal to `port`", shown=port.value)


def _peer(place: Place) -> Causes:
    block = place.at("ipBlock")
    selectors = [name for name in ("podSelector", "namespaceSelector") if place.at(name).value is not None]
    if block.value is not None and selectors:
        yield place.forbidden("may not specify both ipBlock and another peer")
    elif block.value is None and not selectors:
        yield place.required("must specify a peer")


def _exceptions(place: Place) -> Causes:
    around, bad = place.at("cidr"), formats.network(str(place.at("cidr").value or ""))
    if around.missing:
        yield around.required()
    elif bad:
        yield from (around.invalid(told) for told in bad)
    for item in place.at("except").items():
        if formats.network(item.value):
            yield from (item.invalid(told) for told in formats.network(item.value))
        elif not bad and not _strictly_inside(item.value, around.value):
            yield item.invalid("must be a strict subset of `cidr`")


def _strictly_inside(inner: str, outer: str) -> bool:
    small, large = ipaddress.ip_network(inner, strict=False), ipaddress.ip_network(outer, strict=False)
    if small.version != large.version or small.prefixlen <= large.prefixlen:
        return False
    return small.network_address in large


def _block(place: Place) -> Causes:
    if place.value is not None:
        yield from _exceptions(place)


def _not_three(place: Place) -> Causes:
    if len(place.items()) > 2:
        yield place.invalid("may not specify more than two policyTypes")
    else:
        yield from (cause for item in place.items() for cause in one_of("Ingress", "Egress")(item))


_PORT = table(row("port", port_or_name), row("protocol", one_of("TCP", "UDP", "SCTP")), row("", _end_port))
_PEER = table(
    row("", _peer),
    row("podSelector", label_selector),
    row("namespaceSelector", label_selector),
    row("ipBlock", _block),
)
NETWORK_POLICY = table(
    row("spec.podSelector", label_selector),
    row("spec.ingress[*].ports[*]", _PORT),
    row("spec.ingress[*].from[*]", _PEER),
    row("spec.egress[*].ports[*]", _PORT),
    row("spec.egress[*].to[*]", _PEER),
    row("spec.policyTypes", _not_three),
)
NAME = text_of(formats.dns_subdomain)
