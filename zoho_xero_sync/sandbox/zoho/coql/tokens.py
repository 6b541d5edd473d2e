"""The words of a COQL query, each with its place for error messages."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import ZohoError

_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<string>'(?:[^']|'')*'|"(?:[^"]|"")*")
  | (?P<number>-?\d+(?:\.\d+)?(?![\w.]))
  | (?P<word>[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*)
  | (?P<mark><=|>=|!=|[=<>(),])
    """,
    re.VERBOSE,
)
_NEAR = 20


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is string, number, word, mark, bad or end; `value` its text with quotes resolved; `start` its offset."""

    kind: str
    value: str
    start: int

    def is_word(self, *words: str) -> bool:
        """Whether this is one of these keywords; keywords are not case-sensitive."""
        return self.kind == "word" and self.value.lower() in words


def tokenize(text: str) -> list[Token]:
    """The query's tokens and a final end token; the first thing that is no token becomes a bad one, and the last.

    A quote inside a value is doubled; a backslash escapes nothing, so what follows its quote is out of place.
    """
    tokens: list[Token] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            tokens.append(Token("bad", "", position))
            break
        kind = match.lastgroup or ""
        if kind != "space":
            tokens.append(Token(kind, _value(kind, match.group()), position))
        position = match.end()
    tokens.append(Token("end", "", len(text)))
    return tokens


def syntax_error(text: str, position: int) -> ZohoError:
    """SYNTAX_ERROR with line and column (from 1) and the words found there."""
    before = text[:position]
    column = position - (before.rfind("\n") + 1) + 1
    near = text[position : position + _NEAR].split(None, 1)[:1]
    return ZohoError(
        "SYNTAX_ERROR",
        {"line": before.count("\n") + 1, "column": column, "near": near[0] if near else ""},
    )


def _value(kind: str, text: str) -> str:
    if kind != "string":
        return text
    quote = text[0]
    return text[1:-1].replace(quote * 2, quote)
