"""What a deal is invoiced from: its quote (or order, or Zoho invoice) with the rows, read in batches.

Rows come from the subform's own module (www.zoho.com/crm/developer/docs/api/v8/COQL-Overview.html), because list
answers leave them out and reading records one by one costs a call a deal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from zoho_xero_sync.core.document_modules import MODULES, Module
from zoho_xero_sync.core.model import Deal, Problem, SourceDocument, SourceLine, Tax
from zoho_xero_sync.core.money import rounded
from zoho_xero_sync.core.rules import InvoiceRules, Rules
from zoho_xero_sync.core.taxes import infer_taxes
from zoho_xero_sync.remote.zoho import coql
from zoho_xero_sync.remote.zoho.rows import Reader, Row, account_key, batches, linked
from zoho_xero_sync.remote.zoho.subforms import from_subform
from zoho_xero_sync.remote.zoho.values import (
    BadValueError,
    decimal_of,
    discount_of,
    instant_of,
    lookup_of,
    optional_decimal,
    text_of,
)

_TOTALS = ("Grand_Total", "Discount", "Tax", "Adjustment")
_ROW = ("Parent_Id", "Product_Name", "Quantity", "List_Price", "Discount", "Tax", "Total_After_Discount")
Found = SourceDocument | Problem


def fetch_documents(client: Reader, deals: Sequence[Deal], rules: Rules, *, multi_currency: bool) -> dict[str, Found]:
    """By deal id, what each deal is invoiced from: the first configured source that has rows, or the problem.

    Costs one query per 50 deals for a source's documents and one per 50 documents for their rows; a record is read
    by itself only where its rows' taxes cannot be told from their amounts.
    """
    found: dict[str, Found] = {}
    for source in rules.lines.sources:
        missing = [deal for deal in deals if deal.id not in found]
        if not missing:
            break
        if source == "amount":
            found |= {deal.id: _from_amount(deal, rules) for deal in missing if deal.amount is not None}
        elif source == "subform":
            found |= from_subform(client, missing, rules)
        else:
            found |= _from_module(client, missing, rules, MODULES[source], multi_currency)
    return found | {deal.id: _nothing(deal) for deal in deals if deal.id not in found}


def _nothing(deal: Deal) -> Problem:
    return Problem(
        "no_lines",
        f"deal {deal.id}",
        "The deal has no document with rows and no Amount, so there is nothing to invoice.",
        f"Add rows or an Amount in Zoho; then type: zoho-xero-sync resolve {deal.id} --retry",
        "Amount",
    )


def _from_amount(deal: Deal, rules: Rules) -> SourceDocument:
    amount = deal.amount or Decimal(0)
    text = rules.lines.amount_description.render(deal.fields).strip() or deal.name
    line = SourceLine(deal.id, None, text, "", "", Decimal(1), amount, Decimal(0), amount, Decimal(0), taxes=())
    return SourceDocument("Amount", deal.id, "", deal.currency, (line,), None, modified_at=deal.modified_at)


# ---- quotes, sales orders, Zoho invoices ----


def _from_module(
    client: Reader, deals: Sequence[Deal], rules: Rules, module: Module, multi_currency: bool
) -> dict[str, Found]:
    headers = _fetch_headers(client, deals, rules, module, multi_currency)
    chosen: dict[str, Row] = {}
    found: dict[str, Found] = {}
    for deal in deals:
        candidates = headers.get(deal.id, [])
        if len(candidates) > 1 and rules.lines.several == "hold":
            found[deal.id] = _several(deal, candidates, module)
        elif candidates:
            newest = _newest(deal, candidates, module)
            if isinstance(newest, Problem):
                found[deal.id] = newest
            else:
                chosen[deal.id] = newest
    rows = _fetch_rows(client, [text_of(header, "id") for header in chosen.values()], rules, module)
    for deal in deals:
        header = chosen.get(deal.id)
        if header is None:
            continue
        document = _document(deal, header, rows.get(text_of(header, "id"), []), rules, module)
        if isinstance(document, Problem) or document.lines:
            found[deal.id] = document
    return _with_taxes(client, found, rules, module)


def _fetch_headers(
    client: Reader, deals: Sequence[Deal], rules: Rules, module: Module, multi_currency: bool
) -> dict[str, list[Row]]:
    columns = [module.deal_field, module.number, *_TOTALS, "Created_Time", "Modified_Time"]
    columns += ["Currency"] if multi_currency else []
    columns += ["Exchange_Rate"] if multi_currency and rules.invoice.exchange_rate == "document" else []
    by_deal: dict[str, list[Row]] = {}
    for batch in batches([deal.id for deal in deals]):
        where = coql.one_of(module.deal_field, batch)
        if module.stage:
            where = coql.both(where, coql.one_of(module.stage, rules.lines.quote_stages))
        for row in client.rows_by_id(columns, module.module, where):
            by_deal.setdefault(linked(row, module.deal_field), []).append(row)
    return by_deal


def _fetch_rows(client: Reader, parents: Sequence[str], rules: Rules, module: Module) -> dict[str, list[Row]]:
    # A lookup need not carry its name (COQL-Overview.html), so the product's is asked for by its own column.
    columns = [*_ROW, "Product_Name.Product_Name", "Description", "Sequence_Number"]
    if rules.invoice.accounts or rules.invoice.items != "ignore":
        columns += ["Product_Name.Product_Code", "Product_Name.Product_Category"]
    columns += [rules.invoice.account_field] if rules.invoice.account_field else []
    by_parent: dict[str, list[Row]] = {}
    for batch in batches(parents):
        for row in client.rows_by_id(columns, module.rows, coql.one_of("Parent_Id", batch)):
            by_parent.setdefault(linked(row, "Parent_Id"), []).append(row)
    return by_parent


def _newest(deal: Deal, candidates: Sequence[Row], module: Module) -> Row | Problem:
    """The one made last; times are compared as instants, because their offset changes with daylight saving."""
    try:
        return max(candidates, key=lambda row: (instant_of(row, "Created_Time"), text_of(row, "id")))
    except BadValueError as error:
        return _unreadable(deal.id, module.label, error)


def _unreadable(deal_id: str, label: str, error: BadValueError) -> Problem:
    return Problem(
        "document_unreadable",
        f"deal {deal_id}",
        f"The deal's {label} cannot be read: {error}.",
        f"Correct it in Zoho, then type: zoho-xero-sync resolve {deal_id} --retry",
        error.path,
    )


def _several(deal: Deal, candidates: Sequence[Row], module: Module) -> Problem:
    numbers = ", ".join(sorted(text_of(row, module.number) or text_of(row, "id") for row in candidates))
    return Problem(
        "several_documents",
        f"deal {deal.id}",
        f"The deal has {len(candidates)} {module.label}s that qualify ({numbers}) and lines.several is hold.",
        f"Leave one of them qualifying in Zoho, then type: zoho-xero-sync resolve {deal.id} --retry",
        module.module,
    )


def _document(deal: Deal, header: Row, rows: Sequence[Row], rules: Rules, module: Module) -> Found:
    try:
        lines = tuple(_line(row, rules) for row in sorted(rows, key=_sequence))
        return SourceDocument(
            source=module.label,
            id=text_of(header, "id"),
            number=text_of(header, module.number),
            currency=text_of(header, "Currency") or None,
            lines=lines,
            grand_total=_grand_total(header),
            discount=discount_of(header, "Discount", sum((line.net + line.tax for line in lines), Decimal(0))),
            tax=decimal_of(header, "Tax"),
            adjustment=decimal_of(header, "Adjustment"),
            modified_at=instant_of(header, "Modified_Time"),
            exchange_rate=optional_decimal(header, "Exchange_Rate"),
        )
    except BadValueError as error:
        return _unreadable(deal.id, module.label, error)


def _grand_total(header: Row) -> Decimal:
    total = optional_decimal(header, "Grand_Total")
    if total is None:
        raise BadValueError("Grand_Total", None, "a number")
    return total


def _sequence(row: Row) -> tuple[Decimal, str]:
    return decimal_of(row, "Sequence_Number"), text_of(row, "id")


def _line(row: Row, rules: Rules) -> SourceLine:
    product = lookup_of(row, "Product_Name")
    quantity, price = optional_decimal(row, "Quantity"), optional_decimal(row, "List_Price")
    net = optional_decimal(row, "Total_After_Discount")
    if quantity is None or price is None or net is None:
        empty = "Quantity" if quantity is None else "List_Price" if price is None else "Total_After_Discount"
        raise BadValueError(empty, None, "a number")
    return SourceLine(
        id=text_of(row, "id"),
        product_id=product[0] if product else None,
        product_name=text_of(row, "Product_Name.Product_Name") or (product[1] if product else ""),
        product_code=text_of(row, "Product_Name.Product_Code"),
        category=text_of(row, "Product_Name.Product_Category"),
        quantity=quantity,
        price=price,
        discount=discount_of(row, "Discount", rounded(quantity * price)),
        net=net,
        tax=decimal_of(row, "Tax"),
        description=text_of(row, "Description"),
        account_key=account_key(row, rules),
    )


# ---- taxes: inferred where the amounts tell, else read ----


def _with_taxes(client: Reader, found: dict[str, Found], rules: Rules, module: Module) -> dict[str, Found]:
    documents = {deal_id: item for deal_id, item in found.items() if isinstance(item, SourceDocument)}
    if not documents:
        return found
    taxes = client.taxes()
    for deal_id, document in documents.items():
        lines = tuple(_inferred(line, taxes, rules.invoice, document.currency) for line in document.lines)
        own = _own_taxes(document, taxes)
        if own is None or any(line.taxes is None for line in lines):
            found[deal_id] = _read_taxes(client, deal_id, replace(document, lines=lines), module)
        else:
            found[deal_id] = replace(document, lines=lines, taxes=own)
    return found


def _inferred(line: SourceLine, taxes: Sequence[Tax], rules: InvoiceRules, currency: str | None) -> SourceLine:
    return replace(line, taxes=infer_taxes(line, taxes, rules.tax, rules.tax_default, currency))


def _own_taxes(document: SourceDocument, taxes: Sequence[Tax]) -> tuple[Tax, ...] | None:
    """The document's own taxes, on its rows less its discount; None where their amount fits several or none."""
    if not document.tax:
        return ()
    base = sum((line.net + line.tax for line in document.lines), Decimal(0)) - document.discount
    whole = SourceLine("", None, "", "", "", Decimal(1), base, Decimal(0), base, document.tax)
    return infer_taxes(whole, taxes, {}, None, document.currency)


