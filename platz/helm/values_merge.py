"""Merges values as Helm merges several `-f` files."""

from __future__ import annotations

from platz.json import JsonObject


def merged_values(values: JsonObject, override: JsonObject | None) -> JsonObject:
    """Return ``values`` with ``override`` laid over it: objects are merged deeply, everything else is replaced.

    A null in the override is kept: Helm then removes the chart's default. Source: Helm's
    documentation of values files ("the last file takes precedence"), docs/contract/workers.md, "Vector of the
    merge of values".
    """
    merged: JsonObject = dict(values)
    for key, above in (override or {}).items():
        below = merged.get(key)
        if isinstance(above, dict) and isinstance(below, dict):
            merged[key] = merged_values(below, above)
        else:
            merged[key] = above
    return merged
