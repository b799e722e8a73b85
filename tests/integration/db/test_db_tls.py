"""The TLS modes of the contract: what is encrypted, and what is verified."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from database import PostgresServer
from db_tls_relay import make_certificate, tls_in_front_of

from platz.db.address import DatabaseAddress, TlsMode
from platz.db.database import Database
from platz.db.unreachable import DatabaseUnreachable


@pytest.fixture
def behind_tls(postgres: PostgresServer, tmp_path: Path) -> Iterator[tuple[DatabaseAddress, Path]]:
    """Give the address of a server whose self-signed certificate is for `localhost`, and the certificate."""
    certificate, key = make_certificate(tmp_path, "localhost")
    with tls_in_front_of(postgres.address.host, postgres.address.port, certificate, key) as port:
        yield replace(postgres.address, host="localhost", port=port, database="postgres"), certificate


def is_encrypted(address: DatabaseAddress, tls: TlsMode, ca_file: Path | None = None) -> bool:
    with Database(replace(address, tls=tls, ca_file=ca_file)).dedicated() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
        return bool(connection.pgconn.ssl_in_use)


def test_disable_never_encrypts(behind_tls: tuple[DatabaseAddress, Path]) -> None:
    assert not is_encrypted(behind_tls[0], TlsMode.DISABLE)


@pytest.mark.parametrize("mode", [TlsMode.PREFER, TlsMode.REQUIRE])
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_prefer_and_require_encrypt_and_verify_nothing(
    behind_tls: tuple[DatabaseAddress, Path], mode: TlsMode, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, certificate = behind_tls
    home = certificate.parent / ".postgresql"
    home.mkdir()
    (home / "root.crt").write_text("not even a certificate")
    monkeypatch.setenv("HOME", str(certificate.parent))
    assert is_encrypted(replace(address, host=host), mode)


def test_prefer_makes_do_without(postgres: PostgresServer) -> None:
    assert not is_encrypted(replace(postgres.address, database="postgres"), TlsMode.PREFER)


def test_require_refuses_a_server_without_tls(postgres: PostgresServer) -> None:
    with pytest.raises(DatabaseUnreachable, match="it offers no TLS, which PGSSLMODE demands"):
        is_encrypted(replace(postgres.address, database="postgres"), TlsMode.REQUIRE)


def test_verify_full_takes_a_certificate_of_the_given_authority(
    behind_tls: tuple[DatabaseAddress, Path],
) -> None:
    address, authority = behind_tls
    assert is_encrypted(address, TlsMode.VERIFY_FULL, authority)


def test_verify_full_refuses_an_unknown_authority(behind_tls: tuple[DatabaseAddress, Path]) -> None:
    with pytest.raises(DatabaseUnreachable, match="certificate is not trusted"):
        is_encrypted(behind_tls[0], TlsMode.VERIFY_FULL)


def test_verify_full_refuses_another_host_name(behind_tls: tuple[DatabaseAddress, Path]) -> None:
    address, authority = behind_tls
    with pytest.raises(DatabaseUnreachable, match="certificate is for another host name"):
        is_encrypted(replace(address, host="127.0.0.1"), TlsMode.VERIFY_FULL, authority)


def test_verify_full_says_that_the_authority_s_file_is_missing(
    behind_tls: tuple[DatabaseAddress, Path],
) -> None:
    with pytest.raises(DatabaseUnreachable, match="the file of PGSSLROOTCERT can't be read"):
        is_encrypted(behind_tls[0], TlsMode.VERIFY_FULL, Path("/nowhere/ca.pem"))


def test_the_pool_uses_the_same_tls(behind_tls: tuple[DatabaseAddress, Path]) -> None:
    address, authority = behind_tls
    database = Database(replace(address, tls=TlsMode.VERIFY_FULL, ca_file=authority))
    with database.reading() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        assert driver.pgconn.ssl_in_use
    database.close()
