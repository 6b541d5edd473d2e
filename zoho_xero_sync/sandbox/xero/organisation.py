"""Settings from a world's xero section; what is left out becomes a small Australian organisation.

Shapes as in developer.xero.com/documentation/api/accounting/{organisation,accounts,taxrates,currencies,brandingthemes,
trackingcategories,items}.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from .settings import CLASS_OF, Account, Settings, TaxRate
from .store import stable_id

# Names as Xero writes them in Organisation.Timezone: the Windows name in capitals without spaces and dots.
_ZONES = {
    "AUSEASTERNSTANDARDTIME": "Australia/Sydney",
    "EAUSTRALIASTANDARDTIME": "Australia/Brisbane",
    "CENAUSTRALIASTANDARDTIME": "Australia/Adelaide",
    "AUSCENTRALSTANDARDTIME": "Australia/Darwin",
    "WAUSTRALIASTANDARDTIME": "Australia/Perth",
    "TASMANIASTANDARDTIME": "Australia/Hobart",
    "NEWZEALANDSTANDARDTIME": "Pacific/Auckland",
    "SINGAPORESTANDARDTIME": "Asia/Singapore",
    "INDIASTANDARDTIME": "Asia/Kolkata",
    "SOUTHAFRICASTANDARDTIME": "Africa/Johannesburg",
    "GMTSTANDARDTIME": "Europe/London",
    "WEUROPESTANDARDTIME": "Europe/Berlin",
    "ROMANCESTANDARDTIME": "Europe/Paris",
    "EASTERNSTANDARDTIME": "America/New_York",
    "CENTRALSTANDARDTIME": "America/Chicago",
    "MOUNTAINSTANDARDTIME": "America/Denver",
    "PACIFICSTANDARDTIME": "America/Los_Angeles",
    "UTC": "UTC",
}
CURRENCY_NAMES = {
    "AUD": "Australian Dollar",
    "CAD": "Canadian Dollar",
    "EUR": "Euro",
    "GBP": "British Pound",
    "JPY": "Japanese Yen",
    "KWD": "Kuwaiti Dinar",
    "NZD": "New Zealand Dollar",
    "USD": "United States Dollar",
}
_DEFAULT_ACCOUNTS: tuple[Mapping[str, object], ...] = (
    {"Code": "090", "Name": "Business Bank Account", "Type": "BANK", "TaxType": "BASEXCLUDED"},
    {"Code": "200", "Name": "Sales", "Type": "REVENUE", "TaxType": "OUTPUT"},
    {"Code": "260", "Name": "Other Revenue", "Type": "REVENUE", "TaxType": "OUTPUT"},
    {"Code": "404", "Name": "Bank Fees", "Type": "EXPENSE", "TaxType": "EXEMPTEXPENSES"},
    {"Code": "610", "Name": "Debtors", "Type": "CURRENT", "TaxType": "BASEXCLUDED", "SystemAccount": "DEBTORS"},
    {"Code": "820", "Name": "GST", "Type": "CURRLIAB", "TaxType": "BASEXCLUDED", "SystemAccount": "GST"},
    {"Code": "860", "Name": "Rounding", "Type": "EXPENSE", "TaxType": "BASEXCLUDED", "SystemAccount": "ROUNDING"},
)
_DEFAULT_RATES: tuple[Mapping[str, object], ...] = (
    {"Name": "GST on Income", "TaxType": "OUTPUT", "EffectiveRate": "10"},
    {"Name": "GST Free Income", "TaxType": "EXEMPTOUTPUT", "EffectiveRate": "0"},
    {"Name": "GST on Expenses", "TaxType": "INPUT", "EffectiveRate": "10", "CanApplyToRevenue": False},
    {"Name": "GST Free Expenses", "TaxType": "EXEMPTEXPENSES", "EffectiveRate": "0", "CanApplyToRevenue": False},
    {"Name": "BAS Excluded", "TaxType": "BASEXCLUDED", "EffectiveRate": "0", "CanApplyToExpenses": True},
)


def read_settings(world: Mapping[str, object]) -> Settings:
    """Settings from a world's xero section, gaps filled with defaults. Raises ValueError naming the key."""
    organisation = _organisation(_mapping(world, "organisation"))
    base = str(organisation["BaseCurrency"])
    codes = [str(code) for code in _sequence(world, "currencies")] or [base]
    zone_name = str(organisation["Timezone"])
    if zone_name not in _ZONES:
        raise ValueError(f"xero.organisation.Timezone: '{zone_name}' is not a known Xero time zone name.")
    themes = _sequence(world, "branding_themes") or [{"Name": "Standard"}]
    return Settings(
        organisation=organisation,
        zone=ZoneInfo(_ZONES[zone_name]),
        base_currency=base,
        accounts={account.code: account for account in map(_account, _objects(world, "accounts", _DEFAULT_ACCOUNTS))},
        tax_rates={rate.tax_type: rate for rate in map(_tax_rate, _objects(world, "tax_rates", _DEFAULT_RATES))},
        currencies={code: _currency(code) for code in dict.fromkeys([base, *codes])},
        currency_rates={str(code): Decimal(str(rate)) for code, rate in _mapping(world, "currency_rates").items()},
        themes=_themes(themes),
        categories=tuple(_category(raw) for raw in _objects(world, "tracking_categories", ())),
        items={str(item["Code"]): item for item in map(_item, _objects(world, "items", ()))},
        period_lock=_lock(organisation, "PeriodLockDate"),
        year_lock=_lock(organisation, "EndOfYearLockDate"),
    )


