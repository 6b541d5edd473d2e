"""Items of Xero's price list, as they are made.

developer.xero.com/documentation/api/accounting/items.
"""

from __future__ import annotations

from zoho_xero_sync.core.model import ItemDraft, XeroItem
from zoho_xero_sync.remote.xero import wire

PATH = "/Items"
COLLECTION = "Items"
QUERY = "?summarizeErrors=false"


def parse_item(element: wire.Element) -> XeroItem | None:
    """The item, or None for an element without a real id."""
    item_id = wire.real_id(element, "ItemID")
    return None if item_id is None else XeroItem(item_id, wire.text(element, "Code"))


def create_element(draft: ItemDraft) -> dict[str, object]:
    """The element of a PUT that makes the item. It has no price: each invoice brings its own."""
    return {
        "Code": draft.code,
        "Name": draft.name,
        "Description": draft.name,
        "IsSold": True,
        "SalesDetails": {"AccountCode": draft.account_code, "TaxType": draft.tax_type},
    }
