"""The clients of the registries in which charts were found.

Invariant: the credentials of one registry are never sent to another; ECR's are made for the region in its domain.
"""

from __future__ import annotations

from collections.abc import Callable

from platz.aws.ecr import EcrAuthorization, ecr_region
from platz.aws.sessions import AwsAccount
from platz.db.enums import RegistryProvider
from platz.db.tables.registries import RegistryRow
from platz.discovery.oci_charts import registry_domain
from platz.helm.registry_client import RegistryClient
from platz.web_addresses import LOOPBACK_NAMES


def registry_client_of(configured: str | None, aws: AwsAccount) -> Callable[[RegistryRow], RegistryClient]:
    """Return a function that makes a registry's client.

    The configured registry is reached at its configured URL, all others by TLS, except those on this machine.
    """

    def client_of(registry: RegistryRow) -> RegistryClient:
        domain = registry.domain_name
        if configured and registry_domain(configured) == domain:
            return RegistryClient(configured)
        if registry.provider is RegistryProvider.ECR:
            return ecr_client(aws, domain)
        plain = domain.rsplit(":", 1)[0] in LOOPBACK_NAMES
        return RegistryClient(f"{'http' if plain else 'https'}://{domain}")

    return client_of


def ecr_client(aws: AwsAccount, domain: str) -> RegistryClient:
    """Return an authorized client of an ECR registry; raise `Rejected` if the domain is not one of ECR's."""
    return RegistryClient(f"https://{domain}", authorization=EcrAuthorization(aws, ecr_region(domain)))
