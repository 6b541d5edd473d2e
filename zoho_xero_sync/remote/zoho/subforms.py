"""A custom subform of the deal as its document; it has rows and no totals of its own."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from zoho_xero_sync.core.model import Deal, Problem, SourceDocument, SourceLine
from zoho_xero_sync.core.money import minor_units, rounded
from zoho_xero_sync.core.rules import Rules
from zoho_xero_sync.remote.zoho import coql
from zoho_xero_sync.remote.zoho.rows import Reader, Row, account_key, batches, linked
from zoho_xero_sync.remote.zoho.values import (
    BadValueError,
    discount_of,
    lookup_of,
    optional_decimal,
    text_of,
)


def from_subform(client: Reader, deals: Sequence[Deal], rules: Rules) -> dict[str, SourceDocument | Problem]:
    """By deal id, the document that each deal with rows in the subform has; none where no subform is configured."""
    form = rules.lines.subform
    if form.module is None:
        return {}
    columns = ["Parent_Id", form.product, form.quantity, form.price, form.discount, form.description]
    columns += [rules.invoice.account_field] if rules.invoice.account_field else []
    by_deal: dict[str, list[Row]] = {}
    for batch in batches([deal.id for deal in deals]):
        for row in client.rows_by_id(columns, form.module, coql.one_of("Parent_Id", batch)):
            by_deal.setdefault(linked(row, "Parent_Id"), []).append(row)
    return {deal.id: _subform_document(deal, by_deal[deal.id], rules) for deal in deals if deal.id in by_deal}


def _subform_document(deal: Deal, rows: Sequence[Row], rules: Rules) -> SourceDocument | Problem:
    try:
        decimals = minor_units(deal.currency or "")
        lines = tuple(_subform_line(row, rules, decimals) for row in sorted(rows, key=lambda row: text_of(row, "id")))
    except BadValueError as error:
        return Problem(
            "document_unreadable",
            f"deal {deal.id}",
            f"A row of the deal's subform cannot be read: {error}.",
            f"Correct it in Zoho, then type: zoho-xero-sync resolve {deal.id} --retry",
            error.path,
        )
    return SourceDocument("subform", deal.id, "", deal.currency, lines, None, modified_at=deal.modified_at)


def _subform_line(row: Row, rules: Rules, decimals: int) -> SourceLine:
    form = rules.lines.subform
    product = row.get(form.product)
    lookup = lookup_of(row, form.product) if isinstance(product, dict) else None
    quantity, price = optional_decimal(row, form.quantity), optional_decimal(row, form.price)
    if quantity is None or price is None:
        raise BadValueError(form.quantity if quantity is None else form.price, None, "a number")
    discount = discount_of(row, form.discount, quantity * price, decimals)
    return SourceLine(
        id=text_of(row, "id"),
        product_id=lookup[0] if lookup else None,
        product_name=lookup[1] if lookup else text_of(row, form.product),
        product_code="",
        category="",
        quantity=quantity,
        price=price,
        discount=discount,
        # A custom subform has no totals of its own, so the row is rounded as a Zoho row is.
        net=rounded(quantity * price - discount, decimals),
        tax=Decimal(0),
        description=text_of(row, form.description),
        taxes=(),
        account_key=account_key(row, rules),
    )
