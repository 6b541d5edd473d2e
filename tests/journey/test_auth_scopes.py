"""The scopes that `auth` asks for are enough for every configuration, and none of them is more than is needed."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from world_tools import CONFIG, Desk, OpenDesk, Record, order, priced, world

from zoho_xero_sync.config import load_config
from zoho_xero_sync.core.scopes import xero_scopes, zoho_scopes

pytestmark = pytest.mark.slow

DOCUMENTS = {"sales_order": "Sales_Orders", "zoho_invoice": "Invoices"}
SUBFORM: Record = {
    "Deals": {
        "Part_List": {
            "type": "subform",
            "module": "Deal_Parts",
            "fields": {"Product_Name": "text", "Quantity": "double", "List_Price": "currency", "Discount": "currency",
                       "Description": "text"},
        }
    },
    "Accounts": {"ABN": "text"},
}  # fmt: skip


def allow(desk: Desk, *, but: str = "") -> tuple[str, ...]:
    """Let both logins do what their configuration asks for, `but` for one scope; all of these scopes."""
    config = load_config(desk.folder / "config.yaml", environ={}, cwd=desk.folder)
    zoho = tuple(scope.name for scope in zoho_scopes(config.rules))
    xero = tuple(scope.name for scope in xero_scopes(config.xero.connection, config.rules))
    desk.box.zoho.oauth.set_scopes(name for name in zoho if name != but)
    tokens = desk.box.xero.tokens
    tokens.client = replace(tokens.client, scopes=frozenset(name for name in xero if name != but))
    tokens.expire_access_tokens()
    return (*zoho, *xero)


@pytest.fixture
def shop(desk_of: OpenDesk) -> Desk:
    """A world with every kind of document."""
    placed = world(xero={"items": [{"Code": "HOURS", "Name": "Consulting hour"}]})
    placed["zoho"] |= {"fields": SUBFORM, "org": {"multi_currency": True}, "currencies": ["AUD", "NZD"]}
    return desk_of(on=placed)


def sell(desk: Desk, source: str) -> str:
    """A won deal whose lines come from `source`; its id."""
    deal = desk.add(order("job", "Closed Won", lines=[("hours", 2, "100.00")] if source == "quote" else ()))
    if source in DOCUMENTS:
        made: Record = {"key": "paper", "Subject": "Paper", "deal": "job", "Status": "Approved"}
        desk.box.zoho.create(DOCUMENTS[source], {**made, "lines": [priced("hours", 2, "100.00")]})
    elif source == "subform":
        rows = [{"Product_Name": "Hours", "Quantity": Decimal(2), "List_Price": Decimal(100)}]
        desk.edit("job", Part_List=rows, Amount=Decimal(200))
    elif source == "amount":
        desk.edit("job", Amount=Decimal(200))
    return deal


@pytest.mark.parametrize(
    ("source", "customer", "invoice"),
    [
        ("quote", {}, {}),
        ("quote", {"tax_number": "ABN", "persons": "contact"}, {"items": "match", "accounts": {"HOURS": "200"}}),
        ("quote", {"from": ["contact"]}, {}),
        ("sales_order", {}, {}),
        ("zoho_invoice", {}, {"accounts": {"HOURS": "200"}}),
        ("subform", {}, {}),
        ("subform", {}, {"accounts": {"HOURS": "200"}}),
        ("amount", {}, {"items": "match"}),
    ],
)
def test_what_is_asked_for_is_enough(shop: Desk, source: str, customer: Record, invoice: Record) -> None:
    shop.configure(lines={"from": [source], "subform": {"module": "Deal_Parts"}}, customer=customer, invoice=invoice)
    allow(shop)
    shop.sync()
    sell(shop, source)
    report = shop.sync()
    assert [deal["action"] for deal in report["deals"]] == ["create"]


# What `check` can tell only with a scope for it.
LOOKED_UP = ("deal_stages", "stage_pipelines", "quote_stages", "line_sources", "zoho_taxes", "currencies", "accounts")


def test_each_scope_that_is_asked_for_is_needed(desk_of: OpenDesk) -> None:
    """Without any one of them a run ends, or `check` cannot look at something; with all of them both are content."""
    spare = []
    for name in (*allow(desk_of()), "none of them"):
        placed = world()
        placed["zoho"] |= {"org": {"multi_currency": True}, "currencies": ["AUD", "NZD"]}
        placed["xero"]["currencies"] = ["AUD", "NZD"]
        desk = desk_of(on=placed)
        desk.configure(stages=[{**rule, "pipeline": "Standard"} for rule in CONFIG["stages"]])
        desk.sync()
        sell(desk, "quote")
        allow(desk, but=name)
        if desk.run("sync").code == 12:
            continue
        found = desk.run("check", "--json").json["findings"]
        if all(each["state"] == "ok" for each in found if each["code"] in LOOKED_UP):
            spare.append(name)
    assert spare == ["none of them"]
