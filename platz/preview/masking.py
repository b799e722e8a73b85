"""Hides secrets in documents that are shown side by side.

Invariant: of a secret, only whether it is the same on both sides is told. What a Secret holds is hidden whatever it is;
elsewhere, every text that shows one of the known secrets.

Source: docs/contract/http-api.md, "What a preview hides".
"""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Iterable

from platz.helm.redaction import MASK, Redactor
from platz.json import JsonObject, JsonValue, json_equal

CHANGED = "[secret, changed]"
_OF_SECRETS = ("data", "stringData")


class Masking:
    """Hides the given secrets in pairs of documents: what was before, and what is after."""

    def __init__(self, secrets: Iterable[str], *, contents: Iterable[str] = ()) -> None:
        """Take the texts that nobody may see, and the contents of Secrets: a text that holds one is hidden whole."""
        self._redact = Redactor(secrets)
        self._contents = tuple(contents)
        self._shown: dict[str, str] = {}

    def text(self, text: str) -> str:
        """Return a sentence without the secrets."""
        return MASK if any(each in text for each in self._contents) else self._redact(text)

    def pair(self, before: JsonValue, after: JsonValue) -> tuple[JsonValue, JsonValue]:
        """Return both documents with secrets hidden; one that is new on the right side is marked as changed."""
        seen: set[str] = set()
        shown = self._before(before, seen)
        return shown, self._after(after, seen)

    def objects(self, before: JsonObject | None, after: JsonObject | None) -> tuple[JsonValue, JsonValue]:
        """Do the same for two states of one Kubernetes object, of which one may be missing."""
        if "Secret" in [(each or {}).get("kind") for each in (before, after)]:
            before, after = _with_hidden_data(before, after)
        return self.pair(before, after)

    def _before(self, value: JsonValue, seen: set[str]) -> JsonValue:
        match value:
            case dict():
                return {key: self._before(each, seen) for key, each in value.items()}
            case list():
                return [self._before(each, seen) for each in value]
            case _:
                shown = self._hidden(value)
                if shown is None:
                    return value
                seen.update((_text_of(value), shown))
                return shown

    def _after(self, value: JsonValue, seen: Collection[str]) -> JsonValue:
        match value:
            case dict():
                return {key: self._after(each, seen) for key, each in value.items()}
            case list():
                return [self._after(each, seen) for each in value]
            case _:
                shown = self._hidden(value)
                if shown is None:
                    return value
                is_changed = shown in seen and _text_of(value) not in seen
                return _as_changed(shown) if is_changed else shown

    def _hidden(self, value: JsonValue) -> str | None:
        """Return what is shown in place of a value that shows a secret; None for any other."""
        if value is None or isinstance(value, bool):
            return None
        text = _text_of(value)
        shown = self._shown.get(text)
        if shown is None:
            shown = self._shown[text] = self.text(text)
        return None if shown == text else shown


def hidden_keys(before: JsonValue, after: JsonValue, keys: Collection[str]) -> tuple[JsonValue, JsonValue]:
    """Return two documents with the values of these top-level keys hidden."""
    old, new = _as_object(before), _as_object(after)
    if not keys or not (old or new):
        return before, after
    hidden = {key: _hidden_pair(old, new, key) for key in keys}
    return (
        {key: hidden[key][0] if key in hidden else value for key, value in old.items()},
        {key: hidden[key][1] if key in hidden else value for key, value in new.items()},
    )


def _with_hidden_data(
    before: JsonObject | None, after: JsonObject | None
) -> tuple[JsonObject | None, JsonObject | None]:
    old, new = _secret_data(before), _secret_data(after)
    shown_before, shown_after = hidden_keys(old, new, {*old, *new})
    return _shown_secret(before, shown_before), _shown_secret(after, shown_after)


def _secret_data(secret: JsonObject | None) -> JsonObject:
    """Return all that a Secret holds, in base64 as the server keeps it; what is no map is hidden as a whole."""
    plain = _part(secret, "stringData")
    encoded = {key: base64.b64encode(_text_of(value).encode()).decode() for key, value in plain.items()}
    return {**_part(secret, "data"), **encoded}


def _shown_secret(secret: JsonObject | None, data: JsonValue) -> JsonObject | None:
    if secret is None:
        return None
    rest = {key: value for key, value in secret.items() if key not in _OF_SECRETS}
    return {**rest, "data": data} if any(key in secret for key in _OF_SECRETS) else rest


def _part(secret: JsonObject | None, key: str) -> JsonObject:
    value = (secret or {}).get(key)
    return value if isinstance(value, dict) else {} if value is None else {key: value}


def _hidden_pair(old: JsonObject, new: JsonObject, key: str) -> tuple[JsonValue, JsonValue]:
    is_changed = key in old and key in new and not json_equal(old[key], new[key])
    return MASK, CHANGED if is_changed else MASK


def _as_changed(shown: str) -> str:
    return CHANGED if shown == MASK else f"{shown} [changed]"


def _as_object(document: JsonValue) -> JsonObject:
    return document if isinstance(document, dict) else {}


def _text_of(value: JsonValue) -> str:
    return value if isinstance(value, str) else json.dumps(value)
