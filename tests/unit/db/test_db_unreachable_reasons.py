"""Why the database can't be reached, in one sentence that a person understands and that holds no secret."""

from __future__ import annotations

import re

import psycopg
import pytest

from platz.db.address import DatabaseAddress
from platz.db.unreachable import REASONS, DatabaseUnreachable, why_unreachable
from platz.errors import Retryable

ADDRESS = DatabaseAddress(host="db.example", port=6543, database="shop", user="ann", password="hunter2")
SAID = {
    'FATAL: password authentication failed for user "ann"': "it refuses user ann or the password",
    "fe_sendauth: no password supplied": "it refuses user ann or the password",
    'FATAL: role "ann" does not exist': "it does not let user ann in",
    'FATAL: database "shop" does not exist': "the server has no database shop",
    'FATAL: permission denied for database "shop"': "user ann may not connect to database shop",
    'FATAL: no pg_hba.conf entry for host "10.0.0.1", user "ann"': "pg_hba.conf",
    "SSL error: certificate verify failed": "its TLS certificate is not trusted",
    'server certificate for "x" does not match host name "db.example"': "its TLS certificate is for another host",
    'root certificate file "/x" does not exist': "the file of PGSSLROOTCERT can't be read",
    "server does not support SSL, but SSL was required": "it offers no TLS",
    "SSL error: unexpected eof": "the TLS handshake failed",
    "FATAL: sorry, too many clients already": "it has no free connection",
    "FATAL: remaining connection slots are reserved": "it has no free connection",
    "FATAL: the database system is starting up": "it is starting or stopping",
    'could not translate host name "db.example"': "the host name is unknown",
    "connection to server failed: Connection refused": "nothing listens there",
    "connection timeout expired": "it does not answer",
    "No route to host": "the network does not lead there",
    "No such file or directory": "nothing listens on that socket",
    "server closed the connection unexpectedly": "what listens there closes the connection",
    "FATAL: unsupported startup parameter: options": "a pooler there refuses a parameter",
    "FATAL: no such database: shop": "a pooler there does not know the database",
    "received invalid response to SSL negotiation: H": "the TLS handshake failed",
    "expected authentication request, but received H: invalid message": "what listens there is not PostgreSQL",
    "something nobody has seen yet": "the connection failed",
}


@pytest.mark.parametrize("text", SAID)
def test_each_refusal_has_its_reason(text: str) -> None:
    error = why_unreachable(psycopg.OperationalError(text), ADDRESS)
    assert error.message.startswith("Can't use the database shop at db.example:6543: ")
    assert SAID[text] in error.message
    assert error.message.endswith(".")


def test_no_sentence_holds_the_password() -> None:
    text = "connection to postgresql://ann:hunter2@db.example failed: hunter2"
    assert "hunter2" not in why_unreachable(psycopg.OperationalError(text), ADDRESS).message


def test_it_may_be_tried_again() -> None:
    assert issubclass(DatabaseUnreachable, Retryable)


def test_every_reason_can_be_reached() -> None:
    reached = {
        next((reason for pattern, reason in REASONS if re.search(pattern, text)), None) for text in SAID
    }
    assert {reason for _, reason in REASONS} <= reached
