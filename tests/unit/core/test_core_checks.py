"""`check` as a pure function: each risk's red, its note, its green, and the exit code that follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from core_samples import WON

from zoho_xero_sync.core.check_facts import (
    CheckFacts,
    ContactFacts,
    CronFacts,
    FieldMeta,
    Finding,
    Gravity,
    HereFacts,
    LedgerFacts,
    LinkedContact,
    LoginFacts,
    TrackingCategory,
    Unread,
    XeroFacts,
    XeroOrganisation,
    ZohoFacts,
)
from zoho_xero_sync.core.checks import RISKS, check_exit_code, judge
from zoho_xero_sync.core.model import Tax, XeroAccount, XeroTaxRate, ZohoOrganisation
from zoho_xero_sync.core.rules import (
    CustomerRules,
    DueField,
    InvoiceRules,
    LineRules,
    RoundingRules,
    Rules,
    StageRule,
    SubformRules,
    TrackingRule,
    WriteBackRules,
)
from zoho_xero_sync.core.templates import Template

GIGABYTE = 1024**3
SALES = XeroAccount("200", "Sales", "ACTIVE", "REVENUE", "REVENUE", "OUTPUT", system=False)
ADVERTS = XeroAccount("400", "Advertising", "ACTIVE", "EXPENSE", "EXPENSE", "INPUT", system=False)
OLD = replace(SALES, code="260", name="Old sales", status="ARCHIVED")
BANK = XeroAccount("090", "Bank", "ACTIVE", "BANK", "ASSET", "NONE", system=False)
OUTPUT = XeroTaxRate("OUTPUT", "GST on Income", Decimal(10), "ACTIVE", for_revenue=True)
FREE = XeroTaxRate("EXEMPTOUTPUT", "GST Free", Decimal(0), "ACTIVE", for_revenue=True)
INPUT = XeroTaxRate("INPUT", "GST on Expenses", Decimal(10), "ACTIVE", for_revenue=False)
GONE = replace(OUTPUT, tax_type="TAX001", status="DELETED")
TAXES = {"GST": "OUTPUT", "GST Free": "EXEMPTOUTPUT"}
INVOICE = InvoiceRules(tax=TAXES, tax_default="EXEMPTOUTPUT")
RULES = Rules((WON,), invoice=INVOICE)
EMAILING = replace(RULES, stages=(replace(WON, invoice="authorised", email=True),))


def fields(**types: str) -> dict[str, FieldMeta]:
    return {name: FieldMeta(name, data_type) for name, data_type in types.items()}


def told(**names: str) -> Rules:
    return replace(RULES, write_back=WriteBackRules(**names))


def picklist(name: str, **values: bool) -> dict[str, FieldMeta]:
    return {name: FieldMeta(name, "picklist", {value.replace("_", " "): used for value, used in values.items()})}


DEALS = {
    **fields(Deal_Name="text", Account_Name="lookup", Contact_Name="lookup", Amount="currency", Closing_Date="date"),
    **picklist("Stage", Confirmed=True, Closed_Won=True, Retired=False),
    **picklist("Pipeline", Standard=True),
    **picklist("Territory", North=True, South=True, East=False),
}
QUOTES = {
    **fields(Deal_Name="lookup", Quote_Number="text", Grand_Total="currency"),
    **picklist("Quote_Stage", Confirmed=True, Closed_Won=True),
}
ZOHO = ZohoFacts(
    ZohoOrganisation("1", "2", "Example Trading", "AUD", multi_currency=False),
    DEALS,
    (Tax("GST", Decimal(10)), Tax("GST Free", Decimal(0))),
    {"quote": QUOTES},
    skew=timedelta(seconds=1),
)
ORGANISATION = XeroOrganisation(
    "Example Trading", "AUD", "AUSEASTERNSTANDARDTIME", "Australia/Sydney", "STANDARD", "ACTIVE", False, None
)
XERO = XeroFacts(
    ORGANISATION,
    {account.code: account for account in (SALES, ADVERTS, OLD, BANK)},
    {rate.tax_type: rate for rate in (OUTPUT, FREE, INPUT, GONE)},
    date(2026, 11, 20),
    calls_left=4000,
    skew=timedelta(seconds=-1),
)
HERE = HereFacts(
    ledger=LedgerFacts("ledger.db", exists=True, baseline=True),
    lock_holder="",
    disk_free=GIGABYTE,
    secrets_place="secrets.json",
    secrets=None,
    cron=CronFacts(("crontab -l",), {"zoho": (), "xero": ()}),
)
FACTS = CheckFacts(
    HERE,
    LoginFacts("zoho", "Example Trading", pinned="Example Trading"),
    LoginFacts("xero", "Example Trading", pinned="Example Trading"),
    ZOHO,
    XERO,
    {"zoho": 5, "xero": 5},
)


def invoice(**changes: Any) -> Rules:
    return replace(RULES, invoice=replace(INVOICE, **changes))


def lines(**changes: Any) -> Rules:
    return replace(RULES, lines=LineRules(**changes))


def here(**changes: Any) -> CheckFacts:
    return replace(FACTS, here=replace(HERE, **changes))


def zoho(**changes: Any) -> CheckFacts:
    return replace(FACTS, zoho=replace(ZOHO, **changes))


def xero(**changes: Any) -> CheckFacts:
    return replace(FACTS, xero=replace(XERO, **changes))


def organisation(**changes: Any) -> CheckFacts:
    return xero(organisation=replace(ORGANISATION, **changes))


def contact(**changes: Any) -> ContactFacts:
    one = LinkedContact("1", "Alpine Joinery", "office@example.com", "ACTIVE", merged=False)
    return ContactFacts((replace(one, **changes),), (), {})


def ledger(**changes: Any) -> CheckFacts:
    return here(ledger=replace(HERE.ledger, **changes))


def cron(**changes: Any) -> CheckFacts:
    return here(cron=replace(HERE.cron, **changes))


def tracked(*rules: tuple[str, str]) -> Rules:
    return invoice(tracking=tuple(TrackingRule(name, Template.parse(option)) for name, option in rules))


TEAM = (TrackingCategory("Team", True, {"North": True, "South": True, "East": False}),)
SUBFORM = lines(sources=("subform", "amount"), subform=SubformRules(module="Parts"))
COLUMNS = fields(
    Product_Name="lookup", Quantity="double", List_Price="currency", Discount="currency", Description="text"
)
WITH_ABN = replace(RULES, customer=CustomerRules(tax_number="ABN"))
MANY_CURRENCIES = {"organisation": ZohoOrganisation("1", "2", "Example Trading", "AUD", multi_currency=True)}


def test_nothing_wrong_is_all_green() -> None:
    found = judge(RULES, FACTS)
    assert [finding for finding in found if finding.state != "ok"] == []
    assert [finding.code for finding in found] == [code for code in RISKS if code != "login_lapse"]
    assert check_exit_code(found) == 0


# The rules, the facts, the risk, and a word of what it says; then how grave it is.
REDS: list[tuple[Rules, CheckFacts, str, str, Gravity]] = [
    (RULES, replace(FACTS, zoho_login=LoginFacts("zoho", None, Unread("No.", "Log in.", "login"))), "zoho_login", "No.",
     "login"),
    (RULES, replace(FACTS, xero_login=LoginFacts("xero", None, Unread("Other.", "Log in.", "ledger"))),
     "xero_organisation", "Other.", "ledger"),
    (RULES, replace(FACTS, xero_login=LoginFacts("xero", "A", lacking=("accounting.contacts",))), "xero_scopes",
     "accounting.contacts", "login"),
    (RULES, here(secrets=Unread("Open to others.", "chmod", "login")), "secrets", "Open", "login"),
    (RULES, cron(missing={"zoho": ("ZXS_ZOHO_CLIENT_ID",), "xero": ()}), "cron_logins", "ZXS_ZOHO_CLIENT_ID", "login"),
    (RULES, cron(program=False), "cron_line", "PATH", "deals"),
    (RULES, ledger(trouble=Unread("Damaged.", "Restore.", "ledger")), "ledger", "Damaged.", "ledger"),
    (RULES, ledger(baseline=False), "baseline", "cut short", "deals"),
    (RULES, ledger(unsettled=2), "unsettled", "2 of the requests", "retry"),
    (RULES, here(disk_free=50 * 1024 * 1024), "disk", "50 MB", "ledger"),
    (replace(RULES, stages=(StageRule(("Won",), "draft"),)), FACTS, "deal_stages", "'Won'", "config"),
    (replace(RULES, stages=(replace(WON, pipeline="Services"),)), FACTS, "stage_pipelines", "'Services'", "config"),
    (replace(RULES, stages=(replace(WON, pipeline="B"),)), zoho(pipelines={"A": ("Closed Won",)}), "stage_pipelines",
     "'B'", "config"),
    (replace(RULES, stages=(replace(WON, pipeline="A"),)), zoho(pipelines={"A": ("Open",)}), "stage_pipelines",
     "no stage 'Closed Won'", "config"),
    (lines(quote_stages=("Sent",)), FACTS, "quote_stages", "'Sent'", "config"),
    (RULES, zoho(modules={"quote": None}), "line_sources", "Quotes", "config"),
    (RULES, zoho(modules={"quote": {k: v for k, v in QUOTES.items() if k != "Deal_Name"}}), "line_sources", "Deal_Name",
     "config"),
    (SUBFORM, zoho(modules={"subform": None}), "subform", "Parts", "config"),
    (SUBFORM, zoho(modules={"subform": {k: v for k, v in COLUMNS.items() if k != "Quantity"}}), "subform", "Quantity",
     "config"),
    (invoice(reference=Template.parse("{PO_Number}")), FACTS, "deal_fields", "PO_Number", "config"),
    (invoice(due=DueField("Amount")), FACTS, "deal_fields", "no date but currency", "config"),
    (RULES, zoho(deal_fields={**DEALS, "Amount": FieldMeta("Amount", "currency", visible=False)}), "deal_fields",
     "hidden", "config"),
    (RULES, zoho(deal_fields=None), "deal_fields", "no module Deals", "config"),
    (WITH_ABN, zoho(account_fields=fields(ABN_Number="text")), "customer_fields", "no field ABN, which customer.tax",
     "config"),
    (WITH_ABN, zoho(account_fields={"ABN": FieldMeta("ABN", "text", visible=False)}), "customer_fields", "hidden",
     "config"),
    (replace(RULES, customer=CustomerRules(fields={"CompanyNumber": "ACN"})), zoho(account_fields=fields(ABN="text")),
     "customer_fields", "customer.fields (CompanyNumber)", "config"),
    (WITH_ABN, zoho(account_fields=None), "customer_fields", "no module Accounts", "config"),
    (told(number="No"), zoho(deal_fields=DEALS), "write_back", "no field No", "config"),
    (told(number="No"), zoho(deal_fields={"No": FieldMeta("No", "text", writable=False)}), "write_back",
     "cannot be written", "config"),
    (told(due="Due"), zoho(deal_fields=fields(Due="text")), "write_back", "is a text", "config"),
    (told(status="State"), zoho(deal_fields=picklist("State", DRAFT=True, PAID=True)), "write_back",
     "has no SUBMITTED, AUTHORISED, VOIDED, DELETED", "config"),
    (RULES, here(textfile="a.prom", textfile_trouble=Unread("No folder.", "Make it.", "deals")), "textfile", "No",
     "deals"),
    (invoice(account="999"), FACTS, "accounts", "999", "config"),
    (invoice(account="260"), FACTS, "accounts", "not active", "deals"),
    (invoice(accounts={"Ads": "400"}), FACTS, "accounts", "EXPENSE", "deals"),
    (invoice(rounding=RoundingRules("861")), FACTS, "rounding_account", "861", "config"),
    (invoice(rounding=RoundingRules("090")), FACTS, "rounding_account", "cannot take", "deals"),
    (invoice(adjustment_account="862"), FACTS, "accounts", "invoice.adjustment_account", "config"),
    (invoice(header_discount="line", header_discount_account="090"), FACTS, "accounts", "cannot be on", "deals"),
    (invoice(tax={"GST": "OUTPUT"}), FACTS, "zoho_taxes", "'GST Free'", "deals"),
    (invoice(tax={**TAXES, "VAT": "OUTPUT"}), FACTS, "zoho_taxes", "'VAT'", "config"),
    (invoice(tax={**TAXES, "GST": "TAX099"}), FACTS, "tax_types", "TAX099", "config"),
    (invoice(tax={**TAXES, "GST": "TAX001"}), FACTS, "tax_types", "not active", "deals"),
    (invoice(tax={**TAXES, "GST": "INPUT"}), FACTS, "tax_types", "not allowed on sales", "deals"),
    (invoice(tax={**TAXES, "GST": "EXEMPTOUTPUT"}), FACTS, "tax_rates", "10 % in Zoho", "deals"),
    (invoice(tax={**TAXES, "GST + GST Free": "EXEMPTOUTPUT"}), FACTS, "tax_rates", "'GST + GST Free' is 10", "deals"),
    (invoice(tax_default="NOPE"), FACTS, "tax_default", "NOPE", "config"),
    (invoice(tax_default=None), xero(accounts={"200": replace(SALES, tax_type="INPUT")}), "tax_default", "INPUT",
     "deals"),
    (RULES, replace(zoho(currencies=("AUD", "USD"), **MANY_CURRENCIES), xero=replace(XERO, currencies=frozenset())),
     "currencies", "USD", "deals"),
    (RULES, replace(zoho(organisation=replace(MANY_CURRENCIES["organisation"], currency="NZD")),
                    xero=replace(XERO, currencies=frozenset({"AUD"}))), "currencies", "NZD", "deals"),
    (invoice(branding_theme="Gold"), xero(themes=frozenset({"Standard"})), "branding_theme", "'Gold'", "config"),
    (tracked(("Region", "East")), xero(tracking=TEAM), "tracking", "'Region'", "config"),
    (tracked(("Team", "West")), xero(tracking=TEAM), "tracking", "West", "config"),
    (tracked(("Team", "Team {Territory}")), xero(tracking=TEAM), "tracking", "'Team North'", "deals"),
    (tracked(("Team", "East")), xero(tracking=TEAM), "tracking", "East", "config"),
    (RULES, organisation(time_zone=None, zone_name="MOONTIME"), "time_zone", "MOONTIME", "deals"),
    (RULES, organisation(locked=date(2026, 11, 20)), "lock_dates", "2026-11-20", "deals"),
    (RULES, organisation(status="EXPIRED"), "plan", "EXPIRED", "deals"),
    (RULES, organisation(plan="GST_CASHBOOK"), "plan", "no sales invoices", "deals"),
    (RULES, xero(contacts=contact(status="ARCHIVED")), "contacts", "archived", "deals"),
    (RULES, xero(contacts=contact(merged=True)), "contacts", "merged", "deals"),
    (RULES, xero(contacts=ContactFacts((), ("Birch",))), "contacts", "no longer", "deals"),
    (RULES, zoho(skew=timedelta(minutes=3)), "clock", "180 s behind Zoho", "deals"),
    (RULES, xero(skew=timedelta(minutes=-3)), "clock", "180 s ahead of Xero", "deals"),
    (RULES, zoho(calls_left=10), "zoho_allowance", "10", "retry"),
    (RULES, xero(calls_left=100), "xero_allowance", "100 calls", "retry"),
]  # fmt: skip
EXITS: Mapping[Gravity, int] = {"ledger": 13, "login": 12, "config": 10, "retry": 4, "deals": 3}


@pytest.mark.parametrize(
    ("rules", "facts", "code", "words", "gravity"), REDS, ids=[f"{row[2]}-{row[3][:18]}" for row in REDS]
)
def test_a_fault_is_red_and_names_its_fix(
    rules: Rules, facts: CheckFacts, code: str, words: str, gravity: Gravity
) -> None:
    found = judge(rules, facts)
    (red,) = [finding for finding in found if finding.state == "problem" and words in finding.message]
    assert (red.code, red.gravity) == (code, gravity)
    assert red.hint
    if all(finding.gravity in (None, gravity) for finding in found):
        assert check_exit_code(found) == EXITS[gravity]


def test_every_risk_can_be_red_or_noted() -> None:
    told = {row[2] for row in REDS} | {row[2] for row in NOTES}
    # One login and one kind of scope stand for both services.
    assert set(RISKS) - told == {"zoho_organisation", "zoho_scopes", "xero_login"}


NOTES: list[tuple[Rules, CheckFacts, str, str]] = [
    (RULES, replace(FACTS, xero_login=replace(FACTS.xero_login, lapse="It lapses soon.")), "login_lapse", "lapses"),
    (RULES, cron(places=()), "cron_line", "No cron job"),
    (RULES, ledger(exists=False), "ledger", "none yet"),
    (RULES, ledger(uncovered=("Confirmed",)), "baseline", "Confirmed"),
    (RULES, here(lock_holder="4711"), "lock", "4711"),
    (replace(RULES, stages=(StageRule(("Retired",), "draft"),)), FACTS, "deal_stages", "no longer used"),
    (invoice(tax_default=None), FACTS, "tax_default", "OUTPUT (10 %)"),
    (RULES, organisation(plan="STARTER"), "plan", "limited"),
    (RULES, organisation(demo=True), "plan", "demo company"),
    (EMAILING, organisation(demo=True), "plan", "sends no e-mails"),
    (EMAILING, organisation(plan="TRIAL"), "plan", "20 e-mails a day"),
    (EMAILING, xero(contacts=contact(email="")), "contacts", "would not e-mail"),
    (RULES, xero(contacts=replace(contact(), sharing={"a@example.com": ("One", "Two")})), "contacts", "2 contacts"),
]


@pytest.mark.parametrize(("rules", "facts", "code", "words"), NOTES, ids=[f"{row[2]}-{row[3][:18]}" for row in NOTES])
def test_what_is_worth_knowing_is_a_note_and_no_failure(rules: Rules, facts: CheckFacts, code: str, words: str) -> None:
    found = judge(rules, facts)
    (note,) = [finding for finding in found if finding.state == "note"]
    assert note.code == code
    assert words in note.message
    assert check_exit_code(found) == 0


GREENS: list[tuple[Rules, CheckFacts, str, str]] = [
    (replace(RULES, stages=(replace(WON, pipeline="A"),)), zoho(pipelines={"A": ("Closed Won",)}), "stage_pipelines",
     "A"),
    (SUBFORM, zoho(modules={"subform": COLUMNS}), "subform", "can be read"),
    (invoice(date="closing_date"), FACTS, "deal_fields", "Closing_Date"),
    (WITH_ABN, zoho(account_fields=fields(ABN="text")), "customer_fields", "ABN"),
    (replace(RULES, customer=CustomerRules(sources=("contact",), tax_number="ABN")), FACTS, "customer_fields", "none"),
    (told(number="No", paid_on="Paid"), zoho(deal_fields=fields(No="text", Paid="date")), "write_back", "No, Paid"),
    (RULES, here(textfile="/var/lib/a.prom"), "textfile", "/var/lib/a.prom"),
    (invoice(date="closing_date"), organisation(locked=date(2026, 6, 30)), "lock_dates", "earlier Closing_Date"),
    (RULES, organisation(locked=date(2026, 11, 19)), "lock_dates", "2026-11-19"),
    (invoice(locked_date="first_open_day"), organisation(locked=date(2026, 11, 20)), "lock_dates", "the day after"),
    (invoice(rounding=RoundingRules("400")), FACTS, "rounding_account", "400"),
    (invoice(amounts="no_tax", tax={**TAXES, "GST": "EXEMPTOUTPUT"}), FACTS, "tax_rates", "no_tax"),
    (tracked(("team", "north"), ), xero(tracking=TEAM), "tracking", "north"),
    (tracked(("Team", "{Territory}")), xero(tracking=TEAM), "tracking", "North, South"),
    (RULES, xero(contacts=contact()), "contacts", "1 looked at"),
    (RULES, zoho(calls_left=500), "zoho_allowance", "500"),
    (RULES, xero(calls_left=101), "xero_allowance", "101"),
    (RULES, zoho(skew=timedelta(minutes=2)), "clock", "120 s"),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "facts", "code", "words"), GREENS, ids=[f"{row[2]}-{row[3][:18]}" for row in GREENS])
def test_what_is_right_is_green(rules: Rules, facts: CheckFacts, code: str, words: str) -> None:
    (green,) = [finding for finding in judge(rules, facts) if finding.code == code]
    assert (green.state, words in green.message) == ("ok", True), green


CAUSE = Unread("Zoho could not be asked.")
UNREAD: list[tuple[Rules, CheckFacts, set[str]]] = [
    (RULES, replace(FACTS, zoho=ZohoFacts(CAUSE, CAUSE, CAUSE, {"quote": CAUSE})),
     {"deal_stages", "quote_stages", "line_sources", "deal_fields", "zoho_taxes", "tax_rates", "currencies",
      "zoho_allowance"}),
    (RULES, replace(FACTS, xero=XeroFacts(CAUSE, CAUSE, CAUSE, date(2026, 11, 20), contacts=CAUSE)),
     {"accounts", "tax_types", "tax_rates", "tax_default", "currencies", "time_zone", "lock_dates", "plan", "contacts",
      "xero_allowance"}),
    (replace(RULES, stages=(replace(WON, pipeline="Standard"),)), zoho(pipelines=CAUSE), {"stage_pipelines"}),
    (tracked(("Team", "{Deal_Name}")), xero(tracking=TEAM), {"tracking"}),
    (tracked(("Team", "{Territory}")), FACTS, {"tracking"}),
    (RULES, replace(zoho(currencies=("USD",), **MANY_CURRENCIES)), {"currencies"}),
    (invoice(branding_theme="Gold"), FACTS, {"branding_theme"}),
    (RULES, cron(missing=CAUSE), {"cron_logins"}),
    (WITH_ABN, zoho(account_fields=CAUSE), {"customer_fields"}),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "facts", "codes"), UNREAD, ids=lambda value: None)
def test_what_could_not_be_looked_at_is_neither_red_nor_green(rules: Rules, facts: CheckFacts, codes: set[str]) -> None:
    found = judge(rules, facts)
    assert {finding.code for finding in found if finding.state == "unchecked"} == codes
    assert all(finding.message for finding in found)
    assert check_exit_code(found) == 0


def test_the_gravest_problem_gives_the_exit_code() -> None:
    order: list[Gravity] = ["deals", "retry", "config", "login", "ledger"]
    reds = [Finding("ledger", "problem", "x", "y", "z", gravity) for gravity in order]
    assert [check_exit_code(reds[: place + 1]) for place in range(5)] == [3, 4, 10, 12, 13]
