"""Reads the few protobuf bodies that Go clients insist on sending; everything is answered in JSON.

Invariant: an unknown message type answers 415, an unknown field number of a known one is skipped, as protobuf does.
Source: Kubernetes "API concepts", protobuf encoding (`k8s\\0` and `runtime.Unknown`); the published field numbers of
core/v1 and meta/v1.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from platz.sandbox.kubernetes.document import KubeObject
from platz.sandbox.kubernetes.status_errors import ApiError, bad_request

MAGIC = b"k8s\x00"
CONTENT_TYPE = "application/vnd.kubernetes.protobuf"

# message: {field number: (JSON name, type)}; a type is text, bool, int, bytes, time, a message, `[X]` or `{X}`
_MESSAGES: Mapping[str, Mapping[int, tuple[str, str]]] = {
    "ObjectMeta": {
        1: ("name", "text"), 2: ("generateName", "text"), 3: ("namespace", "text"), 5: ("uid", "text"),
        6: ("resourceVersion", "text"), 11: ("labels", "{text}"), 12: ("annotations", "{text}"),
        13: ("ownerReferences", "[OwnerReference]"), 14: ("finalizers", "[text]"),
    },
    "OwnerReference": {
        1: ("kind", "text"), 3: ("name", "text"), 4: ("uid", "text"), 5: ("apiVersion", "text"),
        6: ("controller", "bool"), 7: ("blockOwnerDeletion", "bool"),
    },
    "Secret": {
        1: ("metadata", "ObjectMeta"), 2: ("data", "{bytes}"), 3: ("type", "text"), 4: ("stringData", "{text}"),
        5: ("immutable", "bool"),
    },
    "ConfigMap": {
        1: ("metadata", "ObjectMeta"), 2: ("data", "{text}"), 3: ("binaryData", "{bytes}"), 4: ("immutable", "bool"),
    },
    "Namespace": {1: ("metadata", "ObjectMeta"), 2: ("spec", "NamespaceSpec")},
    "NamespaceSpec": {1: ("finalizers", "[text]")},
    "ServiceAccount": {
        1: ("metadata", "ObjectMeta"), 2: ("secrets", "[ObjectReference]"),
        3: ("imagePullSecrets", "[LocalObjectReference]"), 4: ("automountServiceAccountToken", "bool"),
    },
    "ObjectReference": {
        1: ("kind", "text"), 2: ("namespace", "text"), 3: ("name", "text"), 4: ("uid", "text"),
        5: ("apiVersion", "text"), 6: ("resourceVersion", "text"), 7: ("fieldPath", "text"),
    },
    "LocalObjectReference": {1: ("name", "text")},
    "DeleteOptions": {
        1: ("gracePeriodSeconds", "int"), 2: ("preconditions", "Preconditions"), 3: ("orphanDependents", "bool"),
        4: ("propagationPolicy", "text"), 5: ("dryRun", "[text]"),
    },
    "Preconditions": {1: ("uid", "text"), 2: ("resourceVersion", "text")},
    "Scale": {1: ("metadata", "ObjectMeta"), 2: ("spec", "ScaleSpec")},
    "ScaleSpec": {1: ("replicas", "int")},
    "Eviction": {1: ("metadata", "ObjectMeta"), 2: ("deleteOptions", "DeleteOptions")},
}  # fmt: skip
_TYPE_META = {1: ("apiVersion", "text"), 2: ("kind", "text")}


def decode(body: bytes) -> KubeObject:
    """Return the JSON form of an enveloped message; 400 when it is malformed, 415 when its kind is unknown."""
    if not body.startswith(MAGIC):
        raise bad_request("the body is not Kubernetes protobuf: the prefix is missing")
    try:
        envelope = dict(_fields(body[len(MAGIC) :]))
        identity = _message(bytes(envelope.get(1, b"")), _TYPE_META)
        kind = identity.get("kind", "")
        if kind not in _MESSAGES:
            raise _unsupported(kind)
        return {**identity, **_message(bytes(envelope.get(2, b"")), _MESSAGES[kind])}
    except (IndexError, ValueError, TypeError) as error:
        raise bad_request(f"the body is not Kubernetes protobuf: {error}") from error


def _unsupported(kind: str) -> ApiError:
    message = (
        f"the body of the request was in an unknown format - {kind or 'this kind'} is accepted as JSON only"
    )
    return ApiError(code=415, reason="UnsupportedMediaType", message=message)


def _fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """Yield (field number, raw value) of one message."""
    place = 0
    while place < len(data):
        tag, place = _varint(data, place)
        match tag & 7:
            case 0:
                value, place = _varint(data, place)
            case 1:
                value, place = data[place : place + 8], place + 8
            case 2:
                length, place = _varint(data, place)
                if place + length > len(data):
                    raise ValueError("a field is longer than the message")
                value, place = data[place : place + length], place + length
            case 5:
                value, place = data[place : place + 4], place + 4
            case wire:
                raise ValueError(f"unknown wire type {wire}")
        yield tag >> 3, value


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return value, place
        if shift > 63:
            raise ValueError("a number is too long")


def _message(data: bytes, fields: Mapping[int, tuple[str, str]]) -> KubeObject:
    document: KubeObject = {}
    for number, raw in _fields(data):
        if number not in fields:
            continue
        name, declared = fields[number]
        if declared.startswith("["):
            document.setdefault(name, []).append(_value(raw, declared[1:-1]))
        elif declared.startswith("{"):
            entry = dict(_fields(raw))
            key = bytes(entry.get(1, b"")).decode()
            document.setdefault(name, {})[key] = _value(entry.get(2, b""), declared[1:-1])
        else:
            document[name] = _value(raw, declared)
    return {name: value for name, value in document.items() if value != ""}


def _value(raw: Any, declared: str) -> Any:
    match declared:
        case "text":
            return bytes(raw).decode()
        case "bytes":
            return base64.b64encode(raw).decode()
        case "bool":
            return bool(raw)
        case "int":
            return raw - (1 << 64) if raw >> 63 else raw
        case "time":
            seconds = dict(_fields(raw)).get(1, 0)
            return datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        case message:
            return _message(raw, _MESSAGES[message])
