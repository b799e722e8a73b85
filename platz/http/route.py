"""A row of the route table, and the request that its handler gets.

Invariant: everything about a route is in its `Route`: Starlette's routes, the OpenAPI document and the tests'
permission matrix are derived from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Generic, cast
from uuid import UUID

from pydantic import BaseModel
from typing_extensions import TypeVar

from platz.access.authentication import Authenticated
from platz.access.visibility import Scope
from platz.db.database import Database
from platz.db.lists.reading import Listing
from platz.errors import NotFound
from platz.http.queries import Parameter, QueryValue, listing_of
from platz.http.responses import ApiResponse
from platz.http.services import Services
from platz.identities import Identity

Body = TypeVar("Body", bound=BaseModel | None, default=None)


class Permission(Enum):
    """Who may use a route, in the words of docs/contract/http-api.md, "Route index"; the handler checks it."""

    ANYONE = "no identity needed"
    SIGNED_IN = "any identity"
    SCOPED = "any identity, for what it may see"
    USER = "users"
    OWN_OR_SITE_ADMIN = "the user it belongs to, site admins"
    SITE_ADMIN = "site admins"
    ENV_ADMIN = "admins of the environment"
    OWNER = "owners of the kind in the environment"
    MAINTAINER = "maintainers of the kind in the environment"
    RESOURCE_EDITOR = "whom the resource type's lifecycle allows"
    PER_OPERATION = "depends on the operation"
    TASK_CANCELER = "the task's creator, maintainers, site admins"


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiRequest(Generic[Body]):
    """An authenticated and validated request; ``authenticated`` is None where the handler identifies its caller."""

    services: Services
    body: Body
    caller: Identity | None = None
    authenticated: Authenticated | None = None
    raw_id: str | None = None
    query: Mapping[str, QueryValue] = field(default_factory=dict[str, QueryValue])
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    cookies: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def database(self) -> Database:
        """The database."""
        return self.services.database

    @property
    def identity(self) -> Identity:
        """The caller; only on routes that authenticate."""
        assert self.caller is not None  # noqa: S101 (the dispatcher authenticates first)
        return self.caller

    @property
    def path_id(self) -> UUID:
        """The id in the path; raise `NotFound` when it is not a UUID in its hyphenated form."""
        parsed = self.path_id_or_none
        if parsed is None:
            raise NotFound
        return parsed

    @property
    def path_id_or_none(self) -> UUID | None:
        """The id in the path; None when it is not a UUID in its hyphenated form, which no row has."""
        text = self.raw_id or ""
        try:
            parsed = UUID(text)
        except ValueError:
            return None
        return parsed if str(parsed) == text.lower() else None

    @property
    def listing(self) -> Listing:
        """Return the page and the filters of the query."""
        return listing_of(self.query)

    @property
    def scope(self) -> Scope:
        """What the identity could see when its credential was checked; without a body, that is moments ago."""
        assert self.authenticated is not None  # noqa: S101 (the dispatcher authenticates first)
        return self.authenticated.scope


@dataclass(frozen=True)
class SelfAuthenticatingHandler:
    """A handler whose own statement checks that the caller still exists, and what the caller may see.

    It is called when the credential is valid, and itself raises `subject_gone`.
    """

    handler: Callable[[ApiRequest], ApiResponse]

    def __call__(self, request: ApiRequest) -> ApiResponse:
        """Run the handler."""
        return self.handler(request)


@dataclass(frozen=True, kw_only=True)
class Route(Generic[Body]):
    """One operation. ``path`` is relative to `/api/v2`; ``{id}`` in it becomes `ApiRequest.path_id`.

    ``request`` is the body's model (``body_required=False``: a missing body is an empty object), ``response``
    the model of the answer, of one item where ``paginated``. ``operation_id`` None keeps an alias out of the
    OpenAPI document. ``errors`` are the statuses beyond those that every route may give. ``only_reads`` says
    that the handler only reads from the database, so that one connection serves the whole request; ``signs_in`` that
    anybody may make it wait for the identity provider.
    """

    method: str
    path: str
    operation_id: str | None
    tag: str
    summary: str
    handler: Callable[[ApiRequest[Body]], ApiResponse]
    permission: Permission
    request: type[Body] | None = None
    body_required: bool = True
    parameters: tuple[Parameter, ...] = ()
    response: Any = None  # Any: a model class, or a union of them, which has no static type
    paginated: bool = False
    success: int = 200
    errors: tuple[int, ...] = ()
    only_reads: bool = False
    signs_in: bool = False

    @property
    def authenticated(self) -> bool:
        """Whether a credential is needed."""
        return self.permission is not Permission.ANYONE

    @property
    def authenticates_itself(self) -> bool:
        """Whether the dispatcher checks only the credential and leaves the caller to the handler."""
        return isinstance(self.handler, SelfAuthenticatingHandler)

    def answer(self, request: ApiRequest[Any]) -> ApiResponse:
        """Run the handler."""
        return self.handler(cast("ApiRequest[Body]", request))


AnyRoute = Route[Any]  # Any: a table holds routes of every body type
