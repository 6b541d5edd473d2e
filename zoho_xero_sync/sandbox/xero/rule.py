"""What the sandbox enforces, said in one sentence each, with the official page that says so."""

from __future__ import annotations

from ..rule import Rule

__all__ = ["Rule", "rules"]

_BASE = "developer.xero.com/documentation/"


def rules(page: str, *texts: str) -> tuple[Rule, ...]:
    """One rule per text, all from the same page of developer.xero.com/documentation."""
    return tuple(Rule(text, _BASE + page) for text in texts)
