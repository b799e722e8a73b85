"""The three shapes of a route that changes something: create, update, delete.

Invariant: a create responds with 201 and the row, an update with 200 and the row, because clients parse it; a delete
with 204.

Source: docs/contract/http-api.md, "The SDKs".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pydantic import BaseModel

from platz.http.openapi.models import Document
from platz.http.responses import ApiResponse
from platz.http.route import ApiRequest, Body, Permission, Route


@dataclass(frozen=True, kw_only=True)
class Entity:
    """The common facts of the routes of one entity; ``noun`` is singular, with its article."""

    path: str
    tag: str
    noun: str
    item: type[Document]


def create_route(
    entity: Entity,
    operation_id: str,
    handler: Callable[[ApiRequest[Body]], ApiResponse],
    *,
    request: type[Body],
    permission: Permission,
    response: type[BaseModel] | None = None,
    errors: tuple[int, ...] = (),
) -> Route[Body]:
    """Return the route `POST path`."""
    return Route(
        method="POST",
        path=entity.path,
        operation_id=operation_id,
        tag=entity.tag,
        summary=f"Create {entity.noun}",
        handler=handler,
        permission=permission,
        request=request,
        response=response or entity.item,
        success=201,
        errors=errors,
    )


def update_route(
    entity: Entity,
    operation_id: str | None,
    handler: Callable[[ApiRequest[Body]], ApiResponse],
    *,
    request: type[Body],
    permission: Permission,
    errors: tuple[int, ...] = (),
) -> Route[Body]:
    """Return the route `PUT path/{id}`."""
    return Route(
        method="PUT",
        path=f"{entity.path}/{{id}}",
        operation_id=operation_id,
        tag=entity.tag,
        summary=f"Change {entity.noun}",
        handler=handler,
        permission=permission,
        request=request,
        response=entity.item,
        errors=(404, *errors),
    )


def delete_route(
    entity: Entity,
    operation_id: str,
    handler: Callable[[ApiRequest], ApiResponse],
    *,
    permission: Permission,
    errors: tuple[int, ...] = (),
) -> Route:
    """Return the route `DELETE path/{id}`."""
    return Route(
        method="DELETE",
        path=f"{entity.path}/{{id}}",
        operation_id=operation_id,
        tag=entity.tag,
        summary=f"Delete {entity.noun}",
        handler=handler,
        permission=permission,
        success=204,
        errors=(404, *errors),
    )
