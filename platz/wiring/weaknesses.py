"""What makes an installation weaker than it should be in production, each as a sentence that says what to do.

Invariant: on a laptop there is none: what stays on this machine needs neither TLS nor keys of its own.

Source: docs/contract/workers.md, "Weak settings".
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import structlog

from platz.backing_services import BackingServices
from platz.config import Settings, SettingsError
from platz.db.address import TlsMode
from platz.db.encryption import Cipher, NoCipher
from platz.web_addresses import LOOPBACK_NAMES

NO_KEYS = "Secrets are stored in plain, because PLATZ_ENCRYPTION_KEYS is not set: whoever reads a backup reads them."
PLAIN_OWN_URL = "PLATZ_OWN_URL is not https: whoever is on the way reads tokens and cookies."
PLAIN_PROVIDER = "OIDC_SERVER_URL is not https: whoever is on the way can sign in as anybody."
UNVERIFIED_DATABASE = (
    "PGSSLMODE allows a connection to the database without TLS, across a network: set it to verify-full."
)

_LOCAL_HOSTS = frozenset({*LOOPBACK_NAMES, "::1", ""})
log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def weaknesses(settings: Settings, services: BackingServices, cipher: Cipher) -> tuple[str, ...]:
    """Return a sentence for each weak setting."""
    return tuple(_found(settings, services, cipher))


def tell_or_refuse(settings: Settings, found: tuple[str, ...]) -> None:
    """Log each weakness; raise `SettingsError` for the first when PLATZ_WEAK_SETTINGS is `refuse`."""
    if found and settings.weak_settings == "refuse":
        raise SettingsError(f"PLATZ_WEAK_SETTINGS is refuse. {found[0]}")
    for sentence in found:
        log.warning("A setting is weaker than it should be", action="weak_setting", reason=sentence)


def _found(settings: Settings, services: BackingServices, cipher: Cipher) -> Iterator[str]:
    if isinstance(cipher, NoCipher):
        yield NO_KEYS
    if _is_plain(services.own_url):
        yield PLAIN_OWN_URL
    if settings.oidc_server_url and _is_plain(settings.oidc_server_url):
        yield PLAIN_PROVIDER
    address = services.database
    is_remote = address.host not in _LOCAL_HOSTS and not address.host.startswith("/")
    if is_remote and address.tls in {TlsMode.DISABLE, TlsMode.PREFER}:
        yield UNVERIFIED_DATABASE


def _is_plain(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "http" and (parts.hostname or "") not in _LOCAL_HOSTS
