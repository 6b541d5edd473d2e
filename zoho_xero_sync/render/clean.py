"""Text of strangers made safe to print: names and messages come from Zoho and Xero, and anybody may write them."""

from __future__ import annotations

import re
import unicodedata

# ECMA-48 control sequences (colours, cursor moves) and operating system commands (window titles, links).
_SEQUENCES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b\]|\x9d)[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?|\x1b[@-_]"
)
# Joiners that emoji and several scripts are written with; every other format character may hide or reorder text.
_JOINERS = "\u200c\u200d"
_DROPPED = ("Cc", "Cf")
_SURROGATE = "Cs"
_REPLACEMENT = "\ufffd"


def clean(text: str) -> str:
    """`text` on one line: no control, bidirectional or escape characters, and single spaces.

    Lone surrogates, which JSON can carry and no encoding can write, become U+FFFD.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    spaced = "".join(" " if char.isspace() else char for char in _SEQUENCES.sub("", text))
    return " ".join("".join(map(_safe, spaced)).split())


def _safe(char: str) -> str:
    category = unicodedata.category(char)
    if category == _SURROGATE:
        return _REPLACEMENT
    return "" if category in _DROPPED and char not in _JOINERS else char
