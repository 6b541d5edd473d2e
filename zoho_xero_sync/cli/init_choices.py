"""What `init` lets a person choose by number from both organisations."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType

from rich.text import Text

from zoho_xero_sync.cli.hands import Hands
from zoho_xero_sync.cli.questions import ask_one, ask_several
from zoho_xero_sync.config.writing import Answers
from zoho_xero_sync.core.choices import (
    Choices,
    proposed_account,
    proposed_invoice,
    proposed_rate,
    proposed_stages,
    proposed_untaxed,
)
from zoho_xero_sync.core.model import XeroTaxRate
from zoho_xero_sync.core.money import plain_text
from zoho_xero_sync.render.clean import clean

# The fields of Answers that are chosen here.
FIELDS = ("stages", "quote_stages", "account", "tax", "tax_default")
_INVOICES: Mapping[str, str] = {
    "draft": "a draft, for somebody to finish and approve in Xero",
    "submitted": "waits in Xero under Awaiting Approval",
    "authorised": "approved at once",
    "none": "no invoice; the customer only",
}
_QUOTE_STAGES = ("Confirmed", "Closed Won")


def choose(answers: Answers, choices: Choices, given: Collection[str], hands: Hands) -> Answers:
    """The answers with what a person chose of everything that is not `given` already."""
    if "stages" not in given:
        answers = replace(answers, stages=_stages(choices, answers, hands))
    if "quote_stages" not in given:
        answers = _with_quotes(answers, choices, hands)
    if "account" not in given:
        answers = replace(answers, account=_account(choices, answers, hands))
    if "tax" not in given:
        answers = replace(answers, tax=MappingProxyType(dict(_taxes(choices, hands))))
    if "tax_default" not in given:
        answers = replace(answers, tax_default=_untaxed(choices, answers, hands))
    return answers


def _stages(choices: Choices, answers: Answers, hands: Hands) -> tuple[tuple[str, str], ...]:
    names = tuple(choices.stages)
    several = len({pipeline for found in choices.stages.values() for pipeline in found}) > 1
    labels = [
        f"{name} ({', '.join(pipelines)})" if several and pipelines else name
        for name, pipelines in choices.stages.items()
    ]
    about = "A deal that enters one of these stages is invoiced. Choose one or several stages of Zoho."
    _list(hands, about, labels)
    usual = proposed_stages(names, [stage for stage, _ in answers.stages])
    chosen = ask_several("Stages", labels, [names.index(name) for name in usual])
    return tuple((names[place], _invoice(names[place], hands)) for place in chosen)


def _invoice(stage: str, hands: Hands) -> str:
    kinds = tuple(_INVOICES)
    labels = [f"{kind}: {meaning}" for kind, meaning in _INVOICES.items()]
    _list(hands, f"What a deal starts in Xero when it enters {clean(stage)}:", labels)
    return kinds[ask_one(f"Invoice of {clean(stage)}", labels, kinds.index(proposed_invoice(stage)))]


def _with_quotes(answers: Answers, choices: Choices, hands: Hands) -> Answers:
    if not choices.quote_stages:
        why = "does not show quotes to this login" if choices.quote_stages is None else "has no stages of quotes"
        _say(hands, f"\nZoho {why}: an invoice has one line, of the deal's Amount (lines.from).")
        return replace(answers, lines_from=("amount",))
    names = choices.quote_stages
    _list(hands, "An invoice's lines are those of the deal's accepted quote. Stages that mean accepted:", names)
    usual = [names.index(name) for name in proposed_stages(names, _QUOTE_STAGES)]
    return replace(answers, quote_stages=tuple(names[place] for place in ask_several("Quotes", names, usual)))


def _account(choices: Choices, answers: Answers, hands: Hands) -> str:
    codes = [account.code for account in choices.accounts]
    labels = [f"{account.code} {account.name}" for account in choices.accounts]
    _list(hands, "The account in Xero that the lines of invoices go to; these are the active ones for sales:", labels)
    usual = proposed_account(choices.accounts, answers.account)
    return codes[ask_one("Sales account", labels, None if usual is None else codes.index(usual))]


def _taxes(choices: Choices, hands: Hands) -> Iterator[tuple[str, str]]:
    types = [rate.tax_type for rate in choices.rates]
    labels = [_rate_label(rate) for rate in choices.rates]
    if choices.taxes and choices.rates:
        _list(hands, "Each tax of Zoho has one in Xero; these are the active ones for sales:", labels)
    for tax in choices.taxes if choices.rates else ():
        usual = proposed_rate(tax, choices.rates)
        text = f"{clean(tax.name)} ({_percent(tax.percent)}) is"
        yield tax.name, types[ask_one(text, labels, None if usual is None else types.index(usual))]


def _untaxed(choices: Choices, answers: Answers, hands: Hands) -> str | None:
    types = [*(rate.tax_type for rate in choices.rates), None]
    labels = [*map(_rate_label, choices.rates), "whatever the account has as its own"]
    _list(hands, "The tax in Xero of rows that have none in Zoho:", labels)
    usual = proposed_untaxed(choices.rates, answers.tax)
    return types[ask_one("Without a tax", labels, types.index(usual))]


def _rate_label(rate: XeroTaxRate) -> str:
    return f"{rate.name} {_percent(rate.rate)} ({rate.tax_type})"


def _percent(rate: Decimal) -> str:
    return f"{plain_text(rate)} %"


def _list(hands: Hands, about: str, labels: Sequence[str]) -> None:
    _say(hands, f"\n{about}")
    width = len(str(len(labels)))
    for number, label in enumerate(labels, 1):
        _say(hands, f"  {number:>{width}}  {clean(label)}")


def _say(hands: Hands, line: str) -> None:
    hands.console(stderr=True).print(Text(line), soft_wrap=True)
