"""Text with `{Api_Name}` places in it, filled from a deal's own fields."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_TOKEN = re.compile(r"(?P<brace>\{\{|\}\})|\{(?P<name>[^{}]*)\}|(?P<stray>[{}])|(?P<text>[^{}]+)")
_API_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed template. Two templates are equal when their texts are; `str()` gives the text back."""

    text: str
    # Literal text and field names in turn, beginning and ending with a literal (which may be empty).
    parts: tuple[str, ...]

    @staticmethod
    def parse(text: str) -> Template:
        """The template for `text`, where `{Name}` is a Zoho API name and `{{`, `}}` are plain braces.

        Raises ValueError with one sentence for anything else between or around braces.
        """
        parts = [""]
        for token in _TOKEN.finditer(text):
            if token["stray"]:
                raise ValueError(_stray(token["stray"], token.start()))
            if token["name"] is not None:
                parts += [_field_name(token["name"]), ""]
                continue
            parts[-1] += token["brace"][0] if token["brace"] else token["text"]
        return Template(text, tuple(parts))

    @property
    def fields(self) -> tuple[str, ...]:
        """The field names it takes, each once, in order of appearance."""
        return tuple(dict.fromkeys(self.parts[1::2]))

    def render(self, fields: Mapping[str, str]) -> str:
        """The text with every place filled; a field that is absent is an empty text (see `missing`)."""
        return "".join(fields.get(part, "") if index % 2 else part for index, part in enumerate(self.parts))

    def missing(self, fields: Mapping[str, str]) -> tuple[str, ...]:
        """The names of its fields that are absent or blank in `fields`."""
        return tuple(name for name in self.fields if not fields.get(name, "").strip())

    def __str__(self) -> str:
        return self.text


def is_api_name(text: str) -> bool:
    """True for a Zoho API name: a letter, then letters, digits and underscores."""
    return _API_NAME.fullmatch(text) is not None


def _field_name(name: str) -> str:
    if not name.strip():
        raise ValueError("'{}' names no field.")
    if not is_api_name(name):
        raise ValueError(f"'{{{name}}}' is not a Zoho API field name (letters, digits and underscores only).")
    return name


def _stray(brace: str, position: int) -> str:
    if brace == "{":
        return f"The '{{' at character {position + 1} has no '}}' after it."
    return f"The '}}' at character {position + 1} has no '{{' before it."
