"""The modules of Zoho that documents are in, by the line source that names them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from zoho_xero_sync.core.rules import LineSource


@dataclass(frozen=True, slots=True)
class Module:
    """Where one kind of document lives: its module, its rows' module, its link to the deal, its number."""

    label: str
    module: str
    rows: str
    deal_field: str
    number: str
    stage: str | None = None


# Invoices spell the link Deal_Name__s; API names as in www.zoho.com/crm/developer/docs/api/v8/modules-api.html.
MODULES: Mapping[LineSource, Module] = {
    "quote": Module("quote", "Quotes", "Quoted_Items", "Deal_Name", "Quote_Number", "Quote_Stage"),
    "sales_order": Module("sales order", "Sales_Orders", "Ordered_Items", "Deal_Name", "SO_Number"),
    "zoho_invoice": Module("Zoho invoice", "Invoices", "Invoiced_Items", "Deal_Name__s", "Invoice_Number"),
}
