"""Worlds: what both services hold when the sandbox starts, read from YAML or a dict, checked and completed."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import yaml

_WORLDS = Path(__file__).parent / "worlds"

_ZOHO_DEFAULTS: Mapping[str, Any] = {
    "org": {
        "id": "5725767000000000001",
        "zgid": "7001234567",
        "company_name": "Sandbox Pty Ltd",
        "time_zone": "Australia/Sydney",
        "iso_code": "AUD",
        "country_code": "AU",
        "multi_currency": False,
        "edition": "enterprise",
    },
    "client": {
        "id": "1000.SANDBOX",
        "secret": "sandbox-zoho-secret",
        "refresh_token": "1000.sandbox.refresh",
    },
    "currencies": ["AUD"],
    "taxes": {"GST": "10", "GST Free": "0"},
    "pipelines": {"Standard": ["Qualification", "Proposal", "Confirmed", "Closed Won", "Closed Lost"]},
    "fields": {},
}
_XERO_DEFAULTS: Mapping[str, Any] = {
    "organisation": {
        "OrganisationID": "b2a9c0de-5a3d-4d2e-9c11-0a5a4d9b7e01",
        "Name": "Sandbox Pty Ltd",
        "LegalName": "Sandbox Pty Ltd",
        "ShortCode": "!sAnd8",
        "BaseCurrency": "AUD",
        "CountryCode": "AU",
        "Timezone": "AUSEASTERNSTANDARDTIME",
        "Class": "STANDARD",
        "IsDemoCompany": False,
    },
    "client": {"id": "SANDBOXXERO", "secret": "sandbox-xero-secret"},
    "connection": "custom",
    "currencies": ["AUD"],
    "accounts": [
        {"Code": "200", "Name": "Sales", "Type": "REVENUE", "TaxType": "OUTPUT"},
        {"Code": "260", "Name": "Other Revenue", "Type": "REVENUE", "TaxType": "OUTPUT"},
        {"Code": "400", "Name": "Advertising", "Type": "EXPENSE", "TaxType": "INPUT"},
        {
            "Code": "610",
            "Name": "Accounts Receivable",
            "Type": "CURRENT",
            "TaxType": "BASEXCLUDED",
            "SystemAccount": "DEBTORS",
        },
        {"Code": "820", "Name": "GST", "Type": "CURRLIAB", "TaxType": "BASEXCLUDED", "SystemAccount": "GST"},
        {"Code": "860", "Name": "Rounding", "Type": "EXPENSE", "TaxType": "BASEXCLUDED", "SystemAccount": "ROUNDING"},
    ],
    "tax_rates": [
        {"Name": "GST on Income", "TaxType": "OUTPUT", "EffectiveRate": "10", "CanApplyToRevenue": True},
        {"Name": "GST Free Income", "TaxType": "EXEMPTOUTPUT", "EffectiveRate": "0", "CanApplyToRevenue": True},
        {"Name": "GST on Expenses", "TaxType": "INPUT", "EffectiveRate": "10", "CanApplyToRevenue": False},
        {"Name": "BAS Excluded", "TaxType": "BASEXCLUDED", "EffectiveRate": "0", "CanApplyToRevenue": True},
        {"Name": "No Tax", "TaxType": "NONE", "EffectiveRate": "0", "CanApplyToRevenue": True},
    ],
    "limits": {"minute": 60, "concurrent": 5, "day": 5000},
}

# Section -> (Zoho module, {reference: section it points into}).
_RECORDS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "accounts": ("Accounts", {"parent": "accounts"}),
    "contacts": ("Contacts", {"account": "accounts"}),
    "products": ("Products", {}),
    "deals": ("Deals", {"account": "accounts", "contact": "contacts"}),
    "quotes": ("Quotes", {"deal": "deals", "account": "accounts", "contact": "contacts"}),
    "sales_orders": (
        "Sales_Orders",
        {"deal": "deals", "account": "accounts", "contact": "contacts", "quote": "quotes"},
    ),
    "invoices": (
        "Invoices",
        {"deal": "deals", "account": "accounts", "contact": "contacts", "sales_order": "sales_orders"},
    ),
}
_EVERY_RECORD = frozenset({"key", "id", "Currency", "Exchange_Rate"})
_LINES: Mapping[str, str] = {"quotes": "Quoted_Items", "sales_orders": "Ordered_Items", "invoices": "Invoiced_Items"}
_ZOHO_KEYS = frozenset({*_ZOHO_DEFAULTS, *_RECORDS, "limits", "switches"})
_XERO_KEYS = frozenset(
    {
        *_XERO_DEFAULTS,
        "refresh_token",
        "currency_rates",
        "contacts",
        "invoices",
        "items",
        "branding_themes",
        "tracking_categories",
        "organisations",
        "switches",
    }
)
_TEXTS = frozenset({"connection", "refresh_token"})
_MAPPINGS = frozenset(
    {"org", "client", "taxes", "pipelines", "fields", "organisation", "limits", "switches", "currency_rates"}
)
_NAMES_OR_MAPPINGS = frozenset({"currencies", "branding_themes"})


class _Loader(yaml.SafeLoader):
    """Safe YAML in which money is Decimal, times stay as they are written, and no key may be written twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [key.value for key, _ in node.value if key.value != "<<"]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            problem = f"the key {twice[0]!r} is written twice"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
        return super().construct_mapping(node, deep)


