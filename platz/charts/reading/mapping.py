"""A mapping as written in a file: a dict that also remembers which keys it could not hold.

Invariant: of a key that was written more than once, the dict has the last value. ``repeated`` has those keys, and
``has_other_keys`` is true if keys that are not text were left out.

Source: docs/contract/chart-extensions.md, "Syntax of the files".
"""

from __future__ import annotations

from collections.abc import Iterable

from platz.json import JsonValue


class Mapping(dict[str, JsonValue]):
    """An object of a YAML or JSON file with repeated or non-text keys."""

    __slots__ = ("has_other_keys", "repeated")

    def __init__(
        self, values: dict[str, JsonValue], *, repeated: Iterable[str] = (), has_other_keys: bool = False
    ) -> None:
        super().__init__(values)
        self.repeated = frozenset(repeated)
        self.has_other_keys = has_other_keys


def repeated_keys(mapping: dict[str, JsonValue]) -> frozenset[str]:
    """Return the keys that were written more than once."""
    return mapping.repeated if isinstance(mapping, Mapping) else frozenset()


def has_other_keys(mapping: dict[str, JsonValue]) -> bool:
    """Tell whether the mapping had keys that are not text."""
    return isinstance(mapping, Mapping) and mapping.has_other_keys
