"""Every rule the Zoho half enforces, gathered from the modules that enforce them."""

from __future__ import annotations

from . import documents, errors, limits, metadata, oauth, records, related, search, writeback
from .coql import bind, grammar
from .rule import Rule

RULES: tuple[Rule, ...] = (
    *oauth.RULES,
    *errors.RULES,
    *limits.RULES,
    *grammar.RULES,
    *bind.RULES,
    *records.RULES,
    *related.RULES,
    *search.RULES,
    *writeback.RULES,
    *documents.RULES,
    *metadata.RULES,
)
