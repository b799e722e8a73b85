"""Regular expressions that users write, matched in linear time.

Invariant: for any pattern and text, a search takes time proportional to the text; look-around and back-references
are not supported. The engine is RE2; features of the contract's dialect that RE2 lacks (Unicode classes, the flag
``x``) are translated.

Source: docs/contract/chart-extensions.md, "Operators"; docs/contract/workers.md, "Chart rows and tag
information".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import re2

from platz.charts.reading.problems import quoted
from platz.errors import Rejected

MAX_PATTERN_LENGTH = 4096

_re2: Any = re2  # the binding carries no types

_FLAGS = frozenset("imsxUu")
_WORD = r"\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc}\x{200c}\x{200d}"
_SPACE = r"\t\n\x0b\f\r \x{85}\p{Z}"
_CLASSES = {"d": r"\p{Nd}", "w": _WORD, "s": _SPACE}
_NAMED_GROUP = re.compile(r"\(\?P?<\w+>")
_NOT_SYNTAX = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
"""Matches escapes and character classes, which can't open a group."""
_TOKEN = re.compile(
    r"""(?P<property>\\[pPx]\{[^}]*\})
    | \\(?P<escape>.)
    | (?P<posix>\[:\^?[a-z]+:\])
    | (?P<open>\[\^?\]?)
    | (?P<close>\])
    | (?P<space>\s)
    | (?P<comment>\#[^\n]*)
    | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)


class InvalidPattern(Rejected):
    """The regular expression is invalid."""


class Match(Protocol):
    """The result of a successful search."""

    def group(self, name: str) -> str | None:
        """Return a named group's text, or None if the group did not take part in the match."""
        ...


class _Compiled(Protocol):
    groupindex: dict[str, int]

    def search(self, text: str) -> Match | None: ...


@dataclass(frozen=True)
class Pattern:
    """A compiled regular expression."""

    _compiled: _Compiled

    def search(self, text: str) -> Match | None:
        """Return the first match anywhere in the text, or None."""
        return self._compiled.search(text)

    def group_names(self) -> frozenset[str]:
        """Return the names of the named groups."""
        return frozenset(self._compiled.groupindex)


@lru_cache(maxsize=256)
def compile_pattern(pattern: str, *, flags: str = "") -> Pattern:
    """Compile a pattern with these flags (``imsxUu``); raise `InvalidPattern`."""
    if len(pattern) > MAX_PATTERN_LENGTH:
        raise InvalidPattern(
            f"The regular expression is longer than {MAX_PATTERN_LENGTH} characters. Shorten it."
        )
    if len(set(flags)) < len(flags) or not _FLAGS.issuperset(flags):
        raise InvalidPattern(f"{quoted(flags)} are not flags of a regular expression. Use i, m, s and x.")
    engine_flags = "".join(flag for flag in flags if flag in "imsU")
    translated = _translated(pattern, verbose="x" in flags)
    options = _re2.Options()
    options.log_errors = False
    try:
        compiled = _re2.compile(f"(?{engine_flags}){translated}" if engine_flags else translated, options)
    except _re2.error as error:
        raise InvalidPattern(_explanation(pattern, error.args)) from error
    if len(_NAMED_GROUP.findall(_NOT_SYNTAX.sub("", pattern))) > len(compiled.groupindex):
        raise InvalidPattern(f"{quoted(pattern)} names a group twice. Give each group its own name.")
    return Pattern(compiled)


def _explanation(pattern: str, reasons: tuple[object, ...]) -> str:
    reason = reasons[0] if reasons else b""
    text = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
    return f"{quoted(pattern)} is not a valid regular expression: {quoted(text, marks='')}. Correct it."


def _translated(pattern: str, *, verbose: bool) -> str:
    r"""Widen ``\d``, ``\w`` and ``\s`` to Unicode, and drop what the flag ``x`` makes insignificant."""
    parts: list[str] = []
    in_class = False
    for token in _TOKEN.finditer(pattern):
        kind, text = token.lastgroup, token[0]
        if kind == "open" and in_class:
            parts.append("\\[" + text[1:] if text != "[" else "\\[")
        elif kind in {"open", "close"}:
            in_class = kind == "open"
            parts.append(text)
        elif kind == "escape":
            parts.append(_escape(token["escape"], in_class=in_class))
        elif not (verbose and kind in {"space", "comment"}):
            parts.append(text)
    return "".join(parts)


def _escape(letter: str, *, in_class: bool) -> str:
    members = _CLASSES.get(letter.lower())
    if members is None:
        return f"\\{letter}"
    if letter.islower():
        return members if in_class else f"[{members}]"
    if in_class:  # a complement inside a class has no translation; RE2's own ASCII class stands in
        return f"\\{letter}" if letter != "D" else r"\P{Nd}"
    return f"[^{members}]"
