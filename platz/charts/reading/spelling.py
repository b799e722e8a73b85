"""Known names that an unknown one was probably meant to be.

Invariant: a name is compared in a form without letter case, separators and plural, so ``allowedRole``,
``allowed-roles`` and ``Allowed_Role`` all mean ``allowed_role``. Words of other formats that mean the same are in one
table; other misspellings are found by similarity.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_NOT_ALPHANUMERIC = re.compile(r"[^a-z0-9]")
_MAX_LENGTH = 80
_MAX_KNOWN = 300
"""Known names that are looked at: a chart may declare thousands of inputs, and misspell each of them."""
_LEAST_SIMILARITY = 0.72
_LEAST_WORD = 4

_SAME_MEANING: dict[str, tuple[str, ...]] = {
    "boolean": ("Checkbox",),
    "bool": ("Checkbox",),
    "choice": ("options",),
    "condition": ("showIf",),
    "content": ("contents",),
    "data": ("contents",),
    "day": ("run_days",),
    "default": ("initialValue",),
    "description": ("helpText",),
    "enum": ("options",),
    "error": ("danger", "Danger"),
    "field": ("input",),
    "green": ("success",),
    "hint": ("helpText",),
    "hour": ("schedule",),
    "int": ("number",),
    "integer": ("number",),
    "list": ("array",),
    "max": ("maximum",),
    "min": ("minimum",),
    "password": ("text",),
    "red": ("danger",),
    "secret": ("sensitive", "secrets"),
    "select": ("RadioSelect", "CollectionSelect"),
    "string": ("text",),
    "time": ("schedule",),
    "title": ("label",),
    "url": ("path",),
    "value": ("contents", "initialValue"),
    "visible": ("showIf",),
    "yellow": ("warning",),
    "?:": ("if",),
    "&&": ("and",),
    "||": ("or",),
    "=": ("==",),
}


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that was probably meant, or None."""
    names = list(dict.fromkeys(islice(known, _MAX_KNOWN)))
    short = name[:_MAX_LENGTH]
    forms = {_form(each): each for each in reversed(names)}
    form = _form(short)
    if form and form in forms:
        return forms[form]
    for meant in _SAME_MEANING.get(form or short, ()):
        if meant in names:
            return meant
    close = get_close_matches(form, forms, n=1, cutoff=_LEAST_SIMILARITY) if form else []
    return forms[close[0]] if close else _containing(short, names)


def did_you_mean(name: str, known: Iterable[str], *, otherwise: str = "") -> str:
    """Return the question for a name that is not known, or ``otherwise`` when no known name is near."""
    meant = nearest(name, known)
    return otherwise if meant is None else f"Did you mean {meant}?"


def _form(name: str) -> str:
    """Return the form in which spellings of one name agree."""
    plain = _NOT_ALPHANUMERIC.sub("", name.casefold())
    if plain.endswith("ies") and len(plain) > _LEAST_WORD:
        return f"{plain[:-3]}y"
    return plain[:-1] if plain.endswith("s") and not plain.endswith("ss") and len(plain) > 2 else plain


def _containing(name: str, names: list[str]) -> str | None:
    """Return a known name that has all words of this one, or the other way round: ``icon``, ``fontawesome_icon``."""
    words = _words(name)
    for each in names:
        others = _words(each)
        shared = words & others
        if shared in (words, others) and any(len(word) >= _LEAST_WORD for word in shared):
            return each
    return None


def _words(name: str) -> set[str]:
    return {_form(word) for word in _WORDS.findall(name)}
