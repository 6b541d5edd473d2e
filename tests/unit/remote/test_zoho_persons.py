"""Contact persons of accounts, and the scopes a query needs."""

from __future__ import annotations

import pytest

from zoho_xero_sync.remote.zoho import coql
from zoho_xero_sync.remote.zoho.permissions import query_scopes


@pytest.mark.parametrize(
    ("columns", "module", "scopes"),
    [
        (["Deal_Name"], "Deals", ["deals"]),
        (["Deal_Name", "Account_Name.Phone", "Contact_Name.Email"], "Deals", ["deals", "accounts", "contacts"]),
        (["Account_Name", "Email"], "Contacts", ["contacts"]),
        (["Parent_Id", "Product_Name.Product_Code"], "Quoted_Items", ["quotes", "products"]),
        (["Deal_Name"], "Sales_Orders", ["salesorders"]),
        (["Parent_Id"], "Invoiced_Items", ["invoices"]),
        (["Parent_Id", "Qty"], "Billing_Lines", ["custom"]),
    ],
)
def test_a_query_needs_these_scopes(columns: list[str], module: str, scopes: list[str]) -> None:
    statement = coql.select(columns, module, coql.equals("id", "1"), order=["id"], limit=1)
    expected = ("ZohoCRM.coql.READ", *(f"ZohoCRM.modules.{scope}.READ" for scope in scopes))
    assert query_scopes(statement) == expected