def _read_taxes(client: Reader, deal_id: str, document: SourceDocument, module: Module) -> Found:
    record = client.record(module.module, document.id)
    rows = record.get(module.rows) if record else None
    own: tuple[Tax, ...] = ()
    try:
        known = {text_of(row, "id"): _taxes(row, "Line_Tax") for row in rows} if isinstance(rows, list) else {}
        own = _taxes(record, "$line_tax") if record and document.tax else ()
    except BadValueError as error:
        known = {}
        trouble = str(error)
    else:
        trouble = "its taxes are not in Zoho's answer"
    lines = tuple(replace(line, taxes=known.get(line.id, line.taxes)) for line in document.lines)
    if all(line.taxes is not None for line in lines) and bool(own) == bool(document.tax):
        return replace(document, lines=lines, taxes=own)
    return Problem(
        "document_unreadable",
        f"deal {deal_id}",
        f"The deal's {document.source} cannot be read: {trouble}.",
        f"Type: zoho-xero-sync resolve {deal_id} --retry",
        "Line_Tax",
    )


def _taxes(row: Row, field: str) -> tuple[Tax, ...]:
    entries = row.get(field) or []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BadValueError(field, entries, "a list of taxes")
    return tuple(Tax(text_of(entry, "name"), decimal_of(entry, "percentage")) for entry in entries)
