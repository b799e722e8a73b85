"""The domains of AWS, which differ by partition: commercial, China, GovCloud and others.

Invariant: a domain follows from a region as the SDK knows it, whatever endpoints this process uses for its own calls.
A region that no partition can have gives none.

Source: AWS, "Amazon Resource Names", partitions; the endpoints file of botocore.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, cast

from platz.errors import Rejected


def sts_host(region: str) -> str:
    """Return the host of STS in a region; raise `Rejected` for a region that no partition can have."""
    found = _resolver().construct_endpoint("sts", region)
    if found is None:
        raise _unknown(region)
    return str(found["hostname"])


def domain_suffix(region: str) -> str:
    """Return the end of the domains in a region, such as `amazonaws.com`; raise `Rejected` as `sts_host` does."""
    from botocore.exceptions import UnknownRegionError

    resolver = _resolver()
    try:
        return str(resolver.get_partition_dns_suffix(resolver.get_partition_for_region(region)))
    except UnknownRegionError:
        raise _unknown(region) from None


def _unknown(region: str) -> Rejected:
    return Rejected(f"AWS has no region {region}.")


@lru_cache(maxsize=1)
def _resolver() -> Any:  # Any: botocore has no types
    from botocore.loaders import Loader
    from botocore.regions import EndpointResolver

    return EndpointResolver(cast("Any", Loader()).load_data("endpoints"))
