"""To which addresses Platz connects for an ingress (docs/contract/workers.md, "Calls to deployments")."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from platz.config import PRIVATE_NETWORKS
from platz.observation.allowed_addresses import AllowedAddresses, networks

USUAL = AllowedAddresses(private=networks(PRIVATE_NETWORKS))
EVERYTHING = AllowedAddresses(private=networks(["0.0.0.0/0", "::/0"]))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.0.1",
        "::1",
        "0.0.0.0",
        "::",
        "169.254.1.1",
        "169.254.169.254",
        "169.254.170.2",
        "fe80::1",
        "fd00:ec2::254",
        "fd20:ce::254",
        "100.100.100.200",
        "168.63.129.16",
        "224.0.0.1",
        "239.1.2.3",
        "ff02::1",
        "255.255.255.255",
        "240.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::1",
        "2001:0:4136:e378:8000:63bf:80ff:fffe",
        "::127.0.0.1",
        "::ffff:0:10.0.0.1",
        "64:ff9b:1::a9fe:a9fe",
        "fec0::1",
        "5f00::1",
    ],
)
@pytest.mark.parametrize("rule", [USUAL, EVERYTHING])
def test_no_setting_allows_what_is_never_an_ingress(rule: AllowedAddresses, address: str) -> None:
    assert rule.why_not(ip_address(address))


@pytest.mark.parametrize(
    "address", ["10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "fd12::1", "::ffff:10.1.2.3"]
)
def test_a_private_address_needs_a_network_that_a_setting_names(address: str) -> None:
    assert USUAL.why_not(ip_address(address)) is None
    assert "PLATZ_INGRESS_PRIVATE_NETWORKS" in str(AllowedAddresses().why_not(ip_address(address)))


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822"])
def test_public_addresses_are_allowed(address: str) -> None:
    assert AllowedAddresses().why_not(ip_address(address)) is None


def test_only_the_named_networks_are_allowed() -> None:
    rule = AllowedAddresses(private=networks(["10.20.0.0/16"]))
    assert rule.why_not(ip_address("10.20.1.1")) is None
    assert rule.why_not(ip_address("10.21.1.1"))
