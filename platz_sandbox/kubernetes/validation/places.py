"""A place in a document that is checked: its value, its path, and the causes that a check may find there.

Invariant: a cause is worded as a real API server words it, so that what people and tools read is the same.
Source: apimachinery's `field.Error`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson

from platz_sandbox.kubernetes.objects.raw_documents import KubeObject, is_list, is_object
from platz_sandbox.kubernetes.objects.status_errors import Cause

Causes: TypeAlias = Iterator[Cause]
EMPTY: tuple[Any, ...] = (None, "", [], {})
"""The values that count as missing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """One place: ``value`` is None where the field is missing; ``above`` is the place of the object around it."""

    value: Any
    path: str
    root: KubeObject
    above: Place | None = None

    @property
    def missing(self) -> bool:
        """Whether the field is absent or empty."""
        return self.value in EMPTY

    @property
    def fields(self) -> KubeObject:
        """The value as an object: empty where it is missing or something else."""
        return self.value if is_object(self.value) else {}

    @property
    def elements(self) -> list[Any]:
        """The value as a list: empty where it is missing or something else."""
        return self.value if is_list(self.value) else []

    def at(self, *keys: str) -> Place:
        """Return the place of an inner field."""
        place = self
        for key in keys:
            value = place.fields.get(key) if is_object(place.value) else None
            path = f"{place.path}.{key}" if place.path else key
            place = Place(value=value, path=path, root=self.root, above=place)
        return place

    def items(self) -> list[Place]:
        """Return the places of a list's elements; a missing list has none."""
        values = self.value if is_list(self.value) else []
        return [
            Place(value=value, path=f"{self.path}[{index}]", root=self.root, above=self)
            for index, value in enumerate(values)
        ]

    def entries(self) -> list[tuple[str, Place]]:
        """Return the keys and the places of a map's values; a missing map has none."""
        values = self.value if is_object(self.value) else {}
        return [(key, self.key(key)) for key in values]

    def key(self, key: str) -> Place:
        """Return the place of a map's value: its path has the key in brackets."""
        value = self.value.get(key) if is_object(self.value) else None
        return Place(value=value, path=f"{self.path}[{key}]", root=self.root, above=self)

    def invalid(self, told: str, *, shown: Any = ...) -> Cause:
        """The value is not allowed; ``shown`` is what the message shows instead of it."""
        return self._cause("FieldValueInvalid", "Invalid value", told, self.value if shown is ... else shown)

    def wrong_type(self, told: str, *, shown: Any = ...) -> Cause:
        """The value has another type than the schema says."""
        return self._cause(
            "FieldValueTypeInvalid", "Invalid value", told, self.value if shown is ... else shown
        )

    def duplicate(self, *, shown: Any = ...) -> Cause:
        """Another element has the same value."""
        return self._cause(
            "FieldValueDuplicate", "Duplicate value", "", self.value if shown is ... else shown
        )

    def not_found(self) -> Cause:
        """The value names nothing that exists."""
        return self._cause("FieldValueNotFound", "Not found", "", self.value)

    def unsupported(self, supported: Iterable[str], *, shown: Any = ...) -> Cause:
        """The value is none of the choices."""
        told = "supported values: " + ", ".join(f'"{choice}"' for choice in supported)
        return self._cause(
            "FieldValueNotSupported", "Unsupported value", told, self.value if shown is ... else shown
        )

    def required(self, told: str = "") -> Cause:
        """The value is missing."""
        return self._cause("FieldValueRequired", "Required value", told)

    def forbidden(self, told: str) -> Cause:
        """The field may not be set here."""
        return self._cause("FieldValueForbidden", "Forbidden", told)

    def too_long(self, most: int) -> Cause:
        """The value has too many bytes."""
        return self._cause("FieldValueTooLong", "Too long", f"may not be more than {most} bytes")

    def too_many(self, count: int, most: int) -> Cause:
        """The list has too many elements."""
        told = f"must have at most {most} item{'' if most == 1 else 's'}"
        return self._cause("FieldValueTooMany", "Too many", told, count)

    def _cause(self, reason: str, word: str, told: str, *shown: Any) -> Cause:
        parts = [word, *(_go_text(value) for value in shown), *([told] if told else [])]
        return Cause(reason=reason, message=": ".join(parts), field=self.path)


def _go_text(value: Any) -> str:
    """Return a value as the messages of a real server show it: texts in quotes, everything else as JSON."""
    return orjson.dumps(value).decode()


def whole(document: KubeObject) -> Place:
    """Return the place of a whole document."""
    return Place(value=document, path="", root=document)
