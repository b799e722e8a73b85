"""The grammar of CEL (Common Expression Language), as far as a cluster's rules are judged when they are written.

An expression is parsed, not run. Invariant: what is refused here does not compile on a real server either; what a real
server's type checker finds beyond unknown fields of `self` is taken.
Source: the CEL specification's grammar; Kubernetes "Common Expression Language in Kubernetes".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

_TOKEN = re.compile(
    r"""\s+|//[^\n]*|(?P<number>0x[0-9a-fA-F]+u?|\d+\.\d+([eE][+-]?\d+)?|\d+([eE][+-]?\d+)?u?)"""
    r"""|(?P<text>[rRbB]{0,2}(\"{3}.*?\"{3}|'{3}.*?'{3}|\"(\\.|[^\"\\\n])*\"|'(\\.|[^'\\\n])*'))"""
    r"""|(?P<name>[_a-zA-Z][_a-zA-Z0-9]*|`[^`]+`)|(?P<sign>&&|\|\||==|!=|<=|>=|[-+*/%<>!?:.,()\[\]{}])""",
    re.DOTALL,
)
_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=", "in")
_ARITHMETIC = ("+", "-", "*", "/", "%")
_MACROS = frozenset(
    {"all", "exists", "exists_one", "map", "filter", "existsOne", "transformList", "transformMap"}
)
_VALUES = frozenset({
    "bytes", "cidr", "double", "duration", "dyn", "filter", "find", "findAll", "getHours", "indexOf", "int", "ip",
    "join", "lowerAscii", "map", "max", "min", "quantity", "replace", "size", "split", "string", "substring", "sum",
    "timestamp", "trim", "type", "uint", "upperAscii", "url",
})  # fmt: skip
"""Functions whose result is no condition; of one that is not known here it may be."""


class BadExpression(Exception):
    """An expression does not have the grammar of CEL; the text says where."""


@dataclass(kw_only=True)
class Parsed:
    """What is known of an expression: ``fields`` are the names read right of `self.`; ``depth`` counts nested loops."""

    is_condition: bool = True
    fields: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    depth: int = 0


@dataclass(frozen=True, kw_only=True)
class Token:
    """A word of an expression, its kind, and its column."""

    kind: str
    text: str
    column: int


def parse(text: str) -> Parsed:
    """Parse an expression; raise `BadExpression` where it can't go on."""
    return _Parser(text).parse()


def _tokens(text: str) -> Iterator[Token]:
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            raise BadExpression(_told(place, f"token recognition error at: '{text[place]}'"))
        if found.lastgroup:
            kind = next(name for name in ("number", "text", "name", "sign") if found[name] is not None)
            yield Token(kind=kind, text=found[0], column=place)
        place = found.end()
    yield Token(kind="end", text="<EOF>", column=len(text))


def _told(column: int, what: str) -> str:
    return f"<input>:1:{column + 1}: Syntax error: {what}"


class _Parser:
    """A parser by recursive descent: one method for each rule of the grammar."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._place = 0
        self._loops = 0
        self._found = Parsed()

    def parse(self) -> Parsed:
        self._found.is_condition = self._ternary()
        self._expect("<EOF>")
        return self._found

    @property
    def _next(self) -> Token:
        return self._tokens[self._place]

    def _take(self, *texts: str) -> str | None:
        """Take the next token if it is one of these signs or words."""
        if self._next.text not in texts or self._next.kind == "text":
            return None
        self._place += 1
        return self._tokens[self._place - 1].text

    def _expect(self, text: str) -> None:
        if self._take(text) is None:
            self._fail(f"mismatched input '{self._next.text}' expecting '{text}'")

    def _fail(self, what: str) -> None:
        raise BadExpression(_told(self._next.column, what))

    def _ternary(self) -> bool:
        condition = self._chain(("||",), lambda: self._chain(("&&",), self._relation))
        if self._take("?"):
            condition = self._chain(("||",), lambda: self._chain(("&&",), self._relation))
            self._expect(":")
            self._ternary()
        return condition

    def _chain(self, signs: tuple[str, ...], inner: Callable[[], bool]) -> bool:
        condition = inner()
        while self._take(*signs):
            inner()
            condition = True
        return condition

    def _relation(self) -> bool:
        condition = self._sum()
        while self._take(*_COMPARISONS):
            self._sum()
            condition = True
        return condition

    def _sum(self) -> bool:
        condition = self._unary()
        while self._take(*_ARITHMETIC):
            self._unary()
            condition = False
        return condition

    def _unary(self) -> bool:
        if self._take("!"):
            while self._take("!"):
                pass
            self._member()
            return True
        if self._take("-"):
            self._member()
            return False
        return self._member()

    def _member(self) -> bool:
        first = self._next.text
        condition = self._primary()
        depth = 0
        while sign := self._take(".", "[", "{"):
            depth += 1
            if sign == ".":
                self._take("?")
                condition = self._selected(of_self=first == "self" and depth == 1)
            elif sign == "[":
                self._take("?")
                self._ternary()
                self._expect("]")
                condition = True
            else:
                self._fields()
                condition = False
        return condition

    def _selected(self, *, of_self: bool) -> bool:
        token = self._next
        if token.kind != "name":
            self._fail(f"no viable alternative at input '.{'' if token.kind == 'end' else token.text}'")
        self._place += 1
        if self._take("("):
            self._arguments(loop=token.text in _MACROS)
            return token.text not in _VALUES
        if of_self:
            self._found.fields.append((token.text.strip("`"), token.column - 1))
        return True

    def _arguments(self, *, loop: bool) -> None:
        self._loops += loop
        self._found.depth = max(self._found.depth, self._loops)
        self._list(")")
        self._loops -= loop

    def _list(self, end: str) -> None:
        while not self._take(end):
            self._take("?")
            self._ternary()
            if self._take(","):
                continue
            self._expect(end)
            return

    def _fields(self) -> None:
        while not self._take("}"):
            self._take("?")
            self._ternary()
            self._expect(":")
            self._ternary()
            if self._take(","):
                continue
            self._expect("}")
            return

    def _primary(self) -> bool:
        token = self._next
        if self._take("("):
            condition = self._ternary()
            self._expect(")")
            return condition
        if self._take("["):
            self._list("]")
            return False
        if self._take("{"):
            self._fields()
            return False
        if token.kind not in {"number", "text", "name"}:
            self._fail(f"mismatched input '{token.text}' expecting an expression")
        self._place += 1
        if token.kind == "name" and self._take("("):
            self._arguments(loop=False)
            return token.text not in _VALUES
        return token.kind == "name" and token.text != "null"
