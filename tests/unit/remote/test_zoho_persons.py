"""Contact persons of accounts, and the scopes a query needs."""

from __future__ import annotations

from typing import Any

import pytest
from remote_tools import ZohoBench

from zoho_xero_sync.remote.zoho import coql
from zoho_xero_sync.remote.zoho.permissions import query_scopes
from zoho_xero_sync.remote.zoho.persons import fetch_persons


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


def bench_of(*persons: dict[str, Any]) -> ZohoBench:
    accounts = [{"key": f"a{number}", "Account_Name": f"Account {number}"} for number in range(120)]
    return ZohoBench({"accounts": accounts, "contacts": list(persons)})


def a_person(key: str, account: str | None, **fields: Any) -> dict[str, Any]:
    return {"key": key, "Last_Name": key, **({"account": account} if account else {}), **fields}


def test_the_persons_of_each_account_whole_and_in_order() -> None:
    bench = bench_of(
        *(a_person(f"p{number}", "a1", First_Name="Pat", Email=f"p{number}@example.com") for number in range(7)),
        a_person("other", "a2"),
        a_person("nobody", None),
    )
    ids = {name: bench.state.find("Accounts", name)["id"] for name in ("a1", "a2", "a3")}
    found = fetch_persons(bench.client, list(ids.values()))
    assert {key: len(persons) for key, persons in found.items()} == {ids["a1"]: 7, ids["a2"]: 1, ids["a3"]: 0}
    first = found[ids["a1"]]
    assert [person.id for person in first] == sorted(person.id for person in first)
    assert {(person.first_name, person.email) for person in first} == {
        ("Pat", f"p{number}@example.com") for number in range(7)
    }


def test_fifty_accounts_are_one_query() -> None:
    bench = bench_of(a_person("p", "a1"))
    ids = [row["id"] for row in bench.state.records("Accounts")]
    before = bench.client.calls
    assert sum(len(persons) for persons in fetch_persons(bench.client, ids).values()) == 1
    assert bench.client.calls - before == 3
    assert fetch_persons(bench.client, []) == {}
