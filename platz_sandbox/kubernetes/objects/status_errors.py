"""The refusals of the API server, as `Status` documents of the Kubernetes API conventions.

Invariant: every refusal has the code, the reason and the details on which clients base their decisions
(`AlreadyExists`, `Conflict`, `Expired`, `Invalid` with its causes, ...).
Source: Kubernetes API conventions, "Response Status Kind"; apimachinery's well-known reasons.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from platz_sandbox.kubernetes.objects.raw_documents import KubeObject


@dataclass(frozen=True, kw_only=True)
class Cause:
    """One cause of a refusal: ``reason`` such as `FieldValueRequired`, ``field`` as a path."""

    reason: str
    message: str
    field: str = ""

    def document(self) -> KubeObject:
        """Return the cause as an entry of `details.causes`."""
        named = {"field": self.field} if self.field else {}
        return {"reason": self.reason, "message": self.message, **named}


@dataclass(frozen=True, kw_only=True)
class ApiError(Exception):
    """A refusal, which is sent as a Status."""

    code: int
    reason: str
    message: str
    group: str = ""
    kind: str = ""
    name: str = ""
    causes: Sequence[Cause] = ()
    retry_after: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def document(self) -> KubeObject:
        """Return the Status document."""
        details: KubeObject = {}
        for key, value in (("name", self.name), ("group", self.group), ("kind", self.kind)):
            if value:
                details[key] = value
        if self.causes:
            details["causes"] = [cause.document() for cause in self.causes]
        if self.retry_after is not None:
            details["retryAfterSeconds"] = self.retry_after
        return {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            **({"reason": self.reason} if self.reason else {}),
            **({"details": details} if details else {}),
            "code": self.code,
        }

    def body(self) -> bytes:
        """Return the Status document's bytes."""
        return orjson.dumps(self.document())


def success(*, kind: str, group: str, name: str, uid: str | None = None) -> KubeObject:
    """Return the Status of success, the response to DELETE."""
    identity = {"uid": uid} if uid else {}
    details = {"name": name, **({"group": group} if group else {}), "kind": kind, **identity}
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}


def bad_request(message: str) -> ApiError:
    """400: the request itself can't be understood."""
    return ApiError(code=400, reason="BadRequest", message=message)


def unauthorized() -> ApiError:
    """401: no valid token."""
    return ApiError(code=401, reason="Unauthorized", message="Unauthorized")


def path_not_found() -> ApiError:
    """404: nothing is served at that path."""
    return ApiError(code=404, reason="NotFound", message="the server could not find the requested resource")


def no_containers(subresource: str) -> ApiError:
    """501: the subresource needs a running container."""
    message = f"the pods of a simulated cluster run no containers: {subresource} is not possible"
    return ApiError(code=501, reason="NotImplemented", message=message)


def method_not_allowed(method: str) -> ApiError:
    """405: the resource does not support that method."""
    message = f"the server does not allow this method on the requested resource: {method}"
    return ApiError(code=405, reason="MethodNotAllowed", message=message)


def not_found(*, plural: str, group: str, name: str) -> ApiError:
    """404: no object of that name."""
    qualified = f"{plural}.{group}" if group else plural
    message = f'{qualified} "{name}" not found'
    return ApiError(code=404, reason="NotFound", message=message, group=group, kind=plural, name=name)


def already_exists(*, plural: str, group: str, name: str, deleting: bool = False) -> ApiError:
    """409: the name is taken, maybe by an object that is still being deleted."""
    qualified = f"{plural}.{group}" if group else plural
    message = f'{"object is being deleted: " if deleting else ""}{qualified} "{name}" already exists'
    return ApiError(code=409, reason="AlreadyExists", message=message, group=group, kind=plural, name=name)


def conflict(*, plural: str, group: str, name: str, why: str | None = None) -> ApiError:
    """409: the object changed since the client read it, or a precondition failed."""
    qualified = f"{plural}.{group}" if group else plural
    told = (
        why or "the object has been modified; please apply your changes to the latest version and try again"
    )
    message = f'Operation cannot be fulfilled on {qualified} "{name}": {told}'
    return ApiError(code=409, reason="Conflict", message=message, group=group, kind=plural, name=name)


def field_conflict(message: str, causes: Sequence[Cause]) -> ApiError:
    """409 of server-side apply: other managers own these fields."""
    return ApiError(code=409, reason="Conflict", message=message, causes=causes)


def expired(message: str) -> ApiError:
    """410: the version is too old to continue from."""
    return ApiError(code=410, reason="Expired", message=message)


def invalid(*, kind: str, group: str, name: str, causes: Sequence[Cause]) -> ApiError:
    """422: fields have values that are not allowed."""
    qualified = f"{kind}.{group}" if group else kind
    told = list(dict.fromkeys(f"{cause.field}: {cause.message}" for cause in causes))  # the same is told once
    every = told[0] if len(told) == 1 else f"[{', '.join(told)}]"
    message = f'{qualified} "{name}" is invalid: {every}'
    return ApiError(
        code=422, reason="Invalid", message=message, group=group, kind=kind, name=name, causes=causes
    )


def forbidden(*, plural: str, name: str, why: str) -> ApiError:
    """403: the operation is not allowed to any client."""
    message = f'{plural} "{name}" is forbidden: {why}'
    return ApiError(code=403, reason="Forbidden", message=message, kind=plural, name=name)


def terminating(*, plural: str, group: str, name: str, namespace: str) -> ApiError:
    """403: nothing may be created in a namespace that is being deleted."""
    qualified = f"{plural}.{group}" if group else plural
    told = f"unable to create new content in namespace {namespace} because it is being terminated"
    cause = Cause(reason="NamespaceTerminating", message=f"namespace {namespace} is being terminated",
                  field="metadata.namespace")  # fmt: skip
    return ApiError(
        code=403,
        reason="Forbidden",
        message=f'{qualified} "{name}" is forbidden: {told}',
        group=group,
        kind=plural,
        name=name,
        causes=[cause],
    )
