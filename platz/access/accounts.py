"""The account of a person whom the identity provider vouched for.

Invariant: one transaction finds or creates the user with all that belongs to a new one; two first sign-ins
at the same moment end with one user.

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
    """Who signed in, in the identity provider's words."""

    name: str
    email: str


def user_of(connection: Connection, person: Person, *, admin_emails: Collection[str]) -> User:
    """Return the user that the person is, created when it is the first sign-in.

    ``admin_emails`` (any letter case) become site admins when they are created, never later. Raises `Denied`
    for a deactivated user. The caller's transaction makes it one step.
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