def _organisation(given: Mapping[str, object]) -> dict[str, object]:
    name = str(given.get("Name", "Sandbox Trading Pty Ltd"))
    country = str(given.get("CountryCode", "AU"))
    return {
        "OrganisationID": stable_id("organisation", name),
        "Name": name,
        "LegalName": name,
        "PaysTax": True,
        "Version": country,
        "OrganisationType": "COMPANY",
        "BaseCurrency": "AUD",
        "CountryCode": country,
        "IsDemoCompany": False,
        "OrganisationStatus": "ACTIVE",
        "FinancialYearEndDay": 30,
        "FinancialYearEndMonth": 6,
        "SalesTaxBasis": "ACCRUALS",
        "DefaultSalesTax": "Tax Exclusive",
        "Timezone": "AUSEASTERNSTANDARDTIME",
        "ShortCode": "!sandbx",
        "Class": "PREMIUM",
        "Edition": "BUSINESS",
        **given,
    }


def _account(raw: Mapping[str, object]) -> Account:
    code, kind = str(raw.get("Code", "")), str(raw.get("Type", "REVENUE"))
    if kind not in CLASS_OF:
        raise ValueError(f"xero.accounts {code}: Type '{kind}' is not a Xero account type.")
    account_id = str(raw.get("AccountID", stable_id("account", code or raw.get("Name"))))
    status, tax_type = str(raw.get("Status", "ACTIVE")), str(raw.get("TaxType", "NONE"))
    filled = {"Status": status, "TaxType": tax_type, "Type": kind, "Class": CLASS_OF[kind], "HasAttachments": False}
    wire = {"AccountID": account_id, **raw, **filled}
    return Account(account_id, code, kind, status, tax_type, str(raw.get("SystemAccount", "")), wire)


def _tax_rate(raw: Mapping[str, object]) -> TaxRate:
    tax_type = str(raw["TaxType"])
    rate = Decimal(str(raw.get("EffectiveRate", "0")))
    on_sales = bool(raw.get("CanApplyToRevenue", True))
    wire: dict[str, object] = {
        "Name": tax_type,
        "Status": "ACTIVE",
        "CanApplyToAssets": True,
        "CanApplyToEquity": True,
        "CanApplyToExpenses": not on_sales or tax_type in ("BASEXCLUDED", "NONE"),
        "CanApplyToLiabilities": True,
        "CanApplyToRevenue": on_sales,
        "TaxComponents": [{"Name": str(raw.get("Name", tax_type)), "Rate": rate, "IsCompound": False}],
        **raw,
        "DisplayTaxRate": rate,
        "EffectiveRate": rate,
    }
    return TaxRate(tax_type, rate, str(wire["Status"]), wire)


def _currency(code: str) -> Mapping[str, object]:
    return {"Code": code, "Description": CURRENCY_NAMES.get(code, code)}


def _themes(given: Iterable[object]) -> dict[str, Mapping[str, object]]:
    themes: dict[str, Mapping[str, object]] = {}
    for order, raw in enumerate(given):
        fields = raw if isinstance(raw, dict) else {"Name": raw}
        theme_id = str(fields.get("BrandingThemeID", stable_id("theme", fields["Name"])))
        themes[theme_id] = {"BrandingThemeID": theme_id, "SortOrder": order, "Type": "INVOICE", **fields}
    return themes


def _category(raw: Mapping[str, object]) -> Mapping[str, object]:
    name = str(raw["Name"])
    options = []
    for given in _sequence(raw, "Options"):
        fields = given if isinstance(given, dict) else {"Name": str(given)}
        option_id = stable_id("tracking option", f"{name}/{fields['Name']}")
        options.append({"TrackingOptionID": option_id, "Status": "ACTIVE", **fields})
    category_id = stable_id("tracking category", name)
    return {"TrackingCategoryID": category_id, "Status": "ACTIVE", **raw, "Options": options}


def _item(raw: Mapping[str, object]) -> Mapping[str, object]:
    return {
        "ItemID": stable_id("item", raw["Code"]),
        "Name": raw["Code"],
        "IsTrackedAsInventory": False,
        "IsSold": True,
        "IsPurchased": False,
        "SalesDetails": {},
        "PurchaseDetails": {},
        **raw,
    }


def _lock(organisation: Mapping[str, object], name: str) -> date | None:
    value = organisation.get(name)
    if value in (None, ""):
        return None
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError as error:
        raise ValueError(f"xero.organisation.{name}: '{value}' is not a date like 2026-06-30.") from error


def _mapping(world: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = world.get(name) or {}
    if not isinstance(value, dict):
        raise ValueError(f"xero.{name}: must be a mapping.")
    return value


def _sequence(world: Mapping[str, object], name: str) -> list[object]:
    value = world.get(name) or []
    if not isinstance(value, list):
        raise ValueError(f"xero.{name}: must be a list.")
    return value


def _objects(
    world: Mapping[str, object], name: str, default: Iterable[Mapping[str, object]]
) -> Iterable[Mapping[str, object]]:
    given = _sequence(world, name)
    if not all(isinstance(item, dict) for item in given):
        raise ValueError(f"xero.{name}: every entry must be a mapping.")
    return [item for item in given if isinstance(item, dict)] or default
