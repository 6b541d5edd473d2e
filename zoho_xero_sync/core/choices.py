"""What a first configuration may name in both organisations, and which of it is proposed."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zoho_xero_sync.core.check_xero import for_sales, usable_on_sales
from zoho_xero_sync.core.model import Tax, XeroAccount, XeroTaxRate

_WON = "Closed Won"
# Xero's type of lines outside any tax (API: Types, Tax rates).
_OUTSIDE = "NONE"


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person may choose from; everything in it passes `check`.

    `stages` are those of deals with the pipelines that have them; `quote_stages` is None when the login sees no quotes.
    `rates` are in percent.
    """

    stages: Mapping[str, tuple[str, ...]]
    quote_stages: tuple[str, ...] | None
    taxes: tuple[Tax, ...]
    accounts: tuple[XeroAccount, ...]
    rates: tuple[XeroTaxRate, ...]


def sales_accounts(chart: Mapping[str, XeroAccount]) -> tuple[XeroAccount, ...]:
    """The accounts that sales invoices may name, by code."""
    return tuple(sorted(filter(for_sales, chart.values()), key=lambda account: account.code))


def sales_rates(rates: Mapping[str, XeroTaxRate]) -> tuple[XeroTaxRate, ...]:
    """The tax rates that lines of sales invoices may carry, as Xero lists them."""
    return tuple(filter(usable_on_sales, rates.values()))


def stages_by_pipeline(pipelines: Mapping[str, tuple[str, ...]], used: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """Each stage in use with the pipelines that have it, in the order of the pipelines."""
    named = [stage for stages in pipelines.values() for stage in stages if stage in used]
    return {
        stage: tuple(name for name, stages in pipelines.items() if stage in stages)
        for stage in dict.fromkeys((*named, *used))
    }


def proposed_stages(names: Sequence[str], usual: Sequence[str]) -> tuple[str, ...]:
    """Those of the usual stages that exist."""
    return tuple(name for name in names if name in usual)


def proposed_invoice(stage: str) -> str:
    """What a stage starts when nobody says otherwise: an approved invoice once the deal is won, else a draft."""
    return "authorised" if stage == _WON else "draft"


def proposed_account(accounts: Sequence[XeroAccount], usual: str) -> str | None:
    """The code of the usual sales account where the chart has it, else of the first; None when there is none."""
    codes = [account.code for account in accounts]
    return usual if usual in codes else next(iter(codes), None)


def proposed_rate(tax: Tax, rates: Sequence[XeroTaxRate]) -> str | None:
    """The tax type of the same percentage, by the likest name when there are several; None when there is none."""
    same = [rate for rate in rates if rate.rate == tax.percent]
    return max(same, key=lambda rate: _likeness(tax.name, rate)).tax_type if same else None


def _likeness(name: str, rate: XeroTaxRate) -> tuple[bool, float]:
    found = difflib.SequenceMatcher(None, name.casefold(), rate.name.casefold()).ratio()
    return rate.name.casefold().startswith(name.casefold()), found


def proposed_untaxed(rates: Sequence[XeroTaxRate], mapped: Mapping[str, str]) -> str | None:
    """The tax type of 0 % for rows without a tax: one that a Zoho tax has already, else the first; None without one."""
    zero = [rate.tax_type for rate in rates if not rate.rate]
    chosen = [tax_type for tax_type in mapped.values() if tax_type in zero]
    return next(iter((*chosen, *(each for each in zero if each != _OUTSIDE), *zero)), None)
