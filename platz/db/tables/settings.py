"""The only setting in the database: the key that signs tokens.

Invariant: the key is created once, even when several processes start at the same time, and Platz never replaces it.

Source: docs/contract/data-model.md, "Table settings".
"""

from __future__ import annotations

import secrets
from base64 import b64encode

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from platz.db.encryption import Cipher
from platz.db.schema import settings

JWT_SECRET = "jwt_secret"  # noqa: S105 - the row's key, not the secret
JWT_SECRET_BYTES = 24


def jwt_secret(connection: Connection, cipher: Cipher) -> str:
    """Return the key as padded base64 text; create it first (24 random bytes) when there is none.

    Raises `Undecipherable`.
    """
    stored = _stored(connection)
    if stored is None:
        fresh = b64encode(secrets.token_bytes(JWT_SECRET_BYTES)).decode()
        values = {"key": JWT_SECRET, "value": cipher.encrypt(fresh)}
        connection.execute(insert(settings).values(values).on_conflict_do_nothing())
        stored = _stored(connection)
    assert stored is not None  # noqa: S101 - it existed, or this or another process has just inserted it
    return cipher.decrypt(stored)


def _stored(connection: Connection) -> str | None:
    return connection.execute(select(settings.c.value).where(settings.c.key == JWT_SECRET)).scalar()
