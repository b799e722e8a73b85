"""Decoding of a request's document by the kind's shape: wrong types are refused, unknown fields reported.

Invariant: the result has only fields of the shape, each of its declared type, except where the shape is open.
Source: Kubernetes "API concepts", field validation (`Strict`, `Warn`, `Ignore`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from platz_sandbox.kubernetes.objects.raw_documents import KubeObject, is_list, is_object, parse_time
from platz_sandbox.kubernetes.objects.shapes import Form, Shape
from platz_sandbox.kubernetes.objects.status_errors import bad_request


class FieldValidation(Enum):
    """The treatment of a field that the kind does not have."""

    STRICT = "Strict"
    WARN = "Warn"
    IGNORE = "Ignore"


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_time(value: Any) -> bool:
    try:
        parse_time(value)
    except (ValueError, TypeError):
        return False
    return True


_QUANTITY = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([KMGTPE]i?|[numk]|[eE][+-]?\d+)?")
_SCALARS: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "string": ("string", _is_text),
    "integer": ("int32", _is_integer),
    "number": ("float64", _is_number),
    "boolean": ("bool", lambda value: isinstance(value, bool)),
    "time": ("Time", _is_time),
    "bytes": ("[]uint8", _is_text),
    "int-or-string": ("IntOrString", lambda value: _is_integer(value) or _is_text(value)),
    "quantity": (
        "Quantity",
        lambda value: _is_number(value) or bool(_is_text(value) and _QUANTITY.fullmatch(value)),
    ),
    "any": ("any", lambda _value: True),
}


_JSON_WORDS = ((dict, "object"), (list, "array"), (str, "string"), (bool, "bool"))


class Decoder:
    """The decoder of one document; ``unknown`` collects the paths of fields that the kind does not have."""

    def __init__(self, kind: str, api_version: str) -> None:
        self._called = f'{kind} in version "{api_version}" cannot be handled as a {kind}'
        self.unknown: list[str] = []

    def decode(self, value: Any, shape: Shape, path: str = "") -> Any:
        """Return the value without nulls and unknown fields; raise 400 at the first wrong type."""
        match shape.form:
            case Form.OBJECT if is_object(value):
                return self._object(value, shape, path)
            case Form.MAP if is_object(value):
                return {
                    k: self.decode(v, shape.child(k), f"{path}.{k}")
                    for k, v in value.items()
                    if v is not None
                }
            case Form.LIST if is_list(value):
                return [self.decode(v, shape.element, f"{path}[{i}]") for i, v in enumerate(value)]
            case Form.SCALAR:
                return self._scalar(value, shape, path)
            case form:
                raise self._wrong(value, path, form.value)

    def _object(self, document: KubeObject, shape: Shape, path: str) -> KubeObject:
        kept: KubeObject = {}
        for key, value in document.items():
            place = f"{path}.{key}" if path else key
            if value is None:
                continue
            if key in shape.fields:
                kept[key] = self.decode(value, shape.fields[key], place)
            elif shape.open:
                kept[key] = value
            else:
                self.unknown.append(place)
        return kept

    def _scalar(self, value: Any, shape: Shape, path: str) -> Any:
        called, fits = _SCALARS[shape.scalar]
        if not fits(value):
            raise self._wrong(value, path, called)
        return str(value) if shape.scalar == "quantity" else value

    def _wrong(self, value: Any, path: str, wanted: str) -> Exception:
        found = next((word for form, word in _JSON_WORDS if isinstance(value, form)), "number")
        return bad_request(
            f"{self._called}: json: cannot unmarshal {found} into field {path} of type {wanted}"
        )


def decode(
    document: KubeObject, shape: Shape, *, kind: str, api_version: str, validation: FieldValidation
) -> tuple[KubeObject, list[str]]:
    """Return the document in the kind's shape, and the warnings for the client.

    Raises 400 for a wrong type, and for an unknown field under `Strict`.
    """
    decoder = Decoder(kind, api_version)
    decoded = decoder.decode(document, shape)
    problems = [f'unknown field "{path}"' for path in decoder.unknown]
    if problems and validation is FieldValidation.STRICT:
        told = ", ".join(problems)
        raise bad_request(
            f'{kind} in version "{api_version}" cannot be handled as a {kind}: strict decoding error: {told}'
        )
    return decoded, problems if validation is FieldValidation.WARN else []
