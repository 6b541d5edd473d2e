"""The golden cases through the real command line: `check --golden`, and a sync of each case against the sandbox."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from world_tools import ROOT, Desk, OpenDesk, Record, line_of, world

FILES = sorted((ROOT / "tests" / "golden").glob("*.yaml"))
SECTIONS = ("stages", "lines", "invoice", "limits")
SOURCES = {"quote": "quotes", "sales_order": "sales_orders"}
ABOUT = ("Product_Name", "Product_Code", "Product_Category")
# What Zoho computes by itself from the rest; the sandbox's arithmetic has to come to the file's figures.
COMPUTED = ("Total_After_Discount", "Tax", "Grand_Total", "Exchange_Rate")
FIGURES = ("Quantity", "UnitAmount", "DiscountAmount", "LineAmount", "TaxAmount")
WORDS = ("Description", "TaxType", "AccountCode", "ItemCode")
TOTALS = ("SubTotal", "TotalTax", "Total")
DATES = {"Date": "DateString", "DueDate": "DueDateString"}
FOREIGN = {"USD": "0.661200000", "EUR": "0.612300000", "JPY": "101.500000000", "KWD": "0.203000000"}


def _rules(said: Record, case: Record) -> Record:
    """The sections of the configuration that a case is worked out under."""
    merged: Record = {"stages": [{"stage": "Closed Won", "invoice": "authorised"}], **said["rules"]}
    for name, value in case.get("rules", {}).items():
        before = merged.get(name)
        merged[name] = {**before, **value} if isinstance(before, dict) else value
    return {name: merged.get(name, {}) for name in SECTIONS}


def _exact(value: Any) -> Any:
    """Numbers as decimals of the digits that the file has, dates as text."""
    if isinstance(value, str | list | dict):
        return value
    return Decimal(repr(value)) if isinstance(value, int | float) else str(value)


# ---- the world of a file ----


def _world(said: Record) -> Record:
    """Both organisations as the file has them, with the deal and the documents of every case."""
    zoho, books = said["zoho"], said["books"]
    placed = world(clock=f"{zoho['today']}T12:00:00Z")
    rates = {code: rate for code, rate in FOREIGN.items() if code != zoho["currency"]}
    locked = {"PeriodLockDate": str(books["locked_until"])} if "locked_until" in books else {}
    products = {_product(row): row for case in said["cases"] for _, document in _documents(case)
                for row in document["rows"]}  # fmt: skip
    placed["zoho"] |= {
        "org": {"iso_code": zoho["currency"], "time_zone": "UTC", "multi_currency": "currencies" in books},
        "currencies": [zoho["currency"], *({"iso_code": code, "exchange_rate": rate} for code, rate in rates.items())],
        "taxes": {name: str(percent) for name, percent in zoho["taxes"].items()},
        "fields": {"Quoted_Items": {"Revenue_Kind": "text"}, "Deals": {"Territory": "text"}},
        "accounts": list(_accounts(said)),
        "contacts": [],
        "products": [{"key": key, **{name: row[name] for name in ABOUT if name in row}}
                     for key, row in products.items()],
        "deals": [_deal(said, number, case) for number, case in enumerate(said["cases"])],
        **{plural: list(_placed(said, source)) for source, plural in SOURCES.items()},
    }  # fmt: skip
    placed["xero"] |= {
        "organisation": {"BaseCurrency": books["base_currency"], "Timezone": "UTC", **locked},
        "currencies": books.get("currencies", [books["base_currency"]]),
        "accounts": [_account(str(code), given) for code, given in books["accounts"].items()],
        "tax_rates": [{"Name": name, "TaxType": name, "EffectiveRate": str(rate), "CanApplyToExpenses": True}
                      for name, rate in books["tax_rates"].items()],
        "items": [{"Code": code} for code in books.get("items", [])],
        "tracking_categories": [{"Name": "Region", "Options": ["North", "South"]}],
    }  # fmt: skip
    return placed


def _account(code: str, given: Any) -> Record:
    found = given if isinstance(given, dict) else {"tax": given}
    return {"Code": code, "Name": code, "Type": found.get("type", "REVENUE"), "TaxType": found["tax"]}


def _accounts(said: Record) -> Iterator[Record]:
    yield {"key": "customer", "Account_Name": "Example Customer"}
    for number, case in enumerate(said["cases"]):
        named = case.get("deal", {}).get("Account_Name")
        if isinstance(named, dict):
            yield {"key": f"customer{number}", **named}


def _deal(said: Record, number: int, case: Record) -> Record:
    given = dict(case.get("deal", {}))
    customer = given.pop("Account_Name", "")
    stage = _rules(said, case)["stages"][0]["stage"]
    deal: Record = {"key": f"case{number}", "Deal_Name": case["name"], "Stage": stage}
    deal |= {} if customer is None else {"account": f"customer{number}" if customer else "customer"}
    return deal | {name: _exact(value) for name, value in given.items()}


def _documents(case: Record) -> Iterator[tuple[str, Record]]:
    for source in SOURCES:
        given = case.get(source, [])
        yield from ((source, document) for document in (given if isinstance(given, list) else [given]))


def _placed(said: Record, wanted: str) -> Iterator[Record]:
    for number, case in enumerate(said["cases"]):
        for place, (source, document) in enumerate(_documents(case)):
            if source == wanted:
                moment = f"2026-11-10T00:00:{place:02}Z"
                yield {
                    "key": f"{source}{number}.{place}", "Subject": case["name"], "deal": f"case{number}",
                    **({"Quote_Stage": "Confirmed"} if source == "quote" else {}),
                    "Created_Time": moment, "Modified_Time": moment,
                    **{name: _exact(value) for name, value in document.items() if name not in (*COMPUTED, "rows")},
                    "lines": [_row(row) for row in document["rows"]],
                }  # fmt: skip


def _row(row: Record) -> Record:
    fields = {name: _exact(value) for name, value in row.items() if name not in (*ABOUT, *COMPUTED)}
    return {"product": _product(row), "taxes": [], **fields}


def _product(row: Record) -> str:
    return "/".join(str(row[name]) for name in ABOUT if name in row)


# ---- what comes out ----


def _check_zoho(desk: Desk, number: int, case: Record) -> None:
    """Zoho, left to itself, computes the totals that the file states."""
    for place, (source, document) in enumerate(_documents(case)):
        module = {"quote": "Quotes", "sales_order": "Sales_Orders"}[source]
        found = desk.box.zoho.find(module, f"{source}{number}.{place}")
        assert found["Grand_Total"] == _exact(document["Grand_Total"]), case["name"]


def _check_invoice(invoice: Record, expected: Record) -> None:
    for name, value in expected.items():
        if name in TOTALS or (name == "CurrencyRate" and value):
            assert invoice[name] == _exact(value), name
        elif name in DATES:
            assert str(invoice[DATES[name]]).startswith(str(value)), name
        elif name in ("Status", "Reference", "CurrencyCode", "LineAmountTypes"):
            assert invoice[name] == value, name
        elif name == "Contact":
            assert invoice["Contact"]["Name"] == value
    assert len(invoice["LineItems"]) == len(expected["LineItems"])
    for line, wanted in zip(invoice["LineItems"], expected["LineItems"], strict=True):
        figures = {"DiscountAmount": 0, **{name: wanted[name] for name in FIGURES if name in wanted}}
        assert {name: line.get(name) or Decimal(0) for name in figures} == {n: _exact(v) for n, v in figures.items()}
        assert all(line.get(name) == wanted[name] for name in WORDS if name in wanted), line
        tracked = "; ".join(f"{entry['Name']}: {entry['Option']}" for entry in line.get("Tracking", []))
        assert tracked == wanted.get("Tracking", "")


# Many rules are many runs: these are left to CI's own step; what each case comes to without a sandbox never is.
LONG = ("australia", "new-zealand", "united-kingdom")
RUNS = [pytest.param(file, id=file.stem, marks=[pytest.mark.slow] if file.stem in LONG else []) for file in FILES]


@pytest.mark.parametrize("file", RUNS)
def test_every_case_comes_out_in_xero_as_written(desk_of: OpenDesk, file: Path) -> None:
    said = yaml.safe_load(file.read_text(encoding="utf-8"))
    desk = desk_of(on=_world(said))
    desk.settings |= _rules(said, {})
    desk.configure()
    desk.sync()
    # One run for all cases of the same rules, which are asked for because the baseline has them.
    groups: dict[str, list[int]] = {}
    for number, case in enumerate(said["cases"]):
        groups.setdefault(json.dumps(_rules(said, case), sort_keys=True), []).append(number)
    for rules, numbers in groups.items():
        desk.settings |= json.loads(rules)
        desk.configure()
        report = desk.sync(*(f"--deal={desk.deal(f'case{number}')}" for number in numbers), code=None)
        told = {problem["subject"]: problem for problem in report["problems"]}
        for number in numbers:
            case, deal = said["cases"][number], desk.deal(f"case{number}")
            _check_zoho(desk, number, case)
            if "problem" in case:
                wanted = case["problem"] if isinstance(case["problem"], dict) else {"code": case["problem"]}
                problem = told[f"deal {deal}"]
                assert (problem["code"], line_of(report, deal)["action"]) == (wanted["code"], "hold"), case["name"]
                assert str(wanted.get("says", "")) in problem["message"]
                assert desk.invoices(f"case{number}") == []
            else:
                assert line_of(report, deal)["action"] == "create", (case["name"], told)
                _check_invoice(desk.invoice(f"case{number}"), case["invoice"])
        for total in report["totals"]:
            parts = [Decimal(total[name]["amount"]) for name in ("invoiced", "held", "pending", "uncertain")]
            assert Decimal(total["sold"]["amount"]) == sum(parts) and total["difference"] in ("0.00", "0", "0.000")


def test_the_command_works_out_every_file_without_asking_anybody(desk_of: OpenDesk) -> None:
    desk = desk_of()
    files = [f"--golden={file}" for file in FILES]
    found = desk.run("check", "--json", *files, code=0).json
    assert found["counts"]["different"] == 0 and found["counts"]["ok"] >= 40
    assert found["api_calls"] == {"zoho": 0, "xero": 0} and len({case["file"] for case in found["cases"]}) == 5


OWN = """\
golden: 1
cases:
- name: three hours
  quote:
    Grand_Total: 396.00
    rows:
    - {Product_Name: Hours, Quantity: 3, List_Price: 120, Total_After_Discount: 360, Tax: 36.00, taxes: [GST]}
  invoice:
    LineItems: [{Quantity: 3, UnitAmount: 120, LineAmount: 360, TaxAmount: 36.00, TaxType: OUTPUT, AccountCode: "200"}]
    Total: 396.00
