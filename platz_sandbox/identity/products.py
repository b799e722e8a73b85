"""How well-known identity providers describe a user, so that a sign-in can be tried with each of them.

Sources: the reference pages of the products for the claims of their ID tokens and userinfo responses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from platz.json import JsonObject
from platz_sandbox.identity.people import DemoUser

Describe = Callable[[DemoUser], JsonObject]


class ProductName(StrEnum):
    """The products that the provider can act like; `standard` sends every claim in both documents."""

    STANDARD = "standard"
    ENTRA = "entra"
    GOOGLE = "google"
    OKTA = "okta"
    DEX = "dex"
    KEYCLOAK = "keycloak"
    COGNITO = "cognito"


@dataclass(frozen=True, kw_only=True)
class Product:
    """The claims about a user in the ID token and in the userinfo response, beside `sub`."""

    in_id_token: Describe
    in_userinfo: Describe
    signs_userinfo: bool = False
    binds_access_token: bool = True
    names_authorized_party: bool = True


def _names(user: DemoUser) -> JsonObject:
    given, _, family = user.name.partition(" ")
    return {"name": user.name, "given_name": given, "family_name": family}


def _email(user: DemoUser) -> JsonObject:
    return {"email": user.email, "email_verified": user.email_verified}


def _standard(user: DemoUser) -> JsonObject:
    return {"name": user.name, **_email(user)}


def _everything(user: DemoUser) -> JsonObject:
    return {**_names(user), **_email(user), "preferred_username": user.email}


def _entra(user: DemoUser) -> JsonObject:
    return {
        "name": user.name,
        "preferred_username": user.email,
        "oid": user.subject,
        "tid": user.subject,
        "ver": "2.0",
    }


PRODUCTS = {
    ProductName.STANDARD: Product(in_id_token=_standard, in_userinfo=_standard),
    # a user without a mailbox has no `email`, and userinfo has no `preferred_username`
    ProductName.ENTRA: Product(
        in_id_token=_entra, in_userinfo=_names, binds_access_token=False, names_authorized_party=False
    ),
    ProductName.GOOGLE: Product(
        in_id_token=lambda user: {**_email(user), "hd": "platz.localhost"},
        in_userinfo=lambda user: {**_names(user), **_email(user), "picture": "https://example.com/p.png"},
    ),
    # its ID token is thin when there is an access token to ask userinfo with
    ProductName.OKTA: Product(
        in_id_token=lambda _: {"ver": 1, "amr": ["pwd"], "idp": "00o1"},
        in_userinfo=lambda user: {**_everything(user), "locale": "en_US", "zoneinfo": "America/Los_Angeles"},
        names_authorized_party=False,
    ),
    # a directory entry without the attribute for the name
    ProductName.DEX: Product(in_id_token=_email, in_userinfo=_email, names_authorized_party=False),
    ProductName.KEYCLOAK: Product(in_id_token=_everything, in_userinfo=_everything, signs_userinfo=True),
    # its userinfo has every value as text
    ProductName.COGNITO: Product(
        in_id_token=lambda user: {**_email(user), "cognito:username": user.subject},
        in_userinfo=lambda user: {
            "name": user.name,
            "email": user.email,
            "email_verified": str(user.email_verified).lower(),
        },
        names_authorized_party=False,
    ),
}
