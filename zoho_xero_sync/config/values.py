"""One YAML value at a time, from its own text: what it means, or one sentence on what is wrong and what to do."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TypeVar

from yaml import MappingNode, Node, ScalarNode, SequenceNode

from zoho_xero_sync.core.templates import Template, is_api_name

T = TypeVar("T")

_TAG = "tag:yaml.org,2002:"
_TRUE = frozenset({"true", "yes", "on"})
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_MONEY = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,8})?")
_TAX_TYPE = re.compile(r"[A-Za-z0-9_-]+")
# Xero API: Accounts, "Code": "Customer defined alpha numeric account code (max length = 10)".
_ACCOUNT_CODE_LENGTH = 10
_SHOWN_LENGTH = 60


class WrongValueError(ValueError):
    """A value that cannot be used: what is wrong with it, and what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def is_null(node: Node) -> bool:
    """True for an empty value, `null` and `~`, unless quoted."""
    return isinstance(node, ScalarNode) and node.style is None and node.tag == f"{_TAG}null"


def shown(text: str) -> str:
    """`text` in quotes for a message, shortened when it is long."""
    return f"'{text}'" if len(text) <= _SHOWN_LENGTH else f"'{text[:_SHOWN_LENGTH]}…'"


def kind(node: Node) -> str:
    """What a node is, in a person's words."""
    if isinstance(node, MappingNode):
        return "a mapping"
    if isinstance(node, SequenceNode):
        return "a list"
    return "empty" if is_null(node) else "a single value"


def text(node: Node) -> str:
    """The value's own text, without outer blanks; a bare `Yes` or `200` is text too."""
    if isinstance(node, MappingNode) and node.flow_style:
        raise WrongValueError("is read as a mapping because of its braces.", 'Put it in quotes, such as "{Deal_Name}".')
    if not isinstance(node, ScalarNode):
        raise WrongValueError(f"is {kind(node)}, not text.", "Give one text.")
    if is_null(node) or not node.value.strip():
        raise WrongValueError("is empty.", "Give a value, or remove the line to use the default.")
    return str(node.value).strip()


def boolean(node: Node) -> bool:
    """True or false (also yes, no, on, off)."""
    if isinstance(node, ScalarNode) and node.style is None and node.tag == f"{_TAG}bool":
        return node.value.lower() in _TRUE
    raise WrongValueError("is neither true nor false.", "Write true or false, without quotes.")


def whole(low: int, high: int) -> Callable[[Node], int]:
    """A reader of whole numbers from `low` to `high`."""

    def read(node: Node) -> int:
        if not isinstance(node, ScalarNode) or node.style is not None or not _WHOLE.fullmatch(node.value):
            raise WrongValueError("is not a whole number.", f"Write a number from {low} to {high}, without quotes.")
        number = int(node.value)
        if not low <= number <= high:
            raise WrongValueError(f"{number} is out of range.", f"Write a number from {low} to {high}.")
        return number

    return read


def money(node: Node) -> Decimal:
    """An amount that is not negative, exactly as written, quoted or not."""
    if not isinstance(node, ScalarNode) or not _MONEY.fullmatch(node.value.strip()):
        raise WrongValueError("is not an amount.", 'Write digits with a point, such as "0.05".')
    amount = Decimal(node.value.strip())
    if amount < 0:
        raise WrongValueError("is negative.", "Write 0 or more.")
    return amount


def choice(options: Sequence[T]) -> Callable[[Node], T]:
    """A reader of one of `options`, which are words."""
    words = {str(option): option for option in options}

    def read(node: Node) -> T:
        word = text(node)
        if word in words:
            return words[word]
        near = difflib.get_close_matches(word.lower(), words, n=1)
        raise WrongValueError(
            f"{shown(word)} is not one of {', '.join(words)}.", f"Did you mean {near[0]}?" if near else "Choose one."
        )

    return read


def api_name(node: Node) -> str:
    """A Zoho API name."""
    name = text(node)
    if not is_api_name(name):
        raise WrongValueError(
            f"{shown(name)} is not a Zoho API name (letters, digits and underscores only).",
            "Copy it from Zoho: Setup, Developer Hub, APIs & SDKs, API names.",
        )
    return name


def template(node: Node) -> Template:
    """A template; what is wrong with its braces is told."""
    try:
        return Template.parse(text(node))
    except WrongValueError:
        raise
    except ValueError as error:
        raise WrongValueError(str(error), "Write fields as {Deal_Name}; for a brace itself write {{ or }}.") from None


def template_or_blank(node: Node) -> Template:
    """A template that may be an empty text."""
    if isinstance(node, ScalarNode) and not is_null(node) and not node.value.strip():
        return Template.parse("")
    return template(node)


def account_code(node: Node) -> str:
    """A Xero account code; one that starts with 0 must be quoted, because YAML tools drop the 0."""
    code = text(node)
    if isinstance(node, ScalarNode) and node.style is None and code.startswith("0") and code.isdigit():
        raise WrongValueError("starts with 0 and has no quotes, so YAML takes it for a number.", f'Write "{code}".')
    if len(code) > _ACCOUNT_CODE_LENGTH:
        raise WrongValueError(
            f"is longer than the {_ACCOUNT_CODE_LENGTH} characters of a Xero account code.",
            "Give the account's code, not its name.",
        )
    return code


def tax_type(node: Node) -> str:
    """A Xero TaxType, such as OUTPUT or TAX001."""
    name = text(node)
    if not _TAX_TYPE.fullmatch(name):
        raise WrongValueError(
            f"{shown(name)} is not a Xero TaxType.", "Give the code, such as OUTPUT or TAX001, not the rate's name."
        )
    return name


def optional(read: Callable[[Node], T]) -> Callable[[Node], T | None]:
    """A reader that also takes null, as None."""

    def read_or_none(node: Node) -> T | None:
        return None if is_null(node) else read(node)

    return read_or_none
