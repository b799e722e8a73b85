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
    """The kind of change."""

    INSERT = "INSERT"
    UPDATE = "UPDATE"
    DELETE = "DELETE"


class DbEventData(Document):
    """The row that changed; its content is read through the API."""

    id: UUID


class DbEvent(Document):
    """A row changed."""

    operation: DbEventOperation
    table: DbTable
    env_id: UUID | None
    data: DbEventData


class ClientSubscribe(Document):
    """Subscribes to changes of a table."""

    type: Literal["subscribe"]
    table: DbTable
    env_id: UUID | None = None


class ClientUnsubscribe(Document):
    """Ends a subscription."""

    type: Literal["unsubscribe"]
    table: DbTable
    env_id: UUID | None = None


class ClientMessage(RootModel[ClientSubscribe | ClientUnsubscribe]):
    """A message of a client."""


EVENT_DOCUMENTS = (DbEvent, ClientMessage)
