"""The addresses to which Platz connects for a deployment's ingress, and those that it refuses.

Invariant: an address is judged by what it reaches: an IPv4 address inside an IPv6 one counts as that IPv4 address. No
setting allows this machine, the link, a group of machines, or a cloud's metadata.

Source: RFC 6890 and IANA's special-purpose registries; docs/contract/workers.md, "Calls to deployments".
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

METADATA = frozenset(
    map(
        ip_address,
        (
            "169.254.169.254",
            "169.254.170.2",
            "fd00:ec2::254",
            "fd20:ce::254",
            "100.100.100.200",
            "168.63.129.16",
        ),
    )
)
"""Where clouds give their machines credentials and settings (AWS, Google, Alibaba, Azure)."""

_NAT64 = ip_network("64:ff9b::/96")


@dataclass(frozen=True, kw_only=True)
class AllowedAddresses:
    """The rule: public addresses are allowed, and those of the networks ``private``."""

    private: tuple[Network, ...] = ()

    def why_not(self, address: Address) -> str | None:
        """Return what is wrong with an address, to be put after "is"; None if it is allowed."""
        real = _inner(address)
        never = _why_never(real)
        if never is not None or real.is_global or any(real in network for network in self.private):
            return never
        return "in a private network that PLATZ_INGRESS_PRIVATE_NETWORKS does not name"


def _why_never(address: Address) -> str | None:
    """Return what is wrong with an address that no setting allows."""
    kinds = {
        "that of a cloud's metadata service": address in METADATA,
        "of this machine": address.is_loopback or address.is_unspecified,
        "of the local link": address.is_link_local,
        "a multicast address": address.is_multicast,
        "reserved": address.is_reserved or (isinstance(address, IPv6Address) and address.is_site_local),
    }
    return next((kind for kind, applies in kinds.items() if applies), None)


def _inner(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address stands for, or the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else address)


def networks(texts: Collection[str]) -> tuple[Network, ...]:
    """Read networks in CIDR notation; raise `ValueError`."""
    return tuple(ip_network(text) for text in texts)
