"""What the Zoho half enforces, said in one sentence each, with the official page that says so."""

from __future__ import annotations

from ..rule import Rule

__all__ = ["API", "Rule", "rules"]

API = "www.zoho.com/crm/developer/docs/api/v8/"


def rules(page: str, *texts: str) -> tuple[Rule, ...]:
    """One rule per text, all from one page: of the CRM API v8 when it is a bare name, else the address itself."""
    return tuple(Rule(text, page if "/" in page else API + page) for text in texts)
