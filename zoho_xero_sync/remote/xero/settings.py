"""The Xero organisation's settings, as raw answers that can be kept for a day and as typed books.

developer.xero.com/documentation/api/accounting/organisation, accounts, taxrates, currencies, brandingthemes, items.
"""

from __future__ import annotations

from collections.abc import Mapping

from tzlocal.windows_tz import win_tz

from zoho_xero_sync.core.model import Books, XeroAccount, XeroTaxRate
from zoho_xero_sync.errors import RemoteError
from zoho_xero_sync.remote.xero import wire
from zoho_xero_sync.remote.xero.client import XeroClient

# Fact name to (path, collection).
SETTINGS: Mapping[str, tuple[str, str]] = {
    "xero.organisation": ("/Organisation", "Organisations"),
    "xero.accounts": ("/Accounts", "Accounts"),
    "xero.tax_rates": ("/TaxRates", "TaxRates"),
    "xero.currencies": ("/Currencies", "Currencies"),
    "xero.branding_themes": ("/BrandingThemes", "BrandingThemes"),
    "xero.items": ("/Items", "Items"),
}
ALWAYS = ("xero.organisation", "xero.accounts", "xero.tax_rates")

# Xero spells zones as Windows does, upper case and without spaces: AUSEASTERNSTANDARDTIME.
_ZONES = {"".join(name.split()).upper(): zone for name, zone in win_tz.items()}


def fetch_setting(client: XeroClient, name: str) -> tuple[wire.Element, ...]:
    """The elements of one settings answer."""
    path, collection = SETTINGS[name]
    return wire.elements(client.read(path), collection)


def time_zone(xero_name: str) -> str:
    """The IANA name of Xero's time zone. Raises RemoteError for one that is not known."""
    zone = _ZONES.get("".join(xero_name.split()).upper())
    if zone is None:
        raise RemoteError(
            f"Xero gives its organisation's time zone as {xero_name or '(nothing)'}, which this program does not know.",
            "Report it, with the name of the zone; no invoice is dated by guess.",
        )
    return zone


def parse_books(settings: Mapping[str, tuple[wire.Element, ...]]) -> Books:
    """The settings as typed books; currencies and themes only when they were read."""
    organisations = settings["xero.organisation"]
    if len(organisations) != 1:
        raise RemoteError(f"Xero answered with {len(organisations)} organisations instead of one.", "Run again.")
    organisation = organisations[0]
    currencies, themes = settings.get("xero.currencies"), settings.get("xero.branding_themes")
    items = settings.get("xero.items")
    locks = [wire.calendar_date(organisation, name) for name in ("PeriodLockDate", "EndOfYearLockDate")]
    return Books(
        organisation=wire.text(organisation, "Name"),
        time_zone=time_zone(wire.text(organisation, "Timezone")),
        base_currency=wire.text(organisation, "BaseCurrency"),
        accounts={account.code: account for account in map(account_of, settings["xero.accounts"]) if account.code},
        tax_rates={rate.tax_type: rate for rate in map(tax_rate_of, settings["xero.tax_rates"])},
        currencies=None if currencies is None else frozenset(wire.text(entry, "Code") for entry in currencies),
        branding_themes=None
        if themes is None
        else {wire.text(theme, "Name"): wire.text(theme, "BrandingThemeID") for theme in themes},
        short_code=wire.text(organisation, "ShortCode"),
        locked_until=max((day for day in locks if day is not None), default=None),
        items=None if items is None else frozenset(wire.text(item, "Code") for item in items),
    )


def account_of(element: wire.Element) -> XeroAccount:
    """One account of the chart."""
    return XeroAccount(
        code=wire.text(element, "Code"),
        name=wire.text(element, "Name"),
        status=wire.text(element, "Status"),
        type=wire.text(element, "Type"),
        account_class=wire.text(element, "Class"),
        tax_type=wire.text(element, "TaxType"),
        system=bool(wire.text(element, "SystemAccount")),
    )


def tax_rate_of(element: wire.Element) -> XeroTaxRate:
    """One tax rate."""
    return XeroTaxRate(
        tax_type=wire.text(element, "TaxType"),
        name=wire.text(element, "Name"),
        rate=wire.number(element, "EffectiveRate"),
        status=wire.text(element, "Status"),
        for_revenue=element.get("CanApplyToRevenue") is True,
    )
