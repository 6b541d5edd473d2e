"""What `init` needs for a configuration: from options, from questions, or as usual."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import click

from zoho_xero_sync.cli.hands import Hands
from zoho_xero_sync.cli.questions import ask
from zoho_xero_sync.config.writing import CONNECTIONS, DATA_CENTERS, INVOICES, SECRET_STORES, Answers, answer_problems

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Question:
    """One field of the answers, and how a person is asked for it. `needed` when nothing may be assumed silently."""

    field: str
    option: str
    about: str
    text: str
    usual: str
    read: Callable[[str], object]
    needed: bool = False


def stage_pair(text: str) -> Pair:
    """Stage and invoice of `Closed Won=authorised`. Raises click.UsageError for anything else."""
    stage, equals, invoice = text.rpartition("=")
    if not equals or not stage.strip() or not invoice.strip():
        raise click.UsageError(
            f'{text.strip()!r} is not STAGE=INVOICE, such as "Closed Won=authorised" (invoice: {", ".join(INVOICES)}).'
        )
    return stage.strip(), invoice.strip()


def tax_pair(text: str) -> Pair:
    """Zoho tax and Xero TaxType of `GST=OUTPUT`. Raises click.UsageError for anything else."""
    name, equals, tax_type = text.rpartition("=")
    if not equals or not name.strip() or not tax_type.strip():
        raise click.UsageError(f"{text.strip()!r} is not ZOHO TAX=XERO TAXTYPE, such as GST=OUTPUT.")
    return name.strip(), tax_type.strip()


def tax_pairs(pairs: Sequence[Pair]) -> Mapping[str, str]:
    """The taxes by Zoho name. Raises click.UsageError for a name that comes twice."""
    taxes = dict(pairs)
    twice = next((name for name in taxes if [pair[0] for pair in pairs].count(name) > 1), None)
    if twice is not None:
        raise click.UsageError(f"The Zoho tax {twice!r} is given twice.")
    return MappingProxyType(taxes)


def _listed(read: Callable[[str], Pair]) -> Callable[[str], tuple[Pair, ...]]:
    return lambda text: tuple(read(part) for part in text.split(",") if part.strip())


def _or_none(text: str) -> str | None:
    return text.strip() or None


QUESTIONS = (
    Question(
        "data_center",
        "--data-center",
        "Zoho keeps each account in one data center: the ending of the address where you log in to Zoho CRM "
        f"(crm.zoho.com.au: au; crm.zoho.com: us). One of: {', '.join(DATA_CENTERS)}.",
        "Zoho data center",
        "au",
        lambda text: text.strip().lower(),
        needed=True,
    ),
    Question(
        "stages",
        "--stage",
        "A deal that enters one of these stages is invoiced. Write each stage as Zoho shows it, with the invoice it "
        f"starts ({', '.join(INVOICES)}; none makes the customer only), and commas between them.",
        "Stages",
        "Confirmed=draft, Closed Won=authorised",
        _listed(stage_pair),
        needed=True,
    ),
    Question(
        "account",
        "--account",
        "The code of the sales account in Xero's chart of accounts that invoice lines go to.",
        "Sales account code",
        "200",
        str.strip,
    ),
    Question(
        "tax",
        "--tax",
        "The name of each tax in Zoho with its TaxType in Xero, such as GST=OUTPUT, and commas between them. "
        "A deal whose tax is not named here waits for a person. Enter alone: none.",
        "Taxes",
        "",
        lambda text: tax_pairs(_listed(tax_pair)(text)),
    ),
    Question(
        "tax_default",
        "--tax-default",
        "The Xero TaxType of lines that carry no tax in Zoho. Enter alone: what the account has as its own.",
        "TaxType without a Zoho tax",
        "",
        _or_none,
    ),
    Question(
        "connection",
        "--connection",
        "How this program logs in to Xero: custom (a Custom Connection: one organisation, no browser; best for cron), "
        "pkce or web (an app of that type in developer.xero.com).",
        f"Xero connection ({', '.join(CONNECTIONS)})",
        "custom",
        lambda text: text.strip().lower(),
    ),
    Question(
        "secrets",
        "--secrets",
        "Where logins are kept: file (secrets.json beside the configuration, readable by you only; works under cron), "
        "keyring (the desktop's own; often not there under cron) or env (you set the ZXS_ variables).",
        f"Logins in ({', '.join(SECRET_STORES)})",
        "file",
        lambda text: text.strip().lower(),
        needed=True,
    ),
)


def gather(given: Mapping[str, Any], hands: Hands, *, usual: bool) -> Answers:
    """The answers: those `given` by option, the others asked for, or as usual with `usual`.

    Raises click.UsageError for options that cannot be used, and for needed answers nobody can be asked for.
    """
    open_questions = [question for question in QUESTIONS if question.field not in given]
    missing = [question.option for question in open_questions if question.needed]
    if missing and not usual and not hands.asks:
        raise click.UsageError(
            f"Without a terminal to ask at, these answers are needed: {', '.join(missing)}. "
            "--yes takes the usual answers instead."
        )
    answers = _with(Answers(), given)
    _refuse_wrong(answers, hands.environ)
    if usual or not hands.asks:
        return answers
    if open_questions:
        hands.err.write(
            "Enter alone takes the answer in brackets. Nothing is written before the last one; Ctrl-C stops.\n"
        )
    for question in open_questions:
        answers = _ask(question, answers, hands)
    return answers


def _ask(question: Question, answers: Answers, hands: Hands) -> Answers:
    def check(text: str) -> Answers:
        answered = _with(answers, {question.field: question.read(text)})
        _refuse_wrong(answered, hands.environ)
        return answered

    hands.console(stderr=True).print(f"\n{question.about}", markup=False, style="dim")
    return ask(question.text, check, default=question.usual)


def _with(answers: Answers, changes: Mapping[str, Any]) -> Answers:
    # Questions and options go by the names of the fields; what they hold is for the reader of configurations to judge.
    return replace(answers, **changes)


def _refuse_wrong(answers: Answers, environ: Mapping[str, str]) -> None:
    problems = answer_problems(answers, environ)
    if problems:
        raise click.UsageError("\n".join(f"{item.key}: {item.message} {item.hint}".strip() for item in problems))
