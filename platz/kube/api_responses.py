"""Turns the response of an API server into an object, or into one of the errors of platz.kube.errors.

Source: Kubernetes API conventions, "HTTP Status codes" and "Response Status Kind".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import orjson
import urllib3.exceptions as broken

from platz.errors import PlatzError
from platz.json import JsonObject, JsonValue
from platz.kube.cluster_identity import ClusterIdentity, rejection
from platz.kube.errors import (
    FieldConflict,
    KubeAlreadyExists,
    KubeConflict,
    KubeDenied,
    KubeGone,
    KubeNotFound,
    KubeRejected,
    KubeUnauthenticated,
    KubeUnreachable,
    KubeUntrusted,
)
from platz.kube.missing_rights import refusal_in

_REASON_LIMIT = 500
_OWNER = re.compile(r'conflict with "([^"]+)"')
_BY_STATUS: Mapping[int, type[PlatzError]] = {
    400: KubeRejected,
    401: KubeUnauthenticated,
    403: KubeDenied,
    404: KubeNotFound,
    405: KubeRejected,
    409: KubeConflict,
    410: KubeGone,
    413: KubeRejected,
    415: KubeRejected,
    422: KubeRejected,
}


def error_from_status(
    cluster: str,
    status: int,
    body: bytes,
    *,
    retry_after: str | None = None,
    identity: ClusterIdentity | None = None,
) -> PlatzError:
    """Return the error for an HTTP status and the Status object in the body."""
    status_object = _status_object(body)
    reason, message = _text(status_object, "reason"), _short(_text(status_object, "message"))
    kind = _BY_STATUS.get(status)
    if reason == "AlreadyExists":
        kind = KubeAlreadyExists
    if kind is None:
        return KubeUnreachable(
            f"Cluster {cluster} answered with status {status}: {message or 'no reason given'}.",
            never_started=status == 429,
            answered=True,
            retry_after=_seconds(retry_after),
        )
    if status == 401:
        return KubeUnauthenticated(rejection(cluster, identity))
    if status == 403:
        return _denial(cluster, message)
    told = f"Cluster {cluster}: {message or f'status {status}'}."
    if kind is KubeConflict:
        return KubeConflict(told, fields=tuple(_field_conflicts(status_object)))
    return kind(told)


def _denial(cluster: str, words: str) -> KubeDenied:
    """Return the error for status 403, with the server's own words as the reason."""
    refusal = refusal_in(words)
    sentence = (
        f"Cluster {cluster}: {words or 'status 403'}." if refusal is None else refusal.sentence(cluster)
    )
    return KubeDenied(sentence, reason=words)


def error_from_transport(cluster: str, error: Exception) -> KubeUnreachable:
    """Return the error for a request that failed before a response arrived."""
    cause = error.reason if isinstance(error, broken.MaxRetryError) and error.reason else error
    if isinstance(cause, broken.SSLError):
        return KubeUntrusted(f"Cluster {cluster} cannot be trusted: {_short(str(cause))}.")
    never_sent = isinstance(cause, broken.NewConnectionError | broken.ConnectTimeoutError)
    return KubeUnreachable(
        f"Cluster {cluster} {_why(cause)}.", never_started=never_sent, never_reached=never_sent
    )


def parsed_object(cluster: str, body: bytes) -> JsonObject:
    """Return the JSON object of a successful response; raise `KubeUnreachable` for anything else."""
    try:
        document: JsonValue = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise KubeUnreachable(f"Cluster {cluster} answered with something that is not JSON.") from error
    if not isinstance(document, dict):
        raise KubeUnreachable(f"Cluster {cluster} answered with something that is not an object.")
    return document


def _why(error: Exception) -> str:
    match error:
        case broken.NameResolutionError():
            return "has a server address that cannot be resolved"
        case broken.NewConnectionError():
            return "refuses connections"
        case broken.ConnectTimeoutError():
            return "does not accept connections in time"
        case broken.ReadTimeoutError() | TimeoutError():
            return "does not answer in time"
        case broken.ProxyError():
            return "cannot be reached through its proxy"
        case _:
            return "broke the connection off"


def _status_object(body: bytes) -> JsonObject:
    """Return the Status object; an empty one for any other body, such as a proxy's page."""
    try:
        document: JsonValue = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return document if isinstance(document, dict) and document.get("kind") == "Status" else {}


def _text(document: JsonObject, key: str) -> str:
    value = document.get(key)
    return value if isinstance(value, str) else ""


def _field_conflicts(status_object: JsonObject) -> Iterator[FieldConflict]:
    """Yield the fields that others own (Kubernetes: "Server-Side Apply", "Conflicts")."""
    match status_object.get("details"):
        case {"causes": list(causes)}:
            pass
        case _:
            return
    for cause in causes:
        match cause:
            case {"reason": "FieldManagerConflict", "field": str(field), "message": str(message)}:
                owner = _OWNER.search(message)
                yield FieldConflict(field=field, owner=owner.group(1) if owner else message)
            case _:
                continue


def _short(text: str) -> str:
    flat = " ".join(text.split()).rstrip(".")
    return flat if len(flat) <= _REASON_LIMIT else flat[:_REASON_LIMIT] + "…"


def _seconds(retry_after: str | None) -> float:
    """Return the seconds of a Retry-After header, which is a number or a date (RFC 9110, section 10.2.3)."""
    if not retry_after:
        return 0.0
    if retry_after.isdecimal() and retry_after.isascii():
        return float(retry_after)
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return 0.0
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())
