"""`show` on a document with everything in it: every figure from Zoho's field to Xero's, and they add up."""

from __future__ import annotations

from decimal import Decimal

from promises import assert_promises
from world_tools import Desk, Record, order, priced

D = Decimal


def test_show_explains_every_figure(desk: Desk) -> None:
    """A line discount in per cent, a header discount, taxed and untaxed lines, an adjustment, four decimals."""
    desk.configure(invoice={"adjustment_account": "260", "accounts": {"HIRE": "260"}})
    rows = [
        {**priced("hours", 3, "119.99"), "Discount": "12.5%"},
        priced("hire", 10_000, "0.1648"),
        priced("food", 4, "62.40", "GST Free"),
    ]
    placed = order("job", "Closed Won")
    assert placed.quote is not None
    placed.quote.update({"lines": rows, "Discount": "10%", "Adjustment": "-0.37"})
    job = desk.add(placed)
    before = _derivation(desk, job)
    assert before["returned"] is None
    desk.sync()
    found = _derivation(desk, job)
    assert found["lines"] == before["lines"] and found["totals"] == before["totals"]
    # 359.97 less 45.00 is 314.97, and 31.50 of tax; 1648.00 and 164.80; 249.60: 2408.87 in all, of which 240.89 go.
    assert [line["zoho"] for line in found["lines"]] == ["311.82", "1631.52", "224.64", "-0.37"]
    assert [line["name"] for line in found["lines"]][1::2] == ["Equipment hire (HIRE)", "Adjustment"]
    assert _steps(found["lines"][0]) == [
        ("Quantity × List_Price", "3 × 119.99", None, "Quantity × UnitAmount", "3 × 119.99"),
        ("Discount", "-45.00", "31.50 of the Discount", "DiscountAmount", "-76.50"),
        ("Total_After_Discount", "314.97", None, "LineAmount", "283.47"),
        ("Tax, GST 10%", "31.50", "tax: GST → OUTPUT", "TaxAmount", "28.35"),
        ("Share of the Discount", "-34.65", "header_discount: spread", None, None),
        (None, None, "account", "AccountCode", "200"),
    ]
    assert _steps(found["lines"][1])[-1] == ("Product_Code", "HIRE", "accounts: HIRE", "AccountCode", "260")
    screen = desk.run("show", job, code=0, interactive=True).out
    assert "Equal to the cent." in screen and "10,000 × 0.1648" in screen
    assert_promises(desk)


def _steps(line: Record) -> list[tuple[str | None, ...]]:
    return [tuple(step.values()) for step in line["steps"]]


def _derivation(desk: Desk, job: str) -> Record:
    """The derivation as JSON, whose figures add up line by line, side by side and with Zoho's own total."""
    found: Record = desk.run("show", job, "--json", code=0).json["derivation"]
    for line in found["lines"]:
        named = [step for step in line["steps"] if step["zoho_field"] not in ("Quantity × List_Price", "Discount")]
        sold = [D(step["zoho"]) for step in named if step["zoho"] and step["zoho_field"] != "Product_Code"]
        billed = [D(step["xero"]) for step in named if step["xero_field"] in ("LineAmount", "TaxAmount")]
        assert (sum(sold), sum(billed)) == (D(line["zoho"]), D(line["xero"]))
    for side, total in (("zoho", "expected"), ("xero", "predicted")):
        assert sum(D(line[side]) for line in found["lines"]) == D(found[total])
        assert sum(D(step[side]) for step in found["totals"] if step[side]) == D(found[total])
    grand_total = desk.box.zoho.find("Quotes", "q_job")["Grand_Total"]
    assert D(found["expected"]) == D(found["predicted"]) == grand_total
    assert found["returned"] in (None, found["expected"])
    return found


def test_what_is_held_shows_the_side_that_is_known(desk: Desk) -> None:
    placed = order("job", "Closed Won", lines=[("hours", 3, "120.00")])
    assert placed.quote is not None
    placed.quote["Adjustment"] = "-0.37"
    job = desk.add(placed)
    found = desk.run("show", job, "--json", code=0).json["derivation"]
    assert (found["expected"], found["predicted"], found["returned"]) == ("395.63", None, None)
    assert [line["xero"] for line in found["lines"]] == [None] and found["lines"][0]["zoho"] == "396.00"
    told = desk.run("show", job, code=0).out
    assert "total_mismatch" in told and "Tax, GST 10% 36.00" in told
