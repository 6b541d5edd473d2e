"""What the sandbox enforces, said in one sentence each, with the official page that says so."""

from __future__ import annotations

from typing import NamedTuple

_BASE = "developer.xero.com/documentation/"


class Rule(NamedTuple):
    """One rule of the service: what holds, and the address of the page it is from."""

    text: str
    source: str


def rules(page: str, *texts: str) -> tuple[Rule, ...]:
    """One rule per text, all from the same page of developer.xero.com/documentation."""
    return tuple(Rule(text, _BASE + page) for text in texts)
