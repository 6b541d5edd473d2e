"""The types in which both halves of the sandbox say what they enforce, and what the sources leave open."""

from __future__ import annotations

from typing import NamedTuple


class Rule(NamedTuple):
    """One rule of a service: what holds, and the address of the official page it is from."""

    text: str
    source: str


class Switch(NamedTuple):
    """A disputed behaviour: the default, what it decides, and the page that leaves it open.

    `strict` is its harshest reading; None says that the default already is.
    """

    default: object
    text: str
    source: str
    strict: object = None

    @property
    def harshest(self) -> object:
        """The value that asks most of a client."""
        return self.default if self.strict is None else self.strict
