"""A file of golden cases (docs/golden.md), or every problem of it at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from yaml import MappingNode, Node, ScalarNode

from zoho_xero_sync.config.document import parse_document, read_document
from zoho_xero_sync.config.golden_nodes import Place
from zoho_xero_sync.config.reading_rules import read_rules
from zoho_xero_sync.config.search import find_config
from zoho_xero_sync.config.section import Problems, Section
from zoho_xero_sync.core.golden import (
    INVOICE_FIELDS,
    LINE_FIELDS,
    LINES,
    GoldenCase,
    GoldenFile,
    GoldenProblem,
    GoldenSetting,
    Record,
)
from zoho_xero_sync.core.model import Books, Tax, XeroAccount, XeroTaxRate
from zoho_xero_sync.core.problems import CODES
from zoho_xero_sync.core.rules import LineSource, Rules

_FILE = ("golden", "rules", "zoho", "books", "cases")
_SECTIONS = ("stages", "lines", "customer", "invoice", "limits")
_BOOKS = ("organisation", "base_currency", "currencies", "accounts", "tax_rates", "items", "branding_themes")
_LOCKED = "locked_until"
_SOURCES: tuple[LineSource, ...] = ("quote", "sales_order", "zoho_invoice")
_CASE = ("name", "rules", "deal", *_SOURCES, "invoice", "problem")
_STAGES = "stages: [{stage: Closed Won, invoice: authorised}]"
_EXPENSES = ("EXPENSE", "OVERHEADS", "DIRECTCOSTS")


def load_golden(path: Path, shown: str, configured: Callable[[], MappingNode]) -> GoldenFile:
    """The cases of a file. `configured` gives the user's configuration, asked for only when the file has no rules.

    Raises ConfigError with every problem found, each with its line and key.
    """
    problems = Problems(shown)
    top = Place(problems, read_document(path, shown), "")
    parts = top.parts(_FILE)
    if "golden" not in parts or parts["golden"].text() != "1":
        top.report("does not say golden: 1.", "Add golden: 1 as the first line.")
    base = _with_stages(parts["rules"].node) if "rules" in parts else configured()
    cases = [_case(place, base) for place in parts["cases"].items()] if "cases" in parts else []
    if not cases:
        top.report("has no cases.", "Add cases: and below it one item for each case.")
    setting = _setting(parts)
    problems.stop_if_any()
    return GoldenFile(shown, setting, tuple(cases))


def configuration_of(path: Path | None, environ: Mapping[str, str], cwd: Path) -> MappingNode:
    """The user's configuration as it stands. Raises ConfigError when there is none."""
    found = find_config(path, environ, cwd)
    return read_document(found.path, found.shown)


# ---- rules ----


def _with_stages(node: Node) -> MappingNode:
    """The rules of a file that stands by itself, with a stage to be in."""
    default = parse_document(_STAGES, "rules")
    return merged(default, node) if isinstance(node, MappingNode) else default


def merged(base: MappingNode, over: MappingNode) -> MappingNode:
    """`base` with what `over` names in its place: sections key by key, every other value as a whole."""
    values = {_name(key): (key, value) for key, value in base.value}
    for key, value in over.value:
        before = values.get(_name(key), (key, value))[1]
        sections = isinstance(before, MappingNode) and isinstance(value, MappingNode)
        values[_name(key)] = (key, _section(before, value) if sections else value)
    return MappingNode(base.tag, list(values.values()), over.start_mark, over.end_mark, over.flow_style)


def _section(base: MappingNode, over: MappingNode) -> MappingNode:
    values = {_name(key): (key, value) for key, value in (*base.value, *over.value)}
    return MappingNode(base.tag, list(values.values()), over.start_mark, over.end_mark, over.flow_style)


def _name(key: Node) -> str:
    return str(key.value) if isinstance(key, ScalarNode) else ""


def _rules(problems: Problems, node: MappingNode) -> Rules:
    return read_rules(Section(problems, node, "", ""))


# ---- what the cases are worked out in ----


def _setting(parts: Mapping[str, Place]) -> GoldenSetting:
    zoho = parts["zoho"].parts(("currency", "taxes", "today")) if "zoho" in parts else {}
    taxes = None
    if "taxes" in zoho:
        taxes = tuple(Tax(name, place.figure()) for name, place in zoho["taxes"].parts().items())
    return GoldenSetting(
        books=_books(parts["books"]) if "books" in parts else None,
        home_currency=zoho["currency"].text() if "currency" in zoho else None,
        taxes=taxes,
        today=zoho["today"].day() if "today" in zoho else None,
    )


