"""The reason why a connection could not be opened, in one sentence.

Invariant: the sentence names the host, the port, the database and the likely cause, but never the password or the
server's own words.
"""

from __future__ import annotations

import re

import psycopg

from platz.db.address import DatabaseAddress
from platz.errors import Retryable


class DatabaseUnavailable(Retryable):
    """The database can't do this at the moment."""


class DatabaseUnreachable(DatabaseUnavailable):
    """The database can't be reached."""


REASONS: tuple[tuple[str, str], ...] = (
    (r"password authentication failed|no password supplied", "it refuses user {user} or the password"),
    (r'role ".*" does not exist|is not permitted to log in', "it does not let user {user} in"),
    (r'database ".*" does not exist', "the server has no database {database}"),
    (r"permission denied for database", "user {user} may not connect to database {database}"),
    (
        r"no pg_hba\.conf entry|pg_hba\.conf rejects",
        "its rules do not let user {user} in from here (pg_hba.conf)",
    ),
    (r"certificate verify failed", "its TLS certificate is not trusted (PGSSLROOTCERT names the authority)"),
    (r"does not match host name|host name mismatch", "its TLS certificate is for another host name"),
    (r"root certificate file|could not read root certificate", "the file of PGSSLROOTCERT can't be read"),
    (r"server does not support SSL", "it offers no TLS, which PGSSLMODE demands"),
    (r"SSL|TLS|certificate", "the TLS handshake failed"),
    (r"too many clients|remaining connection slots|too many connections", "it has no free connection"),
    (r"starting up|shutting down|in recovery mode", "it is starting or stopping"),
    (
        r"could not translate host name|Name or service not known|nodename nor servname",
        "the host name is unknown",
    ),
    (r"[Cc]onnection refused", "nothing listens there"),
    (r"timeout expired|timed out", "it does not answer"),
    (r"[Nn]o route to host|[Nn]etwork is unreachable", "the network does not lead there"),
    (r"No such file or directory", "nothing listens on that socket"),
    (r"server closed the connection unexpectedly", "what listens there closes the connection"),
    (r"unsupported startup parameter", "a pooler there refuses a parameter of the connection"),
    (
        r"no such database|no such user|bouncer config error",
        "a pooler there does not know the database or the user",
    ),
    (r"invalid response|unrecognized|invalid message", "what listens there is not PostgreSQL"),
)
"""Patterns for the driver's text and their meanings, the more specific first; libpq gives no codes while connecting."""


def why_unreachable(error: psycopg.Error, address: DatabaseAddress) -> DatabaseUnreachable:
    """Return an error that says in one sentence why the database at ``address`` could not be reached."""
    text = str(error)
    found = (reason for pattern, reason in REASONS if re.search(pattern, text))
    reason = next(found, "the connection failed").format(user=address.user, database=address.database)
    return DatabaseUnreachable(
        f"Can't use the database {address.database} at {address.host}:{address.port}: {reason}."
    )