def _decimal(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Decimal | str:
    text = str(loader.construct_scalar(node))
    try:
        return Decimal(text.replace("_", ""))
    except InvalidOperation:
        return text


_Loader.add_constructor("tag:yaml.org,2002:float", _decimal)
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if tag != "tag:yaml.org,2002:timestamp"]
    for first, known in _Loader.yaml_implicit_resolvers.items()
}


def load_world(path_or_name: str | Path) -> dict[str, Any]:
    """The world in a YAML file, or the bundled one of that name, such as "demo"; complete and checked.

    Raises ValueError with one sentence per problem: no such file, YAML that does not parse, unknown keys, references to
    records that do not exist.
    """
    path = Path(path_or_name)
    if path.name == str(path_or_name) and not path.suffix and not path.exists():
        path = _WORLDS / f"{path_or_name}.yaml"
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        known = ", ".join(sorted(file.stem for file in _WORLDS.glob("*.yaml")))
        raise ValueError(f"No world can be read from {path_or_name}. Give a YAML file, or one of: {known}.") from None
    loader = _Loader(text)
    try:
        read = loader.get_single_data()
    except yaml.YAMLError as error:
        raise ValueError(f"{path_or_name} is not valid YAML: {' '.join(str(error).split())}.") from None
    finally:
        loader.dispose()
    return fill_world({} if read is None else read)


def fill_world(world: Mapping[str, Any]) -> dict[str, Any]:
    """`world` with every default filled in, so that `{}` is an Australian pair of organisations with GST and no deals.

    Mappings such as `org` and `limits` are completed key by key; a list that is given replaces the default one. Raises
    ValueError with one sentence per problem, each naming the key.
    """
    shape = list(_shape_problems(world))
    if shape:
        raise ValueError("\n".join(shape))
    zoho = _completed(world.get("zoho") or {}, _ZOHO_DEFAULTS)
    xero = _completed(world.get("xero") or {}, _XERO_DEFAULTS)
    problems = [*_clock_problems(world), *_zoho_problems(zoho), *_xero_problems(xero)]
    if problems:
        raise ValueError("\n".join(problems))
    filled: dict[str, Any] = {"zoho": zoho, "xero": xero}
    if world.get("clock") is not None:
        filled["clock"] = world["clock"]
    return filled


