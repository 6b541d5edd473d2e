"""What `init` offers and proposes."""

from __future__ import annotations

from decimal import Decimal

import pytest

from zoho_xero_sync.core.choices import (
    proposed_account,
    proposed_invoice,
    proposed_rate,
    proposed_untaxed,
    sales_accounts,
    sales_rates,
    stages_by_pipeline,
)
from zoho_xero_sync.core.model import Tax, XeroAccount, XeroTaxRate


def account(code: str, *, status: str = "ACTIVE", kind: str = "REVENUE", system: bool = False) -> XeroAccount:
    return XeroAccount(code, f"Account {code}", status, "SALES", kind, "OUTPUT", system)


def rate(tax_type: str, name: str, percent: str, *, status: str = "ACTIVE", sales: bool = True) -> XeroTaxRate:
    return XeroTaxRate(tax_type, name, Decimal(percent), status, sales)


RATES = (
    rate("NONE", "No Tax", "0"),
    rate("OUTPUT", "GST on Income", "10"),
    rate("EXEMPTEXPORT", "GST Free Exports", "0"),
    rate("EXEMPTOUTPUT", "GST Free Income", "0"),
    rate("TAX003", "Import duty", "10"),
)


def test_only_active_accounts_for_sales_are_offered() -> None:
    chart = [account("260"), account("200"), account("210", status="ARCHIVED"), account("400", kind="EXPENSE")]
    chart.append(account("890", system=True))
    assert [found.code for found in sales_accounts({each.code: each for each in chart})] == ["200", "260"]


def test_only_active_rates_for_sales_are_offered() -> None:
    rates = [*RATES, rate("INPUT", "GST on Expenses", "10", sales=False), rate("TAX001", "Old", "10", status="DELETED")]
    assert sales_rates({each.tax_type: each for each in rates}) == RATES


@pytest.mark.parametrize(
    ("name", "percent", "tax_type"),
    [
        ("GST", "10", "OUTPUT"),
        ("GST", "10.0", "OUTPUT"),
        ("Import duty", "10", "TAX003"),
        ("GST Free Income", "0", "EXEMPTOUTPUT"),
        ("No tax", "0", "NONE"),
        ("GST", "15", None),
    ],
)
def test_the_rate_of_the_same_percentage_and_the_likest_name_is_proposed(
    name: str, percent: str, tax_type: str | None
) -> None:
    assert proposed_rate(Tax(name, Decimal(percent)), RATES) == tax_type


@pytest.mark.parametrize(
    ("rates", "mapped", "tax_type"),
    [
        (RATES, {}, "EXEMPTEXPORT"),
        (RATES, {"GST": "OUTPUT", "GST Free": "EXEMPTOUTPUT"}, "EXEMPTOUTPUT"),
        (RATES[:2], {"GST": "OUTPUT"}, "NONE"),
        (RATES[1:2], {"GST": "OUTPUT"}, None),
    ],
)
def test_rows_without_a_tax_are_proposed_a_rate_of_zero(
    rates: tuple[XeroTaxRate, ...], mapped: dict[str, str], tax_type: str | None
) -> None:
    assert proposed_untaxed(rates, mapped) == tax_type


@pytest.mark.parametrize(("codes", "code"), [(("100", "200"), "200"), (("410", "420"), "410"), ((), None)])
def test_the_usual_account_is_proposed_where_there_is_one(codes: tuple[str, ...], code: str | None) -> None:
    assert proposed_account([account(each) for each in codes], "200") == code


def test_a_won_deal_is_proposed_an_approved_invoice() -> None:
    assert [proposed_invoice(stage) for stage in ("Confirmed", "Closed Won")] == ["draft", "authorised"]


def test_stages_keep_the_order_of_their_pipelines_and_only_those_in_use_count() -> None:
    pipelines = {"Standard": ("Proposal", "Closed Won", "Old"), "Renewals": ("Due", "Closed Won")}
    assert stages_by_pipeline(pipelines, ("Closed Won", "Due", "Proposal", "Elsewhere")) == {
        "Proposal": ("Standard",),
        "Closed Won": ("Standard", "Renewals"),
        "Due": ("Renewals",),
        "Elsewhere": (),
    }
