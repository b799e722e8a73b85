"""The address of the database, and the limits and parameters of its connections.

Invariant: neither the text form of an address nor an error message about it shows the password.

Source: docs/contract/http-api.md, "Process configuration".
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from platz.errors import PlatzError

SYSTEM_TRUST_STORES = [
    Path("/etc/ssl/certs/ca-certificates.crt"),  # Debian, Ubuntu, Alpine
    Path("/etc/pki/tls/certs/ca-bundle.crt"),  # Red Hat, Amazon Linux
    Path("/etc/ssl/cert.pem"),  # BSD, macOS
]


class BadDatabaseAddress(PlatzError):
    """The database address can't be understood."""


class TlsMode(StrEnum):
    """The TLS mode of a connection, in libpq's words. Only `VERIFY_FULL` verifies the server's certificate."""

    DISABLE = "disable"
    PREFER = "prefer"
    REQUIRE = "require"
    VERIFY_FULL = "verify-full"


def parse_tls_mode(text: str) -> TlsMode:
    """Read a ``PGSSLMODE`` in any letter case, with ``_`` or ``-``; raise `BadDatabaseAddress` for an unknown mode."""
    try:
        return TlsMode(text.strip().lower().replace("_", "-"))
    except ValueError as error:
        known = ", ".join(mode.value for mode in TlsMode)
        raise BadDatabaseAddress(f"The TLS mode (PGSSLMODE) must be one of {known}.") from error


@dataclass(frozen=True, kw_only=True)
class DatabaseAddress:
    """The server, the database, the credentials and the TLS mode.

    Without ``ca_file``, certificates are verified with the system's trust store.
    """

    host: str
    port: int = 5432
    database: str
    user: str
    password: str = field(default="", repr=False)
    tls: TlsMode = TlsMode.PREFER
    ca_file: Path | None = None

    def __str__(self) -> str:
        return f"{self.host}:{self.port}/{self.database}"


@dataclass(frozen=True, kw_only=True)
class PoolLimits:
    """The pool's sizes and timeouts, in seconds; the first five are the settings ``DB_POOL_*``.

    ``connection_timeout`` limits the wait for a free connection, ``statement_timeout`` every statement on a pooled
    connection, and ``connect_timeout`` the opening of any connection.
    """

    max_size: int = 50
    min_idle: int = 0
    connection_timeout: float = 30
    idle_timeout: float = 600
    max_lifetime: float = 1800
    statement_timeout: float = 30
    connect_timeout: float = 5


def address_from_url(
    url: str,
    *,
    tls: TlsMode = TlsMode.PREFER,
    ca_file: Path | None = None,
    setting: str = "DATABASE_URL",
) -> DatabaseAddress:
    """Read the URL of ``setting``; its ``sslmode`` and ``sslrootcert`` take precedence over the arguments.

    Raises `BadDatabaseAddress`. The message does not contain the URL, which holds a password.
    """
    try:
        parts = {key: str(value) for key, value in conninfo_to_dict(url).items() if value is not None}
    except ProgrammingError:
        raise BadDatabaseAddress(f"{setting} is not a postgresql:// URL.") from None
    if not parts.get("dbname"):
        raise BadDatabaseAddress(f"{setting} names no database.")
    return DatabaseAddress(
        host=parts.get("host") or parts.get("hostaddr") or "localhost",
        port=_port(parts.get("port", "5432"), setting),
        database=parts["dbname"],
        user=parts.get("user", "postgres"),
        password=parts.get("password", ""),
        tls=parse_tls_mode(parts["sslmode"]) if "sslmode" in parts else tls,
        ca_file=Path(parts["sslrootcert"]) if "sslrootcert" in parts else ca_file,
    )


def connection_parameters(
    address: DatabaseAddress, *, application_name: str, connect_timeout: float
) -> dict[str, str]:
    """Return libpq's parameters for a connection that notices a dead server within about ten seconds."""
    return {
        "host": address.host,
        "port": str(address.port),
        "dbname": address.database,
        "user": address.user,
        "password": address.password,
        "sslmode": address.tls.value,
        "application_name": application_name,
        "connect_timeout": str(max(2, round(connect_timeout))),
        "keepalives": "1",
        "keepalives_idle": "4",
        "keepalives_interval": "2",
        "keepalives_count": "3",
        "tcp_user_timeout": "10000",
        "gssencmode": "disable",  # nobody asked for Kerberos, and looking for it costs a round trip
        "sslrootcert": _root_certificates(address),
    }


def _root_certificates(address: DatabaseAddress) -> str:
    if address.tls is not TlsMode.VERIFY_FULL:
        return (
            "/dev/null/none"  # a certificate in the home folder must not turn "require" into a verifying mode
        )
    if address.ca_file:
        return str(address.ca_file)
    # The driver bundles its own OpenSSL, which does not know where this system keeps its certificates.
    return next((str(path) for path in _system_trust_stores() if path.is_file()), "system")


def _system_trust_stores() -> list[Path]:
    default = ssl.get_default_verify_paths().cafile
    return [*([Path(default)] if default else []), *SYSTEM_TRUST_STORES]


def _port(text: str, setting: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise BadDatabaseAddress(f"{setting} has a port that is not a number.") from error
