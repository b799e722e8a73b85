"""The routes that every collection has, its list and its detail, and the rows that writes respond with.

Invariant: each request finds out anew what an identity may see, in the statement that checks that the identity exists.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import UUID

import orjson
from sqlalchemy import Connection

from platz.access.authentication import subject_gone, told_as_database_error
from platz.access.visibility import EVERYTHING, scope_of
from platz.db.field_encryption import decrypt_bytes
from platz.db.lists import reading
from platz.db.lists.filters import ValueType
from platz.db.lists.reading import Collection, SeenEnvs
from platz.http.endpoints.writing import Entity
from platz.http.queries import PAGING, Kind, Parameter
from platz.http.responses import ApiResponse, found
from platz.http.route import ApiRequest, Body, Permission, Route, SelfAuthenticatingHandler
from platz.json import JsonObject

Handler = Callable[[ApiRequest], ApiResponse]

_KINDS: Mapping[ValueType, Kind] = {
    ValueType.TEXT: Kind.TEXT,
    ValueType.FLAG: Kind.FLAG,
    ValueType.ID: Kind.ID,
    ValueType.MOMENT: Kind.MOMENT,
}


def list_route(
    entity: Entity,
    collection: Collection,
    operation_id: str,
    *,
    handler: Handler | None = None,
    permission: Permission | None = None,
) -> Route:
    """Return the route `GET path`, a page of the collection; ``handler`` and ``permission`` replace the plain read."""

    def handle(request: ApiRequest) -> ApiResponse:
        listing, seen = request.listing, seen_by(request, collection)
        with request.database.reading() as connection:
            body = reading.read_page(connection, collection, listing, seen=seen, caller=request.identity)
        return found(_in_plain(request, collection, body))

    return Route(
        method="GET",
        path=entity.path,
        operation_id=operation_id,
        tag=entity.tag,
        summary=f"List {entity.tag.lower()}",
        handler=handler or handle,
        permission=permission or _reading_permission(collection),
        parameters=(*PAGING, *filter_parameters(collection)),
        response=entity.item,
        paginated=True,
        errors=(400,),
        only_reads=True,
    )


def detail_route(
    entity: Entity,
    collection: Collection,
    operation_id: str | None,
    *,
    method: str = "GET",
    handler: Handler | None = None,
    permission: Permission | None = None,
    parameters: tuple[Parameter, ...] = (),
    beside: Callable[[ApiRequest, Connection], JsonObject] = lambda _request, _connection: {},
) -> Route:
    """Return the route `GET path/{id}`, a row; 404 when it does not exist or is out of scope.

    ``beside`` returns further keys of the row, which the caller sees.
    """

    def handle(request: ApiRequest) -> ApiResponse:
        with told_as_database_error(), request.database.reading() as connection:
            body = reading.read_item_as(
                connection, collection, request.path_id_or_none, caller=request.identity
            )
            if body is None:
                raise subject_gone(request.identity)
            more = beside(request, connection)
        return found(_with_more(_in_plain(request, collection, body), more))

    return Route(
        method=method,
        path=f"{entity.path}/{{id}}",
        operation_id=operation_id,
        tag=entity.tag,
        summary=f"Read {entity.noun}",
        handler=handler or SelfAuthenticatingHandler(handle),
        permission=permission or _reading_permission(collection),
        parameters=parameters,
        response=entity.item,
        errors=(404, *((400,) if parameters else ())),
        only_reads=True,
    )


def _with_more(body: bytes, more: JsonObject) -> bytes:
    """Return the JSON of an object with further keys at its end."""
    return body if not more else body.rstrip()[:-1] + b"," + orjson.dumps(more)[1:]


def row_of(
    request: ApiRequest[Body],
    connection: Connection,
    collection: Collection,
    row_id: UUID,
    *,
    shown: Mapping[str, str] | None = None,
) -> bytes:
    """Return the row for the response to a write, which has checked the rights; ``shown`` texts replace its own.

    What is sensitive is left out as in a read, because not everybody who writes may read it.
    """
    scope = scope_of(connection, request.identity) if collection.guarded else EVERYTHING
    seen = None if scope.everything else scope.env_ids
    body = reading.read_item(connection, collection, row_id, shown=shown, seen=seen, caller=request.identity)
    return _in_plain(request, collection, body)


def _in_plain(request: ApiRequest[Body], collection: Collection, body: bytes) -> bytes:
    return decrypt_bytes(body, request.services.cipher) if collection.holds_encrypted else body


def seen_by(request: ApiRequest, collection: Collection) -> SeenEnvs:
    """Return the environments whose rows the identity sees; None means all."""
    if collection.scope_for(type(request.identity)) is None:
        return None
    scope = request.scope
    return None if scope.everything else scope.env_ids


def filter_parameters(collection: Collection) -> tuple[Parameter, ...]:
    """Return the query parameters of the collection's filters."""
    return tuple(
        Parameter(name=name, kind=_KINDS[known.value_type], meaning=known.meaning)
        for name, known in collection.filters.items()
    )


def _reading_permission(collection: Collection) -> Permission:
    return Permission.SIGNED_IN if collection.scope is None else Permission.SCOPED
