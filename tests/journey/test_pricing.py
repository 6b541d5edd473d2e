"""Whole documents through the real command line: discounts, two taxes, adjustments, currencies, locked dates, items."""

from __future__ import annotations

from decimal import Decimal

from promises import assert_promises
from world_tools import Desk, OpenDesk, Record, line_of, order, priced, problem_codes, world

D = Decimal


def test_a_document_with_everything_in_it_to_the_cent(desk: Desk) -> None:
    """A line discount in per cent, a header discount, two taxes, an adjustment, and a price of four decimals."""
    desk.configure(invoice={"adjustment_account": "260"})
    rows = [
        {**priced("hours", 3, "119.99"), "Discount": "12.5%"},
        priced("hire", 10_000, "0.1648"),
        priced("food", 4, "62.40", "GST Free"),
    ]
    job = desk.add(order("job", "Closed Won", lines=()))
    desk.box.zoho.create(
        "Quotes",
        {"key": "q_job", "Subject": "Everything", "deal": "job", "Quote_Stage": "Confirmed", "lines": rows,
         "Discount": "10%", "Adjustment": "-0.37"},
    )  # fmt: skip
    # 359.97 less 45.00 is 314.97, and 31.50 of tax; 1648.00 and 164.80; 249.60: 2408.87 in all, of which 240.89 go.
    report = desk.sync()
    assert line_of(report, job)["invoice"]["total"] == "2167.61"
    made = desk.invoice("job")
    quote = desk.box.zoho.find("Quotes", "q_job")
    assert made["Total"] == D("2408.87") - D("240.89") - D("0.37") == quote["Grand_Total"]
    lines = [(row["Quantity"], row["UnitAmount"], row.get("DiscountAmount"), row["LineAmount"], row["TaxAmount"])
             for row in made["LineItems"]]  # fmt: skip
    assert lines == [
        (D(3), D("119.99"), D("76.50"), D("283.47"), D("28.35")),
        (D(10_000), D("0.1648"), D("164.80"), D("1483.20"), D("148.32")),
        (D(4), D("62.40"), D("24.96"), D("224.64"), D("0.00")),
        (D(1), D("-0.37"), None, D("-0.37"), D("0.00")),
    ]
    with desk.nothing_sent():
        desk.sync("--deal", job)
    assert_promises(desk)


def test_the_document_s_own_tax_is_charged_on_each_line(desk: Desk) -> None:
    job = desk.add(order("job", "Closed Won", lines=()))
    rows = [{**priced("hours", 1, "100.00"), "taxes": []}, {**priced("hire", 3, "33.33"), "taxes": []}]
    desk.box.zoho.create(
        "Quotes",
        {"key": "q_job", "Subject": "Taxed as a whole", "deal": "job", "Quote_Stage": "Confirmed", "lines": rows,
         "taxes": ["GST"]},
    )  # fmt: skip
    assert line_of(desk.sync(), job)["invoice"]["total"] == "219.99"
    assert [row["TaxType"] for row in desk.invoice("job")["LineItems"]] == ["OUTPUT", "OUTPUT"]
    assert_promises(desk)


def world_of_two_currencies() -> Record:
    """Dollars of two countries, a column on the rows of quotes, items in Xero, and books locked up to October."""
    placed = world(xero={
        "currencies": ["AUD", "USD"],
        "items": [{"Code": "HOURS", "Name": "Consulting hour"}],
        "organisation": {"PeriodLockDate": "2026-10-31"},
    })  # fmt: skip
    placed["zoho"]["org"] = {"multi_currency": True}
    placed["zoho"]["currencies"] = ["AUD", {"iso_code": "USD", "exchange_rate": "0.661200000"}]
    placed["zoho"]["fields"] = {"Quoted_Items": {"Revenue_Kind": "text"}}
    return placed


def test_accounts_items_rates_and_locked_dates_as_the_rules_say(desk_of: OpenDesk) -> None:
    desk = desk_of(on=world_of_two_currencies())
    desk.configure(invoice={
        "account_field": "Revenue_Kind", "accounts": {"Retail": "260"}, "items": "match", "exchange_rate": "document",
        "date": "closing_date", "locked_date": "first_open_day",
    })  # fmt: skip
    desk.sync()
    row = {**priced("hours", 2, "100.00"), "Revenue_Kind": "Retail"}
    placed = order("usd", "Closed Won", lines=[("hours", 1, "1.00")], Currency="USD", Closing_Date="2026-10-15")
    assert placed.quote is not None
    placed.quote["lines"] = [row, priced("hours", 1, "10.00")]
    usd = desk.add(placed)
    unknown = desk.add(order("unknown", "Closed Won", account="birch", lines=[("hire", 1, "5.00")],
                             Closing_Date="2026-11-30"))  # fmt: skip
    report = desk.sync(code=3)
    assert problem_codes(report) == ["item_unknown"] and line_of(report, unknown)["action"] == "hold"
    assert line_of(report, usd)["invoice"]["total"] == "231.00"
    made = desk.invoice("usd")
    assert (made["CurrencyCode"], made["CurrencyRate"]) == ("USD", D("0.6612"))
    places = [(line["AccountCode"], line["ItemCode"]) for line in made["LineItems"]]
    assert places == [("260", "HOURS"), ("200", "HOURS")]
    assert str(made["DateString"]).startswith("2026-11-01")
    with desk.nothing_sent():
        desk.sync("--deal", usd, code=3)
    assert_promises(desk)


def test_a_date_in_locked_books_waits_with_advice(desk_of: OpenDesk) -> None:
    desk = desk_of(on=world_of_two_currencies())
    desk.configure(invoice={"date": "closing_date"})
    desk.sync()
    late = desk.add(order("late", "Closed Won", Closing_Date="2026-10-15"))
    fine = desk.add(order("fine", "Closed Won", account="birch", Closing_Date="2026-11-15"))
    report = desk.sync(code=3)
    assert problem_codes(report) == ["date_locked"]
    assert line_of(report, late)["action"] == "hold" and line_of(report, fine)["action"] == "create"
    desk.edit("late", Closing_Date="2026-11-02")
    assert line_of(desk.sync(), late)["action"] == "create"
    assert_promises(desk)


def test_a_discount_that_is_taken_back_is_gone_from_the_invoice_too(desk: Desk) -> None:
    """A line that is updated keeps whatever it is not told of, its discount too."""
    placed = order("job", "Confirmed", lines=[("hours", 2, "50.00")])
    assert placed.quote is not None
    placed.quote["Discount"] = "11.00"
    job = desk.add(placed)
    assert line_of(desk.sync(), job)["invoice"]["total"] == "99.00"
    desk.box.zoho.update("Quotes", "q_job", {"Discount": "0"})
    desk.edit("job", Description="No discount after all")
    assert line_of(desk.sync(), job)["invoice"]["total"] == "110.00"
    assert desk.invoice("job")["Total"] == D("110.00")
    assert_promises(desk)
