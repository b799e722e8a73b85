"""Weak settings are told at each start and in /readyz, or refused (docs/contract/workers.md, "Weak settings")."""

from __future__ import annotations

from typing import Any, cast
from unittest.mock import MagicMock

import pytest
from structlog.testing import capture_logs

from platz.backing_services import BackingServices
from platz.config import Settings, SettingsError
from platz.db.address import DatabaseAddress, TlsMode
from platz.db.encryption import Cipher, NoCipher
from platz.http.health import Readiness
from platz.wiring.weaknesses import (
    NO_KEYS,
    PLAIN_OWN_URL,
    PLAIN_PROVIDER,
    UNVERIFIED_DATABASE,
    tell_or_refuse,
    weaknesses,
)

KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
OIDC = {"OIDC_CLIENT_ID": "platz", "OIDC_CLIENT_SECRET": "x"}


def found(
    *,
    own_url: str = "https://platz.test",
    provider: str = "https://id.test",
    host: str = "db.test",
    tls: TlsMode = TlsMode.VERIFY_FULL,
    cipher: Cipher | None = None,
) -> tuple[str, ...]:
    settings = Settings.model_validate({"OIDC_SERVER_URL": provider, **OIDC})
    services = MagicMock()
    services.own_url = own_url
    services.database = DatabaseAddress(host=host, database="platz", user="platz", tls=tls)
    return weaknesses(settings, cast("BackingServices", services), cipher or Cipher([KEY]))


def test_an_installation_as_it_should_be_has_none() -> None:
    assert found() == ()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"cipher": NoCipher()}, NO_KEYS),
        ({"own_url": "http://platz.test"}, PLAIN_OWN_URL),
        ({"own_url": "http://10.0.0.1:3000"}, PLAIN_OWN_URL),
        ({"provider": "http://id.test"}, PLAIN_PROVIDER),
        ({"tls": TlsMode.PREFER}, UNVERIFIED_DATABASE),
        ({"tls": TlsMode.DISABLE}, UNVERIFIED_DATABASE),
    ],
)
def test_each_weakness_has_its_sentence(given: dict[str, Any], sentence: str) -> None:
    assert found(**given) == (sentence,)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "/run/postgresql"])
def test_what_stays_on_this_machine_is_not_weak(host: str) -> None:
    local = {"own_url": "http://127.0.0.1:3000", "provider": "http://localhost:9000"}
    assert found(host=host, tls=TlsMode.PREFER, **local) == ()


def test_weaknesses_are_logged_at_the_start_by_default() -> None:
    with capture_logs() as lines:
        tell_or_refuse(Settings(), (NO_KEYS, PLAIN_OWN_URL))
    assert [line["reason"] for line in lines if line["action"] == "weak_setting"] == [NO_KEYS, PLAIN_OWN_URL]


def test_the_start_is_refused_where_that_is_wanted() -> None:
    settings = Settings.model_validate({"PLATZ_WEAK_SETTINGS": "refuse"})
    tell_or_refuse(settings, ())
    with pytest.raises(SettingsError, match="Secrets are stored in plain"):
        tell_or_refuse(settings, (NO_KEYS,))


def test_readyz_tells_them_and_stays_ready() -> None:
    ready, report = Readiness({}, warnings=(NO_KEYS,)).report()
    assert (ready, report["warnings"]) == (True, [NO_KEYS])
    assert "warnings" not in Readiness({}).report()[1]
