"""Where the database is: what the settings mean, and that the password stays out of sight."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from platz.db.address import (
    BadDatabaseAddress,
    DatabaseAddress,
    TlsMode,
    address_from_url,
    connection_parameters,
    parse_tls_mode,
)
from platz.db.unreachable import why_unreachable

HERE = DatabaseAddress(host="db.example.com", database="platz", user="ann", password="hunter2")


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("disable", TlsMode.DISABLE),
        ("Prefer", TlsMode.PREFER),
        ("REQUIRE", TlsMode.REQUIRE),
        ("verify-full", TlsMode.VERIFY_FULL),
        ("verify_full", TlsMode.VERIFY_FULL),
        (" Verify_Full ", TlsMode.VERIFY_FULL),
    ],
)
def test_tls_modes_are_read_in_any_spelling_of_the_contract(text: str, mode: TlsMode) -> None:
    assert parse_tls_mode(text) is mode


@pytest.mark.parametrize("text", ["", "allow", "verify-ca", "on", "verifyfull"])
def test_any_other_tls_mode_is_refused(text: str) -> None:
    with pytest.raises(BadDatabaseAddress, match="disable, prefer, require, verify-full"):
        parse_tls_mode(text)


def test_a_url_is_read() -> None:
    assert address_from_url("postgresql://ann:hunt%3Aer@db.example.com:5433/platz") == DatabaseAddress(
        host="db.example.com", port=5433, database="platz", user="ann", password="hunt:er"
    )


def test_the_short_scheme_and_the_defaults_are_understood() -> None:
    assert address_from_url("postgres://ann@db/platz") == DatabaseAddress(
        host="db", database="platz", user="ann"
    )


def test_the_tls_settings_of_a_url_win() -> None:
    address = address_from_url(
        "postgres://ann@db/platz?sslmode=verify-full&sslrootcert=/ca.pem",
        tls=TlsMode.DISABLE,
        ca_file=Path("/x"),
    )
    assert (address.tls, address.ca_file) == (TlsMode.VERIFY_FULL, Path("/ca.pem"))


def test_a_url_without_tls_settings_takes_the_given_ones() -> None:
    address = address_from_url("postgres://ann@db/platz", tls=TlsMode.REQUIRE, ca_file=Path("/x"))
    assert (address.tls, address.ca_file) == (TlsMode.REQUIRE, Path("/x"))


@pytest.mark.parametrize(
    "url",
    [
        "mysql://ann:hunter2@db/platz",
        "postgres://ann:hunter2@db",
        "postgres://ann:hunter2@db:port/platz",
        "postgres://ann:hunter2@db/platz?sslmode=maybe",
        "postgres://ann:hunter2@db/platz?nonsense=1",
        "ann:hunter2@db",
        "",
    ],
)
def test_a_url_that_means_nothing_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(BadDatabaseAddress) as caught:
        address_from_url(url)
    assert "hunter2" not in caught.value.message
    assert caught.value.__cause__ is None or "hunter2" not in str(caught.value.__cause__)


def test_an_address_never_shows_its_password() -> None:
    assert "hunter2" not in f"{HERE} {HERE!r}"


def test_without_verification_no_certificate_of_the_home_folder_counts() -> None:
    parameters = connection_parameters(HERE, application_name="a", connect_timeout=5)
    assert not Path(parameters["sslrootcert"]).exists()


def test_verification_uses_the_given_authority_or_that_of_the_system() -> None:
    def authority(ca_file: Path | None) -> str:
        address = DatabaseAddress(host="h", database="d", user="u", tls=TlsMode.VERIFY_FULL, ca_file=ca_file)
        return connection_parameters(address, application_name="a", connect_timeout=5)["sslrootcert"]

    assert authority(Path("/ca.pem")) == "/ca.pem"
    assert authority(None) == "system" or Path(authority(None)).is_file()


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        ('FATAL:  password authentication failed for user "ann"', "refuses user ann or the password"),
        ("fe_sendauth: no password supplied", "refuses user ann or the password"),
        ('FATAL:  database "platz" does not exist', "the server has no database platz"),
        ('FATAL:  role "ann" does not exist', "does not let user ann in"),
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.1", user "ann"', "rules do not let user ann in"),
        ("server does not support SSL, but SSL was required", "offers no TLS"),
        ("SSL error: certificate verify failed", "certificate is not trusted"),
        ('server certificate for "x" does not match host name "db.example.com"', "for another host name"),
        ('root certificate file "/ca.pem" does not exist', "PGSSLROOTCERT can't be read"),
        ("FATAL:  sorry, too many clients already", "no free connection"),
        ("FATAL:  the database system is starting up", "starting or stopping"),
        ("connection timeout expired", "does not answer"),
        ("something that nobody foresaw: hunter2", "the connection failed"),
    ],
)
def test_why_a_connection_failed_is_one_sentence_with_the_place(said: str, meaning: str) -> None:
    sentence = why_unreachable(psycopg.OperationalError(f"connection failed: {said}"), HERE).message
    assert meaning in sentence
    assert "database platz at db.example.com:5432" in sentence
    assert "hunter2" not in sentence
    assert "FATAL" not in sentence
