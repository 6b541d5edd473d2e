"""Every rule the Zoho half enforces, gathered from the modules that enforce them."""

from __future__ import annotations

from . import (
    composite,
    documents,
    errors,
    history,
    inserting,
    limits,
    metadata,
    new_fields,
    notes,
    oauth,
    records,
    related,
    search,
    writeback,
)
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
    *history.RULES,
    *writeback.RULES,
    *inserting.RULES,
    *notes.RULES,
    *composite.RULES,
    *documents.RULES,
    *metadata.RULES,
    *new_fields.RULES,
)
