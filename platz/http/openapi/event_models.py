"""The frames of the live feed, for the OpenAPI document: schemas only.

Source: docs/contract/http-api.md, "Live events".
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import RootModel

from platz.charts.documents.db_tables import DbTable
from platz.http.openapi.models import Document


class DbEventOperation(StrEnum):
    """What happened to the row."""

    INSERT = "INSERT"
    UPDATE = "UPDATE"
    DELETE = "DELETE"


class DbEventData(Document):
    """Which row; its content is read through the API."""

    id: UUID


class DbEvent(Document):
    """A row changed."""

    operation: DbEventOperation
    table: DbTable
    env_id: UUID | None
    data: DbEventData


class ClientSubscribe(Document):
    """Tell me of changes of this table."""

    type: Literal["subscribe"]
    table: DbTable
    env_id: UUID | None = None


class ClientUnsubscribe(Document):
    """Tell me no more."""

    type: Literal["unsubscribe"]
    table: DbTable
    env_id: UUID | None = None


class ClientMessage(RootModel[ClientSubscribe | ClientUnsubscribe]):
    """What a client may send."""


EVENT_DOCUMENTS = (DbEvent, ClientMessage)