def _completed(given: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    filled = {**defaults, **{key: value for key, value in given.items() if value is not None}}
    for key in ("org", "organisation", "client", "limits"):
        if key in defaults:
            filled[key] = {**defaults[key], **filled[key]}
    return filled


def _shape_problems(world: Any) -> Iterator[str]:
    if not isinstance(world, Mapping):
        yield "A world is a mapping with the keys clock, zoho and xero."
        return
    yield from _unknown(world, {"clock", "zoho", "xero"}, "the world")
    for service, known in (("zoho", _ZOHO_KEYS), ("xero", _XERO_KEYS)):
        part = world.get(service) or {}
        if not isinstance(part, Mapping):
            yield f"{service}: must be a mapping."
            continue
        yield from _unknown(part, known, service)
        for key, value in part.items():
            if value is None or key not in known or key in _TEXTS:
                continue
            if key in _MAPPINGS:
                if not isinstance(value, Mapping):
                    yield f"{service}.{key}: must be a mapping."
            elif not isinstance(value, list | tuple):
                yield f"{service}.{key}: must be a list."
            elif key not in _NAMES_OR_MAPPINGS and not all(isinstance(item, Mapping) for item in value):
                yield f"{service}.{key}: every item must be a mapping."


def _clock_problems(world: Mapping[str, Any]) -> Iterator[str]:
    written = world.get("clock")
    if written is None:
        return
    try:
        aware = datetime.fromisoformat(str(written)).tzinfo is not None
    except ValueError:
        aware = False
    if not aware:
        yield f"clock: {written!r} is not a time with a zone, such as 2026-11-20T01:00:00Z."


def _zoho_problems(zoho: Mapping[str, Any]) -> Iterator[str]:
    from .zoho.catalogue import standard_modules

    modules = standard_modules()
    custom = zoho["fields"]
    yield from _unknown(custom, modules, "zoho.fields", what="module")
    names = {
        section: _names(zoho.get(section, ()), modules[module].name_field) for section, (module, _) in _RECORDS.items()
    }
    for section, (module, references) in _RECORDS.items():
        records = zoho.get(section, ())
        known = {*modules[module].fields, *custom.get(module, ()), *references, *_EVERY_RECORD}
        if section in _LINES:
            items = _LINES[section]
            known |= {"lines", "taxes", "$line_tax"}
            line_keys = {*modules[items].fields, *custom.get(items, ()), "product", "taxes", "key"}
        yield from _repeated(section, records)
        for number, record in enumerate(records, 1):
            where = f"zoho.{section}.{record.get('key') or record.get('id') or number}"
            yield from _unknown(record, known, where)
            for reference, target in references.items():
                yield from _dangling(record.get(reference), names[target], f"{where}.{reference}", f"zoho.{target}")
            if section == "deals":
                yield from _stage_problems(record, zoho["pipelines"], where)
            for index, line in enumerate(record.get("lines") or () if section in _LINES else (), 1):
                yield from _line_problems(line, line_keys, names["products"], zoho["taxes"], f"{where}.lines[{index}]")


def _line_problems(
    line: Any, known: Collection[str], products: Collection[str], taxes: Collection[str], where: str
) -> Iterator[str]:
    if not isinstance(line, Mapping):
        yield f"{where}: must be a mapping."
        return
    yield from _unknown(line, known, where)
    yield from _dangling(line.get("product"), products, f"{where}.product", "zoho.products")
    for tax in line.get("taxes") or ():
        if not isinstance(tax, Mapping):
            yield from _dangling(tax, taxes, f"{where}.taxes", "zoho.taxes")


def _stage_problems(deal: Mapping[str, Any], pipelines: Mapping[str, Any], where: str) -> Iterator[str]:
    pipeline, stage = deal.get("Pipeline"), deal.get("Stage")
    if pipeline is not None and pipeline not in pipelines:
        yield f"{where}.Pipeline: there is no {pipeline!r} in zoho.pipelines."
        return
    stages = pipelines[pipeline] if pipeline is not None else [name for names in pipelines.values() for name in names]
    if stage is not None:
        yield from _dangling(stage, stages, f"{where}.Stage", "zoho.pipelines")


def _xero_problems(xero: Mapping[str, Any]) -> Iterator[str]:
    if xero["connection"] not in ("custom", "web", "pkce"):
        yield f"xero.connection: {xero['connection']!r} is not one of custom, web, pkce."
    codes = {str(account.get("Code")) for account in xero["accounts"]}
    taxes = {str(rate.get("TaxType")) for rate in xero["tax_rates"]}
    names = {str(contact.get("Name")) for contact in xero.get("contacts", ())}
    for number, account in enumerate(xero["accounts"], 1):
        where = f"xero.accounts.{account.get('Code') or number}"
        yield from _dangling(account.get("TaxType"), taxes, f"{where}.TaxType", "xero.tax_rates")
    for number, invoice in enumerate(xero.get("invoices", ()), 1):
        where = f"xero.invoices.{invoice.get('InvoiceNumber') or number}"
        contact = invoice.get("Contact")
        if not isinstance(contact, Mapping):
            yield from _dangling(contact, names, f"{where}.Contact", "xero.contacts")
        for index, line in enumerate(invoice.get("LineItems") or (), 1):
            at = f"{where}.LineItems[{index}]"
            if not isinstance(line, Mapping):
                yield f"{at}: must be a mapping."
                continue
            yield from _dangling(line.get("AccountCode"), codes, f"{at}.AccountCode", "xero.accounts")
            yield from _dangling(line.get("TaxType"), taxes, f"{at}.TaxType", "xero.tax_rates")


def _names(records: Iterable[Mapping[str, Any]], name_field: str) -> set[str]:
    """Everything a reference may call these records by: key, id, or display name."""
    named = ("key", "id", name_field)
    names = {str(record[name]) for record in records for name in named if record.get(name) is not None}
    if name_field == "Full_Name":
        names |= {f"{record.get('First_Name') or ''} {record.get('Last_Name') or ''}".strip() for record in records}
    return names


def _repeated(section: str, records: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    seen: set[str] = set()
    for record in records:
        key = record.get("key")
        if key is not None and str(key) in seen:
            yield f"zoho.{section}.{key}: the key is used twice."
        seen.add(str(key))


def _unknown(given: Iterable[Any], known: Collection[str], where: str, what: str = "key") -> Iterator[str]:
    for key in given:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1)
            yield f"{where}: unknown {what} {key!r}{f', did you mean {near[0]!r}?' if near else '.'}"


def _dangling(name: Any, targets: Collection[str], where: str, section: str) -> Iterator[str]:
    wanted = name.get("id") if isinstance(name, Mapping) else name
    if wanted is not None and str(wanted) not in targets:
        yield f"{where}: there is no {str(wanted)!r} in {section}."
