"""Scopes: as Zoho spells modules, no more than the rules need, and what covers what."""

from __future__ import annotations

from dataclasses import replace

import pytest

from zoho_xero_sync.core.rules import CustomerRules, InvoiceRules, LineRules, Rules, StageRule, WriteBackRules
from zoho_xero_sync.core.scopes import Scope, missing_scopes, xero_scopes, zoho_scopes

RULES = Rules((StageRule(("Closed Won",), "draft"),))


def modules(rules: Rules) -> set[str]:
    names = [scope.name for scope in zoho_scopes(rules)]
    assert len(names) == len(set(names))
    return {name.split(".")[2] for name in names if name.startswith("ZohoCRM.modules.")}


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (RULES, {"deals", "accounts", "contacts", "quotes", "products"}),
        (replace(RULES, lines=LineRules(("amount",))), {"deals", "accounts", "contacts"}),
        (
            replace(RULES, lines=LineRules(("sales_order",))),
            {"deals", "accounts", "contacts", "salesorders", "products"},
        ),
        (replace(RULES, lines=LineRules(("zoho_invoice",))), {"deals", "accounts", "contacts", "invoices", "products"}),
        (replace(RULES, lines=LineRules(("subform",))), {"deals", "accounts", "contacts", "custom"}),
        (replace(RULES, customer=CustomerRules(sources=("contact",))), {"deals", "contacts", "quotes", "products"}),
        (
            replace(RULES, invoice=InvoiceRules(accounts={"A": "200"})),
            {"deals", "accounts", "contacts", "quotes", "products"},
        ),
        (
            replace(RULES, invoice=InvoiceRules(items="match")),
            {"deals", "accounts", "contacts", "quotes", "products"},
        ),
        (
            replace(RULES, lines=LineRules(("amount",)), invoice=InvoiceRules(items="match")),
            {"deals", "accounts", "contacts"},
        ),
    ],
)
def test_zohos_modules_follow_the_rules(rules: Rules, expected: set[str]) -> None:
    assert modules(rules) == expected


@pytest.mark.parametrize(
    ("write_back", "expected"),
    [
        (WriteBackRules(), set()),
        (WriteBackRules(due="Due"), {"ZohoCRM.modules.deals.UPDATE"}),
        (WriteBackRules(note=True), {"ZohoCRM.modules.notes.CREATE"}),
        (WriteBackRules(due="Due", note=True), {"ZohoCRM.modules.deals.UPDATE", "ZohoCRM.modules.notes.CREATE"}),
    ],
)
def test_zoho_is_written_only_what_is_written_back(write_back: WriteBackRules, expected: set[str]) -> None:
    names = {scope.name for scope in zoho_scopes(replace(RULES, write_back=write_back))}
    assert {name for name in names if not name.endswith(".READ")} == expected


def test_zoho_is_only_read() -> None:
    assert {scope.name.rpartition(".")[2] for scope in zoho_scopes(RULES)} == {"READ"}
    assert all(scope.reason for scope in zoho_scopes(RULES))


@pytest.mark.parametrize(
    ("connection", "items", "expected"),
    [
        ("custom", "ignore", "accounting.contacts accounting.invoices accounting.settings.read"),
        ("pkce", "match", "accounting.contacts accounting.invoices accounting.settings.read offline_access"),
        ("web", "create", "accounting.contacts accounting.invoices accounting.settings offline_access"),
    ],
)
def test_xeros_scopes(connection: str, items: str, expected: str) -> None:
    rules = replace(RULES, invoice=InvoiceRules(items=items))
    assert " ".join(scope.name for scope in xero_scopes(connection, rules)) == expected


@pytest.mark.parametrize(
    ("needed", "granted", "covered"),
    [
        ("ZohoCRM.modules.deals.READ", "ZohoCRM.modules.deals.READ", True),
        ("ZohoCRM.modules.deals.READ", "zohocrm.modules.Deals.read", True),
        ("ZohoCRM.modules.deals.READ", "ZohoCRM.modules.deals.ALL", True),
        ("ZohoCRM.modules.deals.READ", "ZohoCRM.modules.READ", True),
        ("ZohoCRM.modules.deals.READ", "ZohoCRM.modules.ALL,ZohoCRM.org.READ", True),
        ("ZohoCRM.modules.deals.READ", "ZohoCRM.modules.quotes.READ", False),
        ("ZohoCRM.modules.deals.READ", "ZohoCRM.modules.deals.UPDATE", False),
        ("ZohoCRM.modules.deals.READ", "ZohoCRM.settings.ALL", False),
        ("ZohoCRM.org.READ", "ZohoCRM.org.ALL", True),
        ("ZohoCRM.coql.READ", "ZohoCRM.modules.ALL", False),
        ("accounting.settings.read", "accounting.settings", True),
        ("accounting.settings", "accounting.settings.read", False),
        ("accounting.invoices", "accounting.transactions", True),
        ("accounting.invoices", "accounting.invoices.read", False),
        ("accounting.contacts", "accounting.contacts.read", False),
        ("accounting.contacts", "", True),
        ("accounting.contacts", None, True),
    ],
)
def test_what_covers_what(needed: str, granted: str | None, covered: bool) -> None:
    assert (missing_scopes([Scope(needed, "why")], granted) == ()) is covered
