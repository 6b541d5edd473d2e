"""`check --golden`: each case through the reading, mapping and pricing of a run, without either service's records."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from zoho_xero_sync.config import load_config
from zoho_xero_sync.config.golden import configuration_of, load_golden
from zoho_xero_sync.core.customers import draft_contact
from zoho_xero_sync.core.document_modules import MODULES
from zoho_xero_sync.core.golden import (
    GoldenCase,
    GoldenFile,
    GoldenResult,
    GoldenSetting,
    GoldenView,
    Record,
    Value,
    compared,
)
from zoho_xero_sync.core.invoices import Setting, draft_invoice
from zoho_xero_sync.core.model import Books, ContactDraft, Deal, InvoiceDraft, Problem, Tax
from zoho_xero_sync.core.stages import match_rule, target_status
from zoho_xero_sync.remote.patience import Clock
from zoho_xero_sync.remote.zoho.deals import parse_deal
from zoho_xero_sync.remote.zoho.documents import fetch_documents
from zoho_xero_sync.remote.zoho.rows import Row
from zoho_xero_sync.services import Services

_DEAL, _ACCOUNT, _PERSON, _PRODUCT = "1", "2", "3", "4"
_MOMENT = "2026-01-01T00:00:{:02}+00:00"
_LINK = "https://crm.example.com/tab/Potentials/"


@dataclass(frozen=True, slots=True)
class _World:
    """What every case of a file is worked out in."""

    books: Books
    home_currency: str
    taxes: tuple[Tax, ...]
    today: date


def run_golden(
    files: Sequence[Path], config: Path | None, environ: Mapping[str, str], cwd: Path, clock: Clock
) -> GoldenView:
    """Every case of the files worked out and compared.

    What a file does not give (rules, books, Zoho's taxes and currency, today) is the configuration's and the live
    organisations'; they are asked with reads only, and not at all for files that give everything.
    Raises ConfigError with every problem of a file, and whatever a login or a service that is needed raises.
    """
    configured = partial(configuration_of, config, environ, cwd)
    loaded = [load_golden(cwd / path, str(path), configured) for path in files]
    with ExitStack() as stack:
        services: list[Services] = []

        def reached() -> Services:
            if not services:
                settings = load_config(config, environ=environ, cwd=cwd)
                services.append(stack.enter_context(Services(settings, environ, clock, None, None)))
                services[0].identify()
            return services[0]

        results = tuple(result for file in loaded for result in _results(file, reached, clock))
        calls = services[0].calls() if services else {"zoho": 0, "xero": 0}
    return GoldenView(results, calls)


def _results(file: GoldenFile, reached: Callable[[], Services], clock: Clock) -> Iterator[GoldenResult]:
    world = _world(file, reached, clock)
    for case in file.cases:
        yield GoldenResult(file.name, case.line, case.name, compared(case.expected, _worked_out(case, world)))


# ---- what the file leaves to the live organisations ----


def _world(file: GoldenFile, reached: Callable[[], Services], clock: Clock) -> _World:
    given = file.setting
    books = given.books or _live_books(file, reached())
    today = given.today or clock.now().astimezone(ZoneInfo(books.time_zone)).date()
    currency = given.home_currency or _home_currency(given, reached)
    taxes = reached().zoho_client.taxes() if given.taxes is None else given.taxes
    return _World(books, currency, taxes, today)


def _home_currency(given: GoldenSetting, reached: Callable[[], Services]) -> str:
    return given.books.base_currency if given.books else reached().zoho.organisation().currency


def _live_books(file: GoldenFile, services: Services) -> Books:
    rules = [case.rules.invoice for case in file.cases]
    names = ["xero.organisation", "xero.accounts", "xero.tax_rates", "xero.currencies"]
    names += ["xero.branding_themes"] if any(rule.branding_theme for rule in rules) else []
    names += ["xero.items"] if any(rule.items != "ignore" for rule in rules) else []
    return services.xero.read_books({name: services.xero.fetch_setting(name) for name in names})


# ---- one case ----


def _worked_out(case: GoldenCase, world: _World) -> tuple[ContactDraft, InvoiceDraft] | Problem:
    rules = case.rules
    deal = parse_deal(_deal_row(case), rules)
    if isinstance(deal, Problem):
        return deal
    contact = draft_contact(deal, rules.customer)
    if isinstance(contact, Problem):
        return contact
    rule = match_rule(rules.stages, deal.stage, deal.pipeline)
    status = target_status(rule) if rule else None
    if rule is None or status is None:
        why = f"The rules make no invoice of a deal in stage {deal.stage}."
        return Problem("config_invalid", f"deal {deal.id}", why, "Give the deal another Stage.", "Stage")
    document = fetch_documents(_Paper(case, deal, world.taxes), [deal], rules, multi_currency=True)[deal.id]
    if isinstance(document, Problem):
        return document
    setting = Setting(rules, world.books, world.today, world.home_currency, _LINK, part=rule.part, share=rule.share)
    draft = draft_invoice(deal, contact.customer, document, status, setting)
    return draft if isinstance(draft, Problem) else (contact, draft)


def _deal_row(case: GoldenCase) -> Row:
    """The deal as a query answers it, with a name, a customer and the first stage where the case has none."""
    row: dict[str, object] = {
        "id": _DEAL,
        "Deal_Name": case.name,
        "Stage": case.rules.stages[0].stages[0],
        "Created_Time": _MOMENT.format(0),
        "Modified_Time": _MOMENT.format(0),
    }
    given = {"Account_Name": "Example Customer", **case.deal}
    for name, record_id in (("Account_Name", _ACCOUNT), ("Contact_Name", _PERSON)):
        row |= _linked(name, record_id, given.pop(name, None))
    return {**row, **given}


def _linked(name: str, record_id: str, value: Value) -> dict[str, object]:
    """A linked record: its fields, or its name alone."""
    if value is None:
        return {name: None}
    fields = value if isinstance(value, dict) else {name: value} if name == "Account_Name" else {"Last_Name": value}
    shown = fields.get("Account_Name") or fields.get("Last_Name") or ""
    return {name: {"id": record_id, "name": shown}} | {f"{name}.{key}": item for key, item in fields.items()}


class _Paper:
    """The documents of one case, read the way Zoho's are."""

    def __init__(self, case: GoldenCase, deal: Deal, taxes: tuple[Tax, ...]) -> None:
        self._rules, self._deal, self._taxes = case.rules, deal, taxes
        self._percents = {tax.name: tax for tax in taxes}
        self._headers: dict[str, list[dict[str, object]]] = {}
        self._rows: dict[str, list[dict[str, object]]] = {}
        self._records: dict[str, dict[str, object]] = {}
        number = 100
        for source, documents in case.documents.items():
            for place, document in enumerate(documents):
                number += 1
                self._take(MODULES[source].module, str(number), place, document)

    def rows_by_id(self, columns: Sequence[str], module: str, where: str) -> Iterator[Row]:
        """The case's documents of a module, or the rows of all of them; the stage of a quote counts."""
        wanted = self._rules.lines.quote_stages
        for header in self._headers.get(module, []):
            if module != "Quotes" or header.get("Quote_Stage", wanted[0]) in wanted:
                yield header
        yield from self._rows.get(module, [])

    def taxes(self) -> tuple[Tax, ...]:
        """Zoho's taxes."""
        return self._taxes

    def record(self, module: str, record_id: str) -> Row | None:
        """One document with its rows and taxes."""
        return self._records.get(record_id)

    def _take(self, module: str, record_id: str, place: int, document: Record) -> None:
        kind = next(found for found in MODULES.values() if found.module == module)
        moment = _MOMENT.format(place)
        fields = {name: value for name, value in document.items() if name not in ("rows", "taxes")}
        header: dict[str, object] = {"id": record_id, kind.deal_field: {"id": self._deal.id}, "Created_Time": moment}
        header |= {"Modified_Time": moment, kind.number: f"{kind.label} {place + 1}", **fields}
        given = document.get("rows")
        listed = given if isinstance(given, list) else []
        rows = [self._row(record_id, number, row) for number, row in enumerate(listed)]
        self._headers.setdefault(module, []).append(header)
        self._rows.setdefault(kind.rows, []).extend(rows)
        self._records[record_id] = header | {kind.rows: rows, "$line_tax": self._named(document.get("taxes"))}

    def _row(self, parent: str, number: int, given: Value) -> dict[str, object]:
        fields = dict(given) if isinstance(given, dict) else {}
        names = fields.pop("taxes", None)
        row: dict[str, object] = {"id": f"{parent}{number:03}", "Parent_Id": {"id": parent}, "Sequence_Number": number}
        for column in ("Product_Name", "Product_Code", "Product_Category"):
            row[f"Product_Name.{column}"] = fields.pop(column, None)
        product = {"id": _PRODUCT, "name": row["Product_Name.Product_Name"] or "Example product"}
        return {**row, "Product_Name": product, "Line_Tax": self._named(names), **fields}

    def _named(self, names: Value) -> list[dict[str, object]]:
        listed = names if isinstance(names, list) else [] if names is None else [names]
        found = (self._percents.get(str(name)) for name in listed)
        return [{"name": tax.name, "percentage": tax.percent} for tax in found if tax]
