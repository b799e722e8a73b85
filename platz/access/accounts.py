"""The account of a person whom the identity provider has authenticated.

Invariant: one transaction finds the user, or creates it with the roles of a new user; two first sign-ins of a person
at the same moment lead to one user.

Source: docs/contract/auth.md, "Finding or creating the user".
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection

from platz.db.tables import accounts
from platz.db.tables.accounts import AccountRow
from platz.errors import Denied, Retryable
from platz.identities import User


@dataclass(frozen=True, kw_only=True)
class Person:
    """The person who signed in, as the identity provider describes them."""

    name: str
    email: str


def user_of(connection: Connection, person: Person, *, admin_emails: Collection[str]) -> User:
    """Return the person's user, which is created at the first sign-in.

    Users with one of ``admin_emails`` (in any letter case) become site admins when they are created, never later.
    Raises `Denied` for a deactivated user. Call this in a transaction.
    """
    account = accounts.find_by_email(connection, person.email) or _create(connection, person, admin_emails)
    if not account.is_active:
        sentence = "Your user is deactivated; ask a site admin to activate it."
        raise Denied(sentence, reason=f"user {account.id} is deactivated")
    return User(id=account.id)


def _create(connection: Connection, person: Person, admin_emails: Collection[str]) -> AccountRow:
    is_admin = person.email.lower() in {email.lower() for email in admin_emails}
    created = accounts.create_if_absent(
        connection, email=person.email, display_name=person.name, is_admin=is_admin
    )
    if created is not None:
        accounts.join_open_envs(connection, created.id)
        return created
    other = accounts.find_by_email(connection, person.email)
    if other is None:
        raise Retryable("Your user could not be created just now; please sign in again.")
    return other
