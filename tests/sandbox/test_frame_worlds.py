"""Worlds: reading, defaults, every mistake in one go, and generated ones."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from zoho_xero_sync.sandbox import VirtualClock, generate_world, load_world
from zoho_xero_sync.sandbox.world import fill_world
from zoho_xero_sync.sandbox.zoho.state import ZohoState


def _world(**zoho: Any) -> dict[str, Any]:
    return {"zoho": zoho}


def test_an_empty_world_is_a_complete_pair_of_organisations() -> None:
    world = fill_world({})
    assert world["zoho"]["pipelines"]["Standard"][-2:] == ["Closed Won", "Closed Lost"]
    assert world["zoho"]["taxes"]["GST"] == "10"
    sales = next(account for account in world["xero"]["accounts"] if account["Code"] == "200")
    assert (sales["Name"], sales["TaxType"]) == ("Sales", "OUTPUT")
    rates = {rate["TaxType"]: rate["EffectiveRate"] for rate in world["xero"]["tax_rates"]}
    assert rates["OUTPUT"] == "10"
    assert rates["EXEMPTOUTPUT"] == rates["BASEXCLUDED"] == rates["NONE"] == "0"


def test_given_parts_are_completed_not_replaced() -> None:
    world = fill_world({"zoho": {"org": {"company_name": "Example"}}, "xero": {"limits": {"day": 20}}})
    assert world["zoho"]["org"]["company_name"] == "Example"
    assert world["zoho"]["org"]["time_zone"] == "Australia/Sydney"
    assert world["xero"]["limits"] == {"minute": 60, "concurrent": 5, "day": 20}


def test_money_is_exact_and_times_stay_as_written(tmp_path: Path) -> None:
    file = tmp_path / "world.yaml"
    file.write_text(
        "clock: 2026-11-20T01:00:00Z\n"
        "zoho:\n"
        "  products: [{key: p, Product_Name: P, Unit_Price: 0.4875}]\n"
        "  deals: [{key: d, Deal_Name: D, Stage: Confirmed, Amount: 1234.10, Closing_Date: 2026-12-01}]\n",
        encoding="utf-8",
    )
    world = load_world(file)
    assert world["clock"] == "2026-11-20T01:00:00Z"
    deal = world["zoho"]["deals"][0]
    assert (str(deal["Amount"]), deal["Closing_Date"]) == ("1234.10", "2026-12-01")
    assert world["zoho"]["products"][0]["Unit_Price"] == Decimal("0.4875")


@pytest.mark.parametrize(
    ("world", "sentence"),
    [
        ({"zohoo": {}}, "the world: unknown key 'zohoo', did you mean 'zoho'?"),
        (_world(dealz=[]), "zoho: unknown key 'dealz', did you mean 'deals'?"),
        ({"zoho": [1]}, "zoho: must be a mapping."),
        (_world(deals={}), "zoho.deals: must be a list."),
        (_world(deals=["d"]), "zoho.deals: every item must be a mapping."),
        (_world(org=["x"]), "zoho.org: must be a mapping."),
        ({"clock": "noon"}, "clock: 'noon' is not a time with a zone, such as 2026-11-20T01:00:00Z."),
        ({"clock": "2026-11-20T01:00:00"}, "clock: '2026-11-20T01:00:00' is not a time with a zone"),
        (_world(deals=[{"key": "d", "Satge": "Confirmed"}]), "zoho.deals.d: unknown key 'Satge', did you mean"),
        (_world(deals=[{"key": "d", "account": "acme"}]), "zoho.deals.d.account: there is no 'acme' in zoho.accounts."),
        (_world(deals=[{"Stage": "Wno"}]), "zoho.deals.1.Stage: there is no 'Wno' in zoho.pipelines."),
        (_world(deals=[{"Pipeline": "P"}]), "zoho.deals.1.Pipeline: there is no 'P' in zoho.pipelines."),
        (_world(accounts=[{"key": "a"}, {"key": "a"}]), "zoho.accounts.a: the key is used twice."),
        (_world(quotes=[{"key": "q", "deal": "d"}]), "zoho.quotes.q.deal: there is no 'd' in zoho.deals."),
        (
            _world(quotes=[{"key": "q", "lines": [{"product": "w"}]}]),
            "zoho.quotes.q.lines[1].product: there is no 'w' in zoho.products.",
        ),
        (
            _world(quotes=[{"key": "q", "lines": [{"taxes": ["VAT"]}]}]),
            "zoho.quotes.q.lines[1].taxes: there is no 'VAT' in zoho.taxes.",
        ),
        (
            _world(quotes=[{"key": "q", "lines": [{"Qty": 1}]}]),
            "zoho.quotes.q.lines[1]: unknown key 'Qty'",
        ),
        (_world(fields={"Dealz": {"X": "text"}}), "zoho.fields: unknown module 'Dealz', did you mean 'Deals'?"),
        ({"xero": {"connection": "oauth"}}, "xero.connection: 'oauth' is not one of custom, web, pkce."),
        (
            {"xero": {"accounts": [{"Code": "200", "TaxType": "OUTPUT9"}]}},
            "xero.accounts.200.TaxType: there is no 'OUTPUT9' in xero.tax_rates.",
        ),
        (
            {"xero": {"invoices": [{"InvoiceNumber": "I-1", "Contact": "Nobody"}]}},
            "xero.invoices.I-1.Contact: there is no 'Nobody' in xero.contacts.",
        ),
        (
            {
                "xero": {
                    "contacts": [{"Name": "A"}],
                    "invoices": [{"Contact": "A", "LineItems": [{"AccountCode": "9"}]}],
                }
            },
            "xero.invoices.1.LineItems[1].AccountCode: there is no '9' in xero.accounts.",
        ),
    ],
)
def test_mistakes_name_their_key(world: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        fill_world(world)
    assert sentence in str(caught.value)


def test_all_mistakes_are_reported_together() -> None:
    world = {"clock": "x", "zoho": {"deals": [{"Satge": 1, "account": "a"}]}, "xero": {"connection": "x"}}
    with pytest.raises(ValueError, match=r".") as caught:
        fill_world(world)
    assert len(str(caught.value).splitlines()) == 4


def test_declared_custom_fields_and_names_as_references_are_fine() -> None:
    world = fill_world(
        _world(
            fields={"Deals": {"Territory": "picklist"}},
            accounts=[{"Account_Name": "Acme"}],
            contacts=[{"First_Name": "Front", "Last_Name": "Desk", "account": "Acme"}],
            deals=[{"Deal_Name": "D", "Territory": "North", "account": "Acme", "contact": "Front Desk"}],
        )
    )
    assert world["zoho"]["deals"][0]["Territory"] == "North"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("zoho: {deals: [", "is not valid YAML"),
        ("clock: 2026-11-20T01:00:00Z\nclock: 2026-11-21T01:00:00Z\n", "the key 'clock' is written twice"),
        ("- 1", "A world is a mapping"),
    ],
)
def test_a_file_that_is_no_world(tmp_path: Path, text: str, part: str) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r".") as caught:
        load_world(file)
    assert part in str(caught.value)


def test_a_world_that_is_not_there_lists_those_that_are() -> None:
    with pytest.raises(ValueError, match="one of: demo"):
        load_world("demoo")


def test_the_demo_world_has_what_the_demo_shows() -> None:
    world = load_world("demo")
    zoho = ZohoState.from_world(world, VirtualClock(datetime.fromisoformat(world["clock"]), running=False))
    deals, quotes = zoho.records("Deals"), zoho.records("Quotes")
    stages = [deal["Stage"] for deal in deals]
    assert (stages.count("Confirmed"), stages.count("Closed Won")) == (3, 5)
    assert any(deal["Account_Name"] is None and deal["Contact_Name"] for deal in deals)
    names = " ".join(account["Account_Name"] for account in zoho.records("Accounts"))
    assert "&" in names
    assert "é" in names
    accepted = [quote for quote in quotes if quote["Quote_Stage"] == "Confirmed"]
    unexplained = [quote for quote in accepted if quote["Grand_Total"] != quote["Sub_Total"]]
    assert [quote["Subject"] for quote in unexplained] == ["Season launch breakfast"]
    taxes = {tax["name"] for quote in accepted for line in quote["Quoted_Items"] for tax in line["Line_Tax"]}
    assert taxes == {"GST", "GST Free"}
    numbers = {contact.get("ContactNumber") for contact in world["xero"]["contacts"]} - {None}
    assert numbers <= {account["id"] for account in zoho.records("Accounts")}


def test_equal_seeds_give_equal_worlds_and_others_do_not() -> None:
    assert generate_world(7, 40) == generate_world(7, 40)
    assert generate_world(7, 40) != generate_world(8, 40)


def test_a_generated_world_is_complete_and_its_amounts_are_what_zoho_computes() -> None:
    given = generate_world("prices", 300, customers=120, lines=4, known_customers=True)
    world = fill_world(given)
    zoho = ZohoState.from_world(world, VirtualClock(datetime.fromisoformat(world["clock"]), running=False))
    quotes = zoho.records("Quotes")
    amounts = {deal["id"]: deal["Amount"] for deal in zoho.records("Deals")}
    assert len(amounts) == len(quotes) == 300
    assert all(quote["Grand_Total"] == amounts[quote["Deal_Name"]["id"]] for quote in quotes)
    assert {quote["Quote_Stage"] for quote in quotes} == {"Confirmed"}
    assert {len(quote["Quoted_Items"]) for quote in quotes} == {4}
    lines = [line for quote in quotes for line in quote["Quoted_Items"]]
    assert any(line["Discount"] for line in lines)
    assert any(Decimal(line["List_Price"]).as_tuple().exponent == -4 for line in lines)
    accounts = zoho.records("Accounts")
    assert len({account["Account_Name"] for account in accounts}) == 120
    known = [contact["ContactNumber"] for contact in world["xero"]["contacts"]]
    assert known == [account["id"] for account in accounts]


def test_without_quotes_a_deal_has_its_amount_alone() -> None:
    world = generate_world(1, 20, quotes=False)
    assert world["zoho"]["quotes"] == []
    assert all(deal["Amount"] > 0 for deal in world["zoho"]["deals"])


def test_names_stay_unique_beyond_the_combinations() -> None:
    accounts = generate_world(1, 0, customers=8000)["zoho"]["accounts"]
    assert len({account["Account_Name"] for account in accounts}) == 8000


@pytest.mark.parametrize(
    "arguments", [{"deals": -1}, {"deals": 1, "customers": 0}, {"deals": 1, "lines": 0}, {"deals": 1, "products": 0}]
)
def test_impossible_sizes_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="A world"):
        generate_world(1, **arguments)