- name: three hours and a wrong guess
  quote:
    Grand_Total: 396.00
    rows:
    - {Product_Name: Hours, Quantity: 3, List_Price: 120, Total_After_Discount: 360, Tax: 36.00, taxes: [GST]}
  invoice:
    LineItems: [{Quantity: 3, UnitAmount: 120, LineAmount: 360, TaxAmount: 30.00}]
    Total: 390.00
"""


def test_a_file_of_one_s_own_is_worked_out_with_the_live_books(desk_of: OpenDesk) -> None:
    desk = desk_of()
    (desk.folder / "mine.yaml").write_text(OWN, encoding="utf-8")
    with desk.nothing_sent():
        result = desk.run("check", "--golden", "mine.yaml", code=3)
    assert result.out.splitlines() == [
        "ok: three hours",
        "DIFFERENT: three hours and a wrong guess  mine.yaml:11",
        "  Total: file says 390.00, comes to 396",
        "  LineItems[1].TaxAmount: file says 30.00, comes to 36",
        "1 of 2 cases differ. Calls made: 3 to Zoho and 6 to Xero.",
    ]


MISTAKES = (
    ("cases: []\n", ["does not say golden: 1", "has no cases"]),
    ("golden: 1\ncases:\n- {name: a, deal: {Amount: 1}}\n", ["mine.yaml:3: cases[0]: says neither or both"]),
    ("golden: 1\ncases:\n- {name: a, problem: nonsense, colour: red}\n",
     ["'nonsense' is not a problem code", "colour: is not a known key"]),
    ("golden: 1\nrules: {invoice: {amounts: maybe}}\ncases:\n- {name: a, problem: no_lines}\n", ["invoice.amounts"]),
    ("golden: 1\ncases:\n- {name: a, invoice: {Total: 1}}\n", ["invoice: has no LineItems"]),
    ("golden: 1\nbooks: {accounts: {}}\ncases:\n- {name: a, problem: no_lines}\n", ["has no base_currency"]),
    ("golden: 1\nzoho: {taxes: {GST: ten}, today: soon}\ncases:\n- {name: a, problem: no_lines}\n",
     ["zoho.taxes.GST: 'ten' is not a number", "zoho.today: 'soon' is not a date"]),
)  # fmt: skip


def test_every_mistake_in_a_file_is_told_with_its_line(desk_of: OpenDesk) -> None:
    desk = desk_of()
    for text, said in MISTAKES:
        (desk.folder / "mine.yaml").write_text(text, encoding="utf-8")
        told = desk.run("check", "--golden", "mine.yaml", code=10)
        assert all(words in told.err for words in said), told.err
    assert "There is no such file" in desk.run("check", "--golden", "nowhere.yaml", code=10).err
    assert "two different looks" in desk.run("check", "--golden", "mine.yaml", "--coverage", "7d", code=2).err
