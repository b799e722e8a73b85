"""Decoding of a request's document by the kind's shape: wrong types are refused, unknown fields reported.

Invariant: the result has only fields of the shape, each of its declared type, except where the shape is open.
Source: Kubernetes "API concepts", field validation (`Strict`, `Warn`, `Ignore`).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from platz_sandbox.kubernetes.objects.quantities import canonical, is_quantity
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


_SCALARS: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "string": ("string", _is_text),
    "integer": ("int32", _is_integer),
    "number": ("float64", _is_number),
    "boolean": ("bool", lambda value: isinstance(value, bool)),
    "time": ("Time", _is_time),
    "bytes": ("[]uint8", _is_text),
    "int-or-string": ("IntOrString", lambda value: _is_integer(value) or _is_text(value)),
    "quantity": ("Quantity", lambda _value: True),
    "any": ("any", lambda _value: True),
}


_BASE64 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")
_BAD_QUANTITY = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
_LONG_INTEGERS = frozenset({
    "activeDeadlineSeconds", "deletionGracePeriodSeconds", "expirationSeconds", "fsGroup", "generation",
    "gracePeriodSeconds", "observedGeneration", "revision", "runAsGroup", "runAsUser", "seconds",
    "startingDeadlineSeconds", "supplementalGroups", "terminationGracePeriodSeconds", "tolerationSeconds",
})  # fmt: skip
"""The whole numbers of the API that have 64 bits; all others have 32."""
_GO_FORMS = {Form.LIST: "[]", Form.MAP: "map[string]string"}
_JSON_WORDS = ((bool, "bool"), (dict, "object"), (list, "array"), (str, "string"))


class Decoder:
    """The decoder of one document; ``unknown`` collects the paths of fields that the kind does not have."""

    def __init__(self, kind: str, api_version: str, *, keep_wrong_types: bool) -> None:
        self._keep = keep_wrong_types
        self._called = f'{kind} in version "{api_version}" cannot be handled as a {kind}'
        self._root = kind
        self.unknown: list[str] = []

    def decode(self, value: Any, shape: Shape, path: str = "", owner: str = "") -> Any:
        """Return the value without nulls and unknown fields; raise 400 at the first wrong type.

        ``owner`` is the type of the object around it, which a message names.
        """
        match shape.form:
            case Form.OBJECT if is_object(value):
                return self._object(value, shape, path)
            case Form.MAP if is_object(value):
                decoded = {k: (v, self.decode(v, shape.child(k), path, owner)) for k, v in value.items()}
                return {k: after for k, (before, after) in decoded.items() if before is not None}
            case Form.LIST if is_list(value):
                return [self.decode(v, shape.element, f"{path}[{i}]", owner) for i, v in enumerate(value)]
            case Form.SCALAR:
                return self._scalar(value, shape, path, owner) if value is not None else None
            case form:
                if value is None or self._may_keep(path):
                    return value
                raise self._wrong(value, path, owner, _GO_FORMS.get(form, "") + shape.type_name[2:])

    def _may_keep(self, path: str) -> bool:
        return self._keep and not path.startswith("metadata")

    def _object(self, document: KubeObject, shape: Shape, path: str) -> KubeObject:
        kept: KubeObject = {}
        owner = re.sub(r"^V\d+(?=[A-Z])", "", shape.type_name) or self._root
        for key, value in document.items():
            place = f"{path}.{key}" if path else key
            if value is None:
                continue
            if key in shape.fields:
                kept[key] = self.decode(value, shape.fields[key], place, owner)
            elif shape.open:
                kept[key] = value
            else:
                self.unknown.append(place)
        return kept

    def _scalar(self, value: Any, shape: Shape, path: str, owner: str) -> Any:
        called, fits = _SCALARS[shape.scalar]
        if not fits(value):
            if self._may_keep(path):
                return value
            raise self._wrong(value, path, owner, called)
        if shape.scalar == "integer" and not self._keep:
            self._check_size(value, path, owner)
        if shape.scalar == "bytes":
            self._check_base64(value)
        return self._quantity(value) if shape.scalar == "quantity" else value

    def _check_size(self, value: int, path: str, owner: str) -> None:
        path = _without_places(path)
        bits = 64 if path.rsplit(".", 1)[-1] in _LONG_INTEGERS else 32
        if not -(2 ** (bits - 1)) <= value < 2 ** (bits - 1):
            raise self._told(
                f"cannot unmarshal number {value} into Go struct field {owner}.{path} of type int{bits}"
            )

    def _quantity(self, value: Any) -> str:
        if not is_quantity(value):
            raise bad_request(f"{self._called}: {_BAD_QUANTITY}")
        return canonical(value)

    def _check_base64(self, text: str) -> None:
        try:
            base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as error:
            place = next((i for i, letter in enumerate(text) if letter not in _BASE64), len(text) // 4 * 4)
            raise bad_request(f"{self._called}: illegal base64 data at input byte {place}") from error

    def _wrong(self, value: Any, path: str, owner: str, wanted: str) -> Exception:
        found = next((word for form, word in _JSON_WORDS if isinstance(value, form)), "number")
        place = f"{owner or self._root}.{_without_places(path)}"
        return self._told(f"cannot unmarshal {found} into Go struct field {place} of type {wanted}")

    def _told(self, what: str) -> Exception:
        return bad_request(f"{self._called}: json: {what}")


def _without_places(path: str) -> str:
    """Return a path as Go names it: without the places in lists."""
    return re.sub(r"\[\d+\]", "", path)


def decode(
    document: KubeObject,
    shape: Shape,
    *,
    kind: str,
    api_version: str,
    validation: FieldValidation,
    keep_wrong_types: bool = False,
) -> tuple[KubeObject, list[str]]:
    """Return the document in the kind's shape, and the warnings for the client.

    Raises 400 for an unknown field under `Strict`, and for a wrong type; ``keep_wrong_types`` leaves those of a custom
    resource to its schema.
    """
    decoder = Decoder(kind, api_version, keep_wrong_types=keep_wrong_types)
    decoded = decoder.decode(document, shape)
    problems = [f'unknown field "{path}"' for path in decoder.unknown]
    if problems and validation is FieldValidation.STRICT:
        told = ", ".join(problems)
        raise bad_request(
            f'{kind} in version "{api_version}" cannot be handled as a {kind}: strict decoding error: {told}'
        )
    return decoded, problems if validation is FieldValidation.WARN else []
