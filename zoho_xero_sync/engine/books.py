"""The Xero organisation's settings, read at most once a day and kept in the ledger as facts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from zoho_xero_sync.core.model import Books
from zoho_xero_sync.core.rules import Rules
from zoho_xero_sync.engine.ports import Context, LedgerView

# Settings change seldom; a problem that they could explain has them read again at once.
KEPT_FOR = timedelta(hours=24)

# Problems that fresher settings may solve, and which settings those are.
CURES: Mapping[str, tuple[str, ...]] = {
    "account_unknown": ("xero.accounts",),
    "account_unusable": ("xero.accounts",),
    "tax_rate_differs": ("xero.tax_rates",),
    "tax_unknown": ("xero.accounts", "xero.tax_rates"),
    "total_mismatch": ("xero.accounts", "xero.tax_rates"),
    "date_locked": ("xero.organisation",),
    "item_unknown": ("xero.items",),
    "currency_disabled": ("xero.currencies",),
}

_ALWAYS = ("xero.organisation", "xero.accounts", "xero.tax_rates")
_CURRENCIES = "xero.currencies"
_THEMES = "xero.branding_themes"
ITEMS = "xero.items"


class BookKeeper:
    """Gives the books, from facts while they are fresh. `fetched` are the texts read in this run, to be kept."""

    def __init__(self, context: Context, ledger: LedgerView) -> None:
        self._context, self._ledger = context, ledger
        self.fetched: dict[str, str] = {}
        self._texts: dict[str, str] = {}

    def books(self, rules: Rules, currencies: Collection[str]) -> Books:
        """The books; the list of enabled currencies is read only when `currencies` has one that is not the base one."""
        themes = [_THEMES] if rules.invoice.branding_theme else []
        items = [ITEMS] if rules.invoice.items != "ignore" else []
        for name in (*_ALWAYS, *themes, *items):
            self._load(name)
        books = self._context.xero.read_books(self._texts)
        if books.currencies is None and set(currencies) - {books.base_currency, ""}:
            self._load(_CURRENCIES)
            books = self._context.xero.read_books(self._texts)
        return books

    def refresh(self, names: Collection[str]) -> bool:
        """Read again those of the settings that came from the ledger; False when all are of this run already."""
        stale = [name for name in self._texts if name in names and name not in self.fetched]
        for name in stale:
            self._fetch(name)
        return bool(stale)

    def _load(self, name: str) -> None:
        if name in self._texts:
            return
        kept = self._ledger.fact(name)
        if kept is not None and self._is_fresh(kept[1]):
            self._texts[name] = kept[0]
            return
        self._fetch(name)

    def _fetch(self, name: str) -> None:
        self._texts[name] = self.fetched[name] = self._context.xero.fetch_setting(name)

    def _is_fresh(self, read_at: datetime) -> bool:
        age = self._context.clock.now() - read_at
        return timedelta(0) <= age < KEPT_FOR
