"""Client authentication: HTTP Basic or form, never both."""

from __future__ import annotations

from base64 import b64encode
from urllib.parse import quote_plus

import pytest

from platz_sandbox.identity.clients import Client
from platz_sandbox.identity.errors import TokenRefused

SECRET = "s:h/h %+ü"
CLIENT = Client(id="platz one", secret=SECRET, redirect_uris=frozenset())


def basic(client_id: str, secret: str) -> str:
    return "Basic " + b64encode(f"{quote_plus(client_id)}:{quote_plus(secret)}".encode()).decode()


def test_http_basic_is_accepted_with_each_half_urlencoded():
    CLIENT.authenticate(basic("platz one", SECRET), {})


def test_http_basic_is_accepted_from_clients_that_encode_nothing():
    CLIENT.authenticate("Basic " + b64encode(f"platz one:{SECRET}".encode()).decode(), {})


def test_the_scheme_is_matched_in_any_case():
    CLIENT.authenticate(basic("platz one", SECRET).replace("Basic", "bAsIc"), {})


def test_the_form_is_accepted():
    CLIENT.authenticate(None, {"client_id": "platz one", "client_secret": SECRET})


def test_the_form_may_repeat_the_client_id_of_http_basic():
    CLIENT.authenticate(basic("platz one", SECRET), {"client_id": "platz one"})


@pytest.mark.parametrize(
    ("authorization", "form"),
    [
        (basic("platz one", "wrong"), {}),
        (basic("other", SECRET), {}),
        ("Bearer x", {}),
        ("Basic", {}),
        ("Basic ***", {}),
        ("Basic " + b64encode(b"no colon").decode(), {}),
        ("Basic " + b64encode(b"\xff:\xff").decode(), {}),
        (None, {}),
        (None, {"client_id": "platz one"}),
        (None, {"client_id": "platz one", "client_secret": "wrong"}),
    ],
)
def test_anything_else_is_an_invalid_client(authorization, form):
    with pytest.raises(TokenRefused) as refusal:
        CLIENT.authenticate(authorization, form)

    assert (refusal.value.error, refusal.value.status) == ("invalid_client", 401)


@pytest.mark.parametrize("form", [{"client_secret": SECRET}, {"client_id": "other"}])
def test_two_ways_at_once_or_two_clients_are_an_invalid_request(form):
    with pytest.raises(TokenRefused) as refusal:
        CLIENT.authenticate(basic("platz one", SECRET), form)

    assert (refusal.value.error, refusal.value.status) == ("invalid_request", 400)


def test_the_secret_does_not_show_in_a_printed_client():
    assert SECRET not in repr(CLIENT)