def _books(place: Place) -> Books:
    parts = place.parts((*_BOOKS, _LOCKED))
    for name in ("base_currency", "accounts", "tax_rates"):
        if name not in parts:
            place.report(f"has no {name}.", "Write it down, or remove books to use the live organisation's.")
    rates = parts["tax_rates"].parts() if "tax_rates" in parts else {}
    accounts = parts["accounts"].parts() if "accounts" in parts else {}
    base = parts["base_currency"].text() if "base_currency" in parts else ""
    listed = [item.text() for item in parts["currencies"].items()] if "currencies" in parts else []
    return Books(
        organisation=parts["organisation"].text() if "organisation" in parts else "the golden books",
        time_zone="UTC",
        base_currency=base,
        accounts={code: _account(code, found) for code, found in accounts.items()},
        tax_rates={name: XeroTaxRate(name, name, rate.figure(), "ACTIVE", True) for name, rate in rates.items()},
        currencies=frozenset({base, *listed}),
        branding_themes={name: theme.text() for name, theme in parts["branding_themes"].parts().items()}
        if "branding_themes" in parts
        else None,
        locked_until=parts[_LOCKED].day() if _LOCKED in parts else None,
        items=frozenset(item.text() for item in parts["items"].items()) if "items" in parts else None,
    )


def _account(code: str, place: Place) -> XeroAccount:
    """An account by its tax type alone, or by tax, type and status."""
    if place.is_text:
        return XeroAccount(code, code, "ACTIVE", "REVENUE", "REVENUE", place.text(), False)
    parts = place.parts(("tax", "type", "status"))
    account_type = parts["type"].text() if "type" in parts else "REVENUE"
    account_class = "EXPENSE" if account_type in _EXPENSES else "REVENUE"
    status = parts["status"].text() if "status" in parts else "ACTIVE"
    tax = parts["tax"].text() if "tax" in parts else "NONE"
    return XeroAccount(code, code, status, account_type, account_class, tax, False)


# ---- cases ----


def _case(place: Place, base: MappingNode) -> GoldenCase:
    parts = place.parts(_CASE)
    over = parts.get("rules")
    node = base
    if over is not None:
        over.parts(_SECTIONS)
        node = merged(base, over.node) if isinstance(over.node, MappingNode) else base
    if ("invoice" in parts) == ("problem" in parts):
        place.report("says neither or both of invoice and problem.", "Say what comes out: one of the two.")
    return GoldenCase(
        name=parts["name"].text() if "name" in parts else place.key,
        line=place.line,
        rules=_rules(place.problems, node),
        deal=_record(parts["deal"]) if "deal" in parts else {},
        documents={
            source: tuple(_record(item) for item in parts[source].items()) for source in _SOURCES if source in parts
        },
        expected=_problem(parts["problem"]) if "problem" in parts else dict(_expected(parts.get("invoice"))),
    )


def _record(place: Place) -> Record:
    return {name: part.value() for name, part in place.parts().items()}


def _problem(place: Place) -> GoldenProblem:
    if place.is_text:
        found = GoldenProblem(place.text())
    else:
        parts = place.parts(("code", "says"))
        code = parts["code"].text() if "code" in parts else ""
        found = GoldenProblem(code, parts["says"].text() if "says" in parts else "")
    if found.code not in CODES:
        place.report(f"'{found.code}' is not a problem code.", "docs/problem-codes.md lists them.")
    return found


def _expected(place: Place | None) -> Iterator[tuple[str, str]]:
    if place is None:
        return
    parts = place.parts((*INVOICE_FIELDS, LINES))
    for name in ("Total", LINES):
        if name not in parts:
            place.report(f"has no {name}.", "A case gives at least the lines and the total.")
    for name, part in parts.items():
        if name != LINES:
            yield name, part.text()
    lines = list(parts[LINES].items()) if LINES in parts else []
    yield LINES, str(len(lines))
    for number, line in enumerate(lines, start=1):
        # A line that names no discount has none.
        figures = {"DiscountAmount": "0"} | {name: part.text() for name, part in line.parts(LINE_FIELDS).items()}
        yield from ((f"{LINES}[{number}].{name}", text) for name, text in figures.items())
