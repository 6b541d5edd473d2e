"""Every rule the sandbox enforces, gathered from the modules that enforce them."""

from __future__ import annotations

from . import (
    arithmetic,
    attachment_rules,
    batch,
    contact_rules,
    credit_rules,
    email_rules,
    errors,
    idempotency,
    invoice_contact,
    invoice_rules,
    invoice_status,
    limits,
    line_rules,
    listing,
    payment_rules,
    posted,
    routes,
    setting_writes,
    tenants,
    tokens,
    xmlform,
)
from .rule import Rule

RULES: tuple[Rule, ...] = (
    *tokens.RULES,
    *routes.RULES,
    *tenants.RULES,
    *limits.RULES,
    *idempotency.RULES,
    *errors.RULES,
    *xmlform.RULES,
    *posted.RULES,
    *batch.RULES,
    *listing.RULES,
    *contact_rules.RULES,
    *invoice_rules.RULES,
    *invoice_contact.RULES,
    *invoice_status.RULES,
    *line_rules.RULES,
    *arithmetic.RULES,
    *payment_rules.RULES,
    *credit_rules.RULES,
    *email_rules.RULES,
    *attachment_rules.RULES,
    *setting_writes.RULES,
)
