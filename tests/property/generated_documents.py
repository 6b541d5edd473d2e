"""Documents as Zoho builds them, by the thousand and always the same for a seed, over five tax regimes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from itertools import combinations
from random import Random

from reference_pricing import ZohoRow, zoho_row, zoho_totals

from zoho_xero_sync.core.invoices import Setting
from zoho_xero_sync.core.model import Books, Deal, SourceDocument, SourceLine, Tax, XeroAccount, XeroTaxRate
from zoho_xero_sync.core.rules import InvoiceRules, RoundingRules, Rules, StageRule

TODAY = date(2026, 11, 20)
_NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
_DECIMALS = {"JPY": 0, "KWD": 3}
_STAGES = (StageRule(("Closed Won",), "authorised"),)


@dataclass(frozen=True, slots=True)
class Regime:
    """A country's taxes on rows, those that may stand beside the rows, and the currencies its documents are in."""

    name: str
    row_taxes: Mapping[str, str]
    own_taxes: Mapping[str, str]
    most_on_a_row: int
    currencies: tuple[str, ...]


REGIMES = (
    Regime("AU", {"GST": "10", "GST Free": "0"}, {}, 1, ("AUD", "AUD", "USD")),
    Regime("NZ", {"GST": "15", "Zero rated": "0"}, {}, 1, ("NZD", "NZD", "AUD")),
    Regime("UK", {"VAT": "20", "Reduced": "5", "Zero": "0"}, {}, 1, ("GBP", "GBP", "EUR")),
    Regime("US", {"State": "6.25", "County": "1.5", "City": "0.875"}, {"State": "6.25", "County": "1.5"}, 3, ("USD",)),
    Regime("custom", {"Service": "12.5", "Small": "2.5"}, {"Levy": "3"}, 1, ("EUR", "JPY", "KWD")),
)


@dataclass(frozen=True, slots=True)
class Case:
    """One generated document with the rules and books it meets. `spoilt` names what was made wrong on purpose."""

    regime: str
    document: SourceDocument
    setting: Setting
    spoilt: str | None

    @property
    def deal(self) -> Deal:
        """The deal the document belongs to."""
        name, stage = "Generated", "Closed Won"
        return Deal("1", name, stage, None, None, None, _NOON, None, None, {"id": "1", "Deal_Name": name})


def cases(seed: int, count: int) -> Iterator[Case]:
    """`count` cases; the same ones for the same seed."""
    random = Random(seed)
    for _ in range(count):
        yield _case(random, random.choice(REGIMES))


def _case(random: Random, regime: Regime) -> Case:
    rules = _rules(random, regime)
    currency = random.choice(regime.currencies)
    document = _document(random, regime, rules.amounts, currency)
    document, rules, spoilt = _spoil(random, document, rules)
    setting = Setting(
        Rules(_STAGES, invoice=rules), _books(regime, currency), TODAY, currency, "https://crm.example.com/"
    )
    return Case(regime.name, document, setting, spoilt)


def _rules(random: Random, regime: Regime) -> InvoiceRules:
    return InvoiceRules(
        amounts=random.choices(("exclusive", "inclusive", "no_tax"), (6, 3, 1))[0],
        tax={name: _tax_type(name) for name in _rates(regime)},
        tax_default="NONE",
        header_discount=random.choices(("spread", "line", "hold"), (6, 3, 1))[0],
        adjustment_account="270" if random.random() < 0.8 else None,
        rounding=RoundingRules("860" if random.random() < 0.5 else None, Decimal("0.05")),
    )


# ---- Xero's side ----


def _tax_type(key: str) -> str:
    return "T-" + key.upper().replace(" ", "")


def _rates(regime: Regime) -> dict[str, Decimal]:
    """By set of Zoho taxes, what Xero's rate for it has to be."""
    found: dict[str, Decimal] = {}
    rows = [set[str]()] + [
        set(names) for size in range(1, regime.most_on_a_row + 1) for names in combinations(regime.row_taxes, size)
    ]
    for names in rows:
        inner = sum((Fraction(regime.row_taxes[name]) for name in names), Fraction(0))
        found[" + ".join(sorted(names))] = _decimal(inner)
        if regime.name == "custom":
            outer = sum((Fraction(percent) for percent in regime.own_taxes.values()), Fraction(0))
            whole = inner + outer + inner * outer / 100
            found[" + ".join(sorted([*names, *regime.own_taxes]))] = _decimal(whole)
    del found[""]
    return found


def _books(regime: Regime, currency: str) -> Books:
    accounts = {code: _account(code) for code in ("200", "270", "860")}
    rates = {_tax_type(key): _rate(_tax_type(key), percent) for key, percent in _rates(regime).items()}
    rates |= {"NONE": _rate("NONE", Decimal(0)), "T-WRONG": _rate("T-WRONG", Decimal("9.5"))}
    rates |= {"T-DEFAULT": _rate("T-DEFAULT", Decimal("10"))}
    return Books("Generated", "UTC", currency, accounts, rates)


def _account(code: str) -> XeroAccount:
    return XeroAccount(code, f"Account {code}", "ACTIVE", "REVENUE", "REVENUE", "NONE", system=False)


def _rate(tax_type: str, percent: Decimal) -> XeroTaxRate:
    return XeroTaxRate(tax_type, tax_type, percent, "ACTIVE", for_revenue=True)


# ---- Zoho's side ----


