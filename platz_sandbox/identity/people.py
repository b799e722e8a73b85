"""The demo users who can sign in, read from the users file."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from pydantic import BaseModel, ConfigDict, Field, ValidationError

import platz_sandbox
from platz.errors import Rejected
from platz.shipped_files import shipped

USERS_FILE = shipped("config", package=platz_sandbox) / "sandbox-users.json"


class DemoUser(BaseModel):
    """One entry of the users file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    email: str = Field(min_length=3, max_length=200, pattern=r"^\S+@\S+$")
    name: str = Field(min_length=1, max_length=200)
    password: str = Field(min_length=1, max_length=200)
    email_verified: bool
    purpose: str = Field(min_length=1, max_length=500)

    @property
    def subject(self) -> str:
        """The `sub` claim, derived from the e-mail address."""
        return str(uuid5(NAMESPACE_URL, f"platz-sandbox:{self.email.lower()}"))


class _UsersFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    about: str = ""
    users: list[DemoUser] = Field(min_length=1)


class Users:
    """The users, by e-mail address without regard to case."""

    def __init__(self, users: Iterable[DemoUser]) -> None:
        self._by_email = {user.email.lower(): user for user in users}

    def everyone(self) -> list[DemoUser]:
        """Return all users in the order of the file."""
        return list(self._by_email.values())

    def find(self, email: str) -> DemoUser | None:
        """Return the user with that address, or None."""
        return self._by_email.get(email.strip().lower())

    def with_password(self, email: str, password: str) -> DemoUser | None:
        """Return the user with that address, or None when the password is wrong."""
        user = self.find(email)
        expected = user.password if user else ""
        is_right = secrets.compare_digest(expected.encode(), password.encode())
        return user if is_right else None


def read_users(file: Path) -> Users:
    """Read the users file; raise `Rejected` with one line about its first error."""
    try:
        document = _UsersFile.model_validate_json(file.read_bytes())
    except OSError as error:
        raise Rejected(f"the users file {file} can't be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the document"
        raise Rejected(f"the users file {file} is wrong at {where}: {first['msg']}") from error
    users = Users(document.users)
    if len(users.everyone()) != len(document.users):
        raise Rejected(f"the users file {file} lists an e-mail address twice")
    return users
