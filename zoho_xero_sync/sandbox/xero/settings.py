"""What a document is checked against: the organisation, its accounts, tax rates, currencies, tracking, items.

Sources: developer.xero.com/documentation/api/accounting/types (account types and classes) and
developer.xero.com/documentation/api/accounting/{accounts,taxrates,trackingcategories}.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from .model import Tracking

_ASSETS = ("BANK", "CURRENT", "FIXED", "INVENTORY", "NONCURRENT", "PREPAYMENT")
_EXPENSES = ("DIRECTCOSTS", "EXPENSE", "OVERHEADS", "DEPRECIATN", "SUPERANNUATIONEXPENSE", "WAGESEXPENSE")
_LIABILITIES = ("CURRLIAB", "LIABILITY", "TERMLIAB", "PAYGLIABILITY", "SUPERANNUATIONLIABILITY", "WAGEPAYABLELIABILITY")
_REVENUES = ("REVENUE", "SALES", "OTHERINCOME")
CLASS_OF = {
    **dict.fromkeys(_ASSETS, "ASSET"),
    **dict.fromkeys(_EXPENSES, "EXPENSE"),
    **dict.fromkeys(_LIABILITIES, "LIABILITY"),
    **dict.fromkeys(_REVENUES, "REVENUE"),
    "EQUITY": "EQUITY",
}
_FLAG_OF = {
    "ASSET": "CanApplyToAssets",
    "EQUITY": "CanApplyToEquity",
    "EXPENSE": "CanApplyToExpenses",
    "LIABILITY": "CanApplyToLiabilities",
    "REVENUE": "CanApplyToRevenue",
}


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the chart."""

    account_id: str
    code: str
    type: str
    status: str
    tax_type: str
    system: str
    wire: Mapping[str, object]

    @property
    def usable(self) -> bool:
        """Whether a document line may name it: not a bank account, not a system account but Rounding."""
        return self.type != "BANK" and self.system in ("", "ROUNDING")

    @property
    def takes_payments(self) -> bool:
        """Whether a payment may name it: a bank account, or one with EnablePaymentsToAccount."""
        return self.type == "BANK" or self.wire.get("EnablePaymentsToAccount") is True


@dataclass(frozen=True, slots=True)
class TaxRate:
    """A tax rate; `rate` in percent."""

    tax_type: str
    rate: Decimal
    status: str
    wire: Mapping[str, object]

    def applies_to(self, account_type: str) -> bool:
        """Whether lines on accounts of that type may carry it."""
        return bool(self.wire[_FLAG_OF[CLASS_OF.get(account_type, "REVENUE")]])


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything about the organisation that a document is checked against."""

    organisation: Mapping[str, object]
    zone: ZoneInfo
    base_currency: str
    accounts: Mapping[str, Account]
    tax_rates: Mapping[str, TaxRate]
    currencies: Mapping[str, Mapping[str, object]]
    currency_rates: Mapping[str, Decimal]
    themes: Mapping[str, Mapping[str, object]]
    categories: tuple[Mapping[str, object], ...]
    items: Mapping[str, Mapping[str, object]]
    period_lock: date | None
    year_lock: date | None

    @property
    def default_theme(self) -> str:
        """BrandingThemeID of the default theme."""
        return next(iter(self.themes))

    def with_item(self, item: Mapping[str, object]) -> Settings:
        """The same settings with that item new, or in place of the one with its ItemID."""
        kept = {code: old for code, old in self.items.items() if old["ItemID"] != item["ItemID"]}
        return replace(self, items={**kept, str(item["Code"]): item})

    def with_category(self, category: Mapping[str, object]) -> Settings:
        """The same settings with that tracking category in place of the one with its id."""
        known = category["TrackingCategoryID"]
        rows = tuple(category if row["TrackingCategoryID"] == known else row for row in self.categories)
        return replace(self, categories=rows)

    def with_currency(self, currency: Mapping[str, object]) -> Settings:
        """The same settings with one more currency."""
        return replace(self, currencies={**self.currencies, str(currency["Code"]): currency})

    def locked_until(self, period: date | None, year: date | None) -> Settings:
        """The same settings with other lock dates."""
        return replace(self, period_lock=period, year_lock=year)

    def tracking(
        self, name: str | None, category_id: str | None, option: str | None, option_id: str | None
    ) -> Tracking:
        """The active category and option meant. Raises LookupError with Xero's sentence."""
        category = _active(self.categories, "TrackingCategoryID", category_id, name)
        if category is None:
            raise LookupError(f"There is no ACTIVE tracking category with the name '{name or category_id or ''}'")
        options = category["Options"]
        found = _active(options if isinstance(options, list) else [], "TrackingOptionID", option_id, option)
        if found is None:
            raise LookupError(f"There is no ACTIVE tracking option with the name '{option or option_id or ''}'")
        return Tracking(
            str(category["TrackingCategoryID"]),
            str(found["TrackingOptionID"]),
            str(category["Name"]),
            str(found["Name"]),
        )


def _active(
    rows: Iterable[Mapping[str, object]], id_name: str, wanted_id: str | None, name: str | None
) -> Mapping[str, object] | None:
    for row in rows:
        same = row[id_name] == wanted_id if wanted_id else name and str(row["Name"]).casefold() == name.casefold()
        if same and row["Status"] == "ACTIVE":
            return row
    return None
