"""Label and field selectors: the text form of queries, and `LabelSelector` documents.

Invariant: a selector that can't be parsed is refused, never guessed.
Source: Kubernetes "Labels and Selectors", "Field Selectors".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from platz_sandbox.kubernetes.objects.raw_documents import objects, texts
from platz_sandbox.kubernetes.objects.status_errors import bad_request
from platz_sandbox.kubernetes.objects.stored import Matches, Stored, selectable

Requirement = Callable[[Mapping[str, str]], bool]

_KEY = r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?(/[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?"
_IN = re.compile(rf"(?P<key>{_KEY})\s+(?P<op>in|notin)\s*\((?P<values>[^()]*)\)")
_EQUALS = re.compile(rf"(?P<key>{_KEY})\s*(?P<op>==|=|!=)\s*(?P<value>[-A-Za-z0-9_.]*)")
_EXISTS = re.compile(rf"(?P<not>!?)\s*(?P<key>{_KEY})")
_COMMA_OUTSIDE = re.compile(r",(?![^()]*\))")
_FIELD = re.compile(r"(?P<key>[^=!]+?)(?P<op>==|=|!=)(?P<value>.*)")


def _is_in(key: str, values: frozenset[str]) -> Requirement:
    return lambda labels: labels.get(key) in values if key in labels else False


def _is_not_in(key: str, values: frozenset[str]) -> Requirement:
    return lambda labels: key not in labels or labels[key] not in values


def _exists(key: str) -> Requirement:
    return lambda labels: key in labels


def _lacks(key: str) -> Requirement:
    return lambda labels: key not in labels


def parse_labels(text: str) -> list[Requirement]:
    """Parse a label selector's text; raise 400 when it is malformed."""
    return [_label_requirement(part.strip()) for part in _COMMA_OUTSIDE.split(text) if part.strip()]


def _label_requirement(part: str) -> Requirement:
    if found := _IN.fullmatch(part):
        values = frozenset(value.strip() for value in found["values"].split(","))
        return (_is_in if found["op"] == "in" else _is_not_in)(found["key"], values)
    if found := _EQUALS.fullmatch(part):
        values = frozenset([found["value"]])
        return (_is_not_in if found["op"] == "!=" else _is_in)(found["key"], values)
    if found := _EXISTS.fullmatch(part):
        return (_lacks if found["not"] else _exists)(found["key"])
    raise bad_request(f'unable to parse requirement: "{part}" is not a label requirement')


def parse_fields(resource: str, text: str) -> list[Requirement]:
    """Parse a field selector's text; raise 400 when it is malformed or names a field that is not selectable."""
    known = selectable(resource)
    requirements: list[Requirement] = []
    for part in (p.strip() for p in text.split(",")):
        if not part:
            continue
        found = _FIELD.fullmatch(part)
        if not found:
            raise bad_request(f"invalid selector: '{part}'; can't understand '{part}'")
        if found["key"] not in known:
            raise bad_request(f"field label not supported: {found['key']}")
        make = _is_not_in if found["op"] == "!=" else _is_in
        requirements.append(make(found["key"], frozenset([found["value"]])))
    return requirements


def matcher(resource: str, *, labels: str, fields: str) -> Matches:
    """Return a predicate for both selectors of a list or watch."""
    by_label, by_field = parse_labels(labels), parse_fields(resource, fields)
    if not by_label and not by_field:
        return _everything

    def matches(item: Stored) -> bool:
        return all(r(item.labels) for r in by_label) and all(r(item.fields) for r in by_field)

    return matches


def _everything(_item: Stored) -> bool:
    return True


_OPERATORS: Mapping[str, Callable[[str, frozenset[str]], Requirement]] = {
    "In": _is_in,
    "NotIn": _is_not_in,
    "Exists": lambda key, _values: _exists(key),
    "DoesNotExist": lambda key, _values: _lacks(key),
}


def selects(selector: Any, labels: Mapping[str, str]) -> bool:
    """Tell whether a `LabelSelector` document selects the labels.

    An absent selector selects nothing, nor does one with a rule that validation refuses.
    """
    if not isinstance(selector, dict):
        return False
    wanted = texts(selector, "matchLabels")
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    return all(_meets(rule, labels) for rule in objects(selector, "matchExpressions"))


def _meets(rule: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    requirement = _OPERATORS.get(rule.get("operator", ""))
    values = frozenset(rule.get("values") or ())
    return requirement is not None and requirement(rule.get("key", ""), values)(labels)
