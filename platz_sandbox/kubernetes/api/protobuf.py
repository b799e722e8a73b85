"""Decoding of the few protobuf bodies that Go clients send; every response is JSON.

Invariant: an unknown message type gets 415, and so does an unknown field of a message that is only partly known; an
unknown field of any other message is skipped, as usual in protobuf.
Source: Kubernetes "API concepts", protobuf encoding (`k8s\\0` and `runtime.Unknown`).
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any

from platz_sandbox.kubernetes.api.protobuf_messages import MESSAGES, PARTLY_KNOWN
from platz_sandbox.kubernetes.objects.raw_documents import KubeObject
from platz_sandbox.kubernetes.objects.status_errors import ApiError, bad_request

MAGIC = b"k8s\x00"
CONTENT_TYPE = "application/vnd.kubernetes.protobuf"

_TYPE_META = {1: ("apiVersion", "text"), 2: ("kind", "text")}


def decode(body: bytes) -> KubeObject:
    """Return the JSON form of an enveloped message; raise 400 when it is malformed, 415 when its kind is unknown."""
    if not body.startswith(MAGIC):
        raise bad_request("the body is not Kubernetes protobuf: the prefix is missing")
    try:
        envelope = dict(_fields(body[len(MAGIC) :]))
        identity = _message(_octets(envelope.get(1, b"")), _TYPE_META, "TypeMeta")
        kind = identity.get("kind", "")
        if kind not in MESSAGES:
            raise _unsupported(kind or "this kind")
        return {**identity, **_message(_octets(envelope.get(2, b"")), MESSAGES[kind], kind)}
    except (IndexError, ValueError, TypeError) as error:
        raise bad_request(f"the body is not Kubernetes protobuf: {error}") from error


def _unsupported(what: str) -> ApiError:
    message = f"the body of the request was in an unknown format - {what} is accepted as JSON only"
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


def _message(data: bytes, fields: Mapping[int, tuple[str, str]], called: str) -> KubeObject:
    document: KubeObject = {}
    for number, raw in _fields(data):
        if number not in fields:
            if raw and called in PARTLY_KNOWN:
                raise _unsupported(f"{called} with the field {number}")
            continue
        name, declared = fields[number]
        if declared.startswith("["):
            document.setdefault(name, []).append(_value(raw, declared[1:-1]))
        elif declared.startswith("{"):
            entry = dict(_fields(_octets(raw)))
            key = _octets(entry.get(1, b"")).decode()
            document.setdefault(name, {})[key] = _value(entry.get(2, b""), declared[1:-1])
        elif not name:
            document |= _value(raw, declared)
        elif raw or not declared.endswith("?"):
            document[name] = _value(raw, declared.rstrip("?"))
    return {name: value for name, value in document.items() if value != ""}


def _value(raw: Any, declared: str) -> Any:
    match declared:
        case "text":
            return _octets(raw).decode()
        case "bytes":
            return base64.b64encode(_octets(raw)).decode()
        case "bool":
            return bool(raw)
        case "int":
            return raw - (1 << 64) if raw >> 63 else raw
        case "quantity":
            return _octets(dict(_fields(_octets(raw))).get(1, b"")).decode()
        case "int-or-text":
            parts = dict(_fields(_octets(raw)))
            return _octets(parts.get(3, b"")).decode() if parts.get(1) else _value(parts.get(2, 0), "int")
        case message:
            return _message(_octets(raw), MESSAGES[message], message)


def _octets(raw: Any) -> bytes:
    if not isinstance(raw, bytes):
        raise TypeError("a number stands where a text or message belongs")
    return raw
