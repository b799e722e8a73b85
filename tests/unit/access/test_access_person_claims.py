"""Whom the claims of a provider describe: which claims count, in which document, and when they are believed.

Source: docs/contract/auth.md, "Claims".
"""

from __future__ import annotations

from typing import Any

import pytest

from platz.access.accounts import Person
from platz.access.person_claims import person_of
from platz.access.provider_documents import ProviderSettings
from platz.errors import Denied, Rejected
from platz.json import JsonObject


def described(userinfo: JsonObject, id_token: JsonObject | None = None, **settings: Any) -> Person:
    registration = ProviderSettings(server_url="https://id", client_id="platz", client_secret="s", **settings)
    return person_of(registration, [userinfo, id_token or {}])


def test_claims_of_userinfo_win_over_those_of_the_id_token() -> None:
    found = described({"name": "New", "email": "new@x.org"}, {"name": "Old", "email": "old@x.org"})
    assert found == Person(name="New", email="new@x.org")


@pytest.mark.parametrize("missing", [..., None, "", "  ", 7, [], "a\0b"])
def test_a_claim_that_userinfo_does_not_have_is_read_from_the_id_token(missing: Any) -> None:
    userinfo = {} if missing is ... else {"name": missing, "email": missing}
    found = described(userinfo, {"name": "Alice", "email": "alice@x.org"})
    assert found == Person(name="Alice", email="alice@x.org")


@pytest.mark.parametrize("name", [..., None, "", "  ", 7, "a\0b", "x" * 1025])
def test_a_person_without_a_name_is_called_by_the_address(name: Any) -> None:
    claims = {"email": "alice@x.org"} if name is ... else {"email": "alice@x.org", "name": name}
    assert described(claims) == Person(name="alice@x.org", email="alice@x.org")


@pytest.mark.parametrize("claim", ["preferred_username", "upn", "https://example.com/mail"])
def test_the_address_is_read_from_the_named_claim(claim: str) -> None:
    found = described({"email": "other@x.org"}, {claim: " alice@x.org "}, email_claim=claim)
    assert found.email == "alice@x.org"


@pytest.mark.parametrize("value", ["alice", "+49 151 1234567", None])
def test_no_other_claim_replaces_the_named_one(value: str | None) -> None:
    """Somebody else's address could be in it."""
    claims: JsonObject = {"preferred_username": value, "email": "boss@x.org", "upn": "boss@x.org"}
    with pytest.raises(Rejected, match="no usable claim `preferred_username`; the setting OIDC_EMAIL_CLAIM"):
        described(claims, email_claim="preferred_username")


@pytest.mark.parametrize("claim", ["email", "preferred_username"])
@pytest.mark.parametrize("verdicts", [(False, True), (True, False), (False, None), (None, "false")])
def test_one_document_that_calls_an_address_unverified_is_enough(
    claim: str, verdicts: tuple[Any, Any]
) -> None:
    """Given somebody who entered a colleague's address, when either document says so, then they don't get in."""
    userinfo, id_token = ({claim: "boss@x.org", "email_verified": verdict} for verdict in verdicts)
    with pytest.raises(Denied, match="not verified"):
        described(userinfo, id_token, email_claim=claim)
    assert described(userinfo, id_token, email_claim=claim, require_verified_email=False)