def _document(random: Random, regime: Regime, amounts: str, currency: str) -> SourceDocument:
    decimals = _DECIMALS.get(currency, 2)
    own = _own_taxes(random, regime, amounts)
    made = [_row(random, regime, amounts, decimals, own, number) for number in range(_row_count(random))]
    lines, rows = tuple(line for line, _ in made), [row for _, row in made]
    sub_total = sum((row.net + row.tax for row in rows), Fraction(0))
    discount = _header_discount(random, sub_total, decimals)
    adjustment = _adjustment(random, decimals)
    totals = zoho_totals(rows, discount, [str(tax.percent) for tax in own], adjustment, decimals)
    return SourceDocument(
        source="quote",
        id="1",
        number="Q-1",
        currency=currency,
        lines=lines,
        grand_total=_decimal(totals.grand_total),
        discount=_decimal(totals.discount),
        tax=_decimal(totals.tax),
        adjustment=Decimal(adjustment),
        taxes=own if totals.tax else (),
    )


def _row_count(random: Random) -> int:
    return random.choices((1, 2, 3, 5, 8, 20), (4, 4, 4, 3, 2, 1))[0]


def _own_taxes(random: Random, regime: Regime, amounts: str) -> tuple[Tax, ...]:
    if not regime.own_taxes or amounts == "no_tax" or random.random() < 0.6:
        return ()
    return tuple(Tax(name, Decimal(percent)) for name, percent in regime.own_taxes.items())


def _row(
    random: Random, regime: Regime, amounts: str, decimals: int, own: Sequence[Tax], number: int
) -> tuple[SourceLine, ZohoRow]:
    quantity, price = _quantity(random), _price(random, decimals)
    discount = random.choices(("0", _amount(random, 30, decimals), _percent(random)), (6, 2, 2))[0]
    taxes = _row_taxes(random, regime, amounts, own)
    row = zoho_row(quantity, price, discount, [str(tax.percent) for tax in taxes], decimals)
    line = SourceLine(
        id=str(number),
        product_id=None,
        product_name=f"Product {number}",
        product_code="",
        category="",
        quantity=Decimal(quantity),
        price=Decimal(price),
        discount=_decimal(row.discount),
        net=_decimal(row.net),
        tax=_decimal(row.tax),
        taxes=taxes,
    )
    return line, row


def _row_taxes(random: Random, regime: Regime, amounts: str, own: Sequence[Tax]) -> tuple[Tax, ...]:
    if random.random() < (0.9 if amounts == "no_tax" else 0.2) or (own and regime.name == "US"):
        return ()
    count = random.randint(1, regime.most_on_a_row)
    return tuple(Tax(name, Decimal(regime.row_taxes[name])) for name in random.sample(list(regime.row_taxes), count))


def _quantity(random: Random) -> str:
    kind = random.random()
    if kind < 0.6:
        return str(random.choice((1, 1, 1, 2, 3, 5, 7, 10, 12, 60, 365, 10_000)))
    if kind < 0.8:
        return f"{random.randint(1, 400) / 4:.2f}"
    if kind < 0.96:
        return f"{random.randint(1, 10**6)}e-{random.choice((3, 5))}"
    return str(random.choice((-2, -1, 0)))


def _price(random: Random, decimals: int) -> str:
    kind = random.random()
    if kind < 0.6:
        return _amount(random, 2_000, decimals)
    if kind < 0.7:
        return random.choice(("33.3333", "0.1648", "0.005", "9.99", "0.01", "999999.99"))
    return f"{random.randint(-100, 10**7)}e-{random.choice((3, 4, 5, 6))}"


def _amount(random: Random, most: int, decimals: int) -> str:
    return f"{random.randint(0, most * 10**decimals)}e-{decimals}" if decimals else str(random.randint(0, most))


def _percent(random: Random) -> str:
    return random.choice(("5%", "10%", "12.5%", "33.333%", "7.25%", "100%"))


def _header_discount(random: Random, sub_total: Fraction, decimals: int) -> str:
    kind = random.random()
    if kind < 0.6 or sub_total <= 0:
        return "0"
    return _percent(random) if kind < 0.8 else _amount(random, max(1, int(sub_total) // 2), decimals)


def _adjustment(random: Random, decimals: int) -> str:
    if random.random() < 0.8:
        return "0"
    sign = random.choice(("", "-"))
    return sign + _amount(random, random.choice((1, 40)), decimals)


# ---- what people and settings get wrong ----


def _spoil(
    random: Random, document: SourceDocument, rules: InvoiceRules
) -> tuple[SourceDocument, InvoiceRules, str | None]:
    kind = random.random()
    grand_total = document.grand_total or Decimal(0)
    if kind < 0.02:
        off = random.choice((Decimal("0.01"), Decimal("-1"), Decimal("0.001")))
        return replace(document, grand_total=grand_total + off), rules, "stated"
    if kind < 0.04:
        first = document.lines[0]
        wrong = replace(first, tax=first.tax + Decimal("0.37"))
        changed = replace(document, lines=(wrong, *document.lines[1:]), grand_total=grand_total + Decimal("0.37"))
        return changed, rules, "tax_by_hand"
    if kind < 0.06:
        return document, replace(rules, tax_default="T-DEFAULT"), "default_taxed"
    if kind < 0.08:
        return document, replace(rules, tax=dict.fromkeys(rules.tax, "T-WRONG")), "wrong_rate"
    return document, rules, None


def _decimal(value: Fraction) -> Decimal:
    """The fraction as the decimal it is; six places hold every figure made here."""
    scaled = value * 10**8
    if scaled.denominator != 1:
        raise ValueError(f"{value} has more than eight decimals")
    return Decimal(scaled.numerator).scaleb(-8)
