"""The grammar of Glue column types, which is Hive's (reference: aws-catalogs.md 1.5).

Glue stores a type as free text and checks nothing, so a type that a rule asks for is checked here.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(r"\s*([a-z_][a-z0-9_.]*|\d+|[<>(),:])", re.ASCII)
_PLAIN = frozenset({"boolean", "tinyint", "smallint", "int", "bigint", "float", "double", "string", "binary"}) | {
    "date",
    "timestamp",
}
_LENGTHS = {"char": 255, "varchar": 65_535}
_ALIASES = {"integer": "int"}
_DEEPEST = 20
_LONGEST = 131_072  # Column.Type (reference: aws-catalogs.md 1.1)
_EXPECTED = "boolean tinyint smallint int bigint float double decimal(p,s) string char(n) varchar(n) binary date \
timestamp array<> map<> struct<>"


def parse_hive_type(text: str) -> str:
    """The type in Glue's spelling: lower case, no white space, `int` for `integer`.

    Raises:
        ValueError: it is no Hive type; the text says why.
    """
    if len(text) > _LONGEST:
        raise ValueError(f"is longer than {_LONGEST} characters")
    parser = _Parser(_tokens(text.lower().strip()))
    spelled = parser.type(0)
    if parser.rest:
        raise ValueError(f"is no Hive type: {parser.rest[0]!r} after its end")
    return spelled


def _tokens(text: str) -> list[str]:
    tokens, position = [], 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise ValueError(f"is no Hive type: {text[position]!r} has no place in one; use {_EXPECTED}")
        tokens.append(match[1])
        position = match.end()
    return tokens


class _Parser:
    """Recursive descent over the tokens of one type."""

    def __init__(self, tokens: list[str]) -> None:
        self.rest = tokens

    def type(self, depth: int) -> str:
        if depth > _DEEPEST:
            raise ValueError(f"is nested deeper than {_DEEPEST} levels")
        word = self._take("a type")
        name = _ALIASES.get(word, word)
        if name in _PLAIN:
            return name
        if name == "decimal":
            return self._decimal()
        if name in _LENGTHS:
            return self._text(name)
        if name in {"array", "map", "struct"}:
            return self._nested(name, depth)
        raise ValueError(f"is no Hive type: {word[:40]!r}; use {_EXPECTED}")

    def _decimal(self) -> str:
        self._expect("(")
        precision = self._number("a precision")
        scale = 0
        if self.rest[:1] == [","]:
            self._expect(",")
            scale = self._number("a scale")
        self._expect(")")
        if not (1 <= precision <= 38 and 0 <= scale <= precision):
            raise ValueError("decimal(p,s) needs a precision of 1 to 38 and a scale of 0 to the precision")
        return f"decimal({precision},{scale})"

    def _text(self, name: str) -> str:
        self._expect("(")
        length = self._number("a length")
        self._expect(")")
        if not 1 <= length <= _LENGTHS[name]:
            raise ValueError(f"{name}(n) needs a length of 1 to {_LENGTHS[name]}")
        return f"{name}({length})"

    def _nested(self, name: str, depth: int) -> str:
        self._expect("<")
        if name == "array":
            inner = self.type(depth + 1)
        elif name == "map":
            key = self.type(depth + 1)
            self._expect(",")
            inner = f"{key},{self.type(depth + 1)}"
        else:
            inner = ",".join(self._fields(depth))
        self._expect(">")
        return f"{name}<{inner}>"

    def _fields(self, depth: int) -> list[str]:
        fields = []
        while True:
            name = self._take("a field's name")
            if not name[0].isalnum() and name[0] != "_":
                raise ValueError(f"is no Hive type: {name[:40]!r} where a field's name should be")
            self._expect(":")
            fields.append(f"{name}:{self.type(depth + 1)}")
            if self.rest[:1] != [","]:
                return fields
            self._expect(",")

    def _take(self, what: str) -> str:
        if not self.rest:
            raise ValueError(f"is no Hive type: it ends where {what} should be")
        token, self.rest = self.rest[0], self.rest[1:]
        return token

    def _expect(self, token: str) -> None:
        if (found := self._take(f"{token[:40]!r}")) != token:
            raise ValueError(f"is no Hive type: {found[:40]!r} where {token[:40]!r} should be")

    def _number(self, what: str) -> int:
        token = self._take(what)
        if not token.isdecimal() or len(token) > 9:
            raise ValueError(f"is no Hive type: {token[:40]!r} where {what} should be")
        return int(token)
