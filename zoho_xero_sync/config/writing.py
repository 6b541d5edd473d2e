"""A first configuration file: commented, from a person's answers, checked by the reader itself, never over another."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import get_args

import yaml

from zoho_xero_sync.config.addresses import ZOHO_HOSTS
from zoho_xero_sync.config.document import parse_document
from zoho_xero_sync.config.reading import read_config
from zoho_xero_sync.config.scan import check_everywhere
from zoho_xero_sync.config.search import NAME, Found
from zoho_xero_sync.config.section import Problems
from zoho_xero_sync.config.settings import Config, SecretStoreKind, XeroConnection
from zoho_xero_sync.core.rules import InvoiceChoice
from zoho_xero_sync.errors import ConfigError, ConfigProblem

DATA_CENTERS: tuple[str, ...] = tuple(ZOHO_HOSTS)
CONNECTIONS: tuple[str, ...] = get_args(XeroConnection)
SECRET_STORES: tuple[str, ...] = get_args(SecretStoreKind)
INVOICES: tuple[str, ...] = get_args(InvoiceChoice)

_FROM = "an invoice's lines: those of the deal's quote, else one line of the deal's Amount"
_COUNT = "which quotes count as accepted"
_MODE = 0o644  # it holds no secret, and cron or a colleague may have to read it
_REMARK_AT = 31
_HEAD = """\
# zoho-xero-sync: which Zoho CRM deals become Xero invoices, and how.
#
# `zoho-xero-sync init` wrote this file once; from now on it is yours to edit. What is not named here is as
# docs/configuration.md and config.example.yaml say. No passwords, tokens or client secrets belong in here.
"""
_TAIL = """\
# What follows holds as it stands; remove a # to change it.
#
#when:
#  leaves_stages: hold          # a deal turns back after its invoice: hold (ask a person) | void | keep
#limits:
#  invoices_per_run: 200        # a run that would make, or end, more stops before sending any
"""


@dataclass(frozen=True, slots=True)
class Answers:
    """What `init` knows. `stages` are (stage, invoice) in order; `urls` go by dotted key, such as `zoho.api_url`.

    `quote_stages` are those of quotes that count as accepted; empty leaves them as they are without being named.
    `lines_from` is where an invoice's lines come from; empty likewise.
    """

    data_center: str = "au"
    stages: tuple[tuple[str, str], ...] = (("Confirmed", "draft"), ("Closed Won", "authorised"))
    account: str = "200"
    tax: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    tax_default: str | None = None
    connection: str = "custom"
    tenant: str | None = None
    secrets: str = "file"
    urls: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    quote_stages: tuple[str, ...] = ()
    lines_from: tuple[str, ...] = ()


def config_text(answers: Answers) -> str:
    """The file's text; every answer is quoted as YAML needs it. It need not be valid: see `answer_problems`."""
    services = (_zoho(answers), _xero(answers), _secrets(answers), _ledger())
    sections = (*services, _stages(answers), _lines(answers), _invoice(answers))
    body = "\n".join("".join(f"{line}\n" for line in section) for section in sections)
    return f"{_HEAD}\nversion: 1\n\n{body}\n{_TAIL}"


def answer_problems(answers: Answers, environ: Mapping[str, str]) -> tuple[ConfigProblem, ...]:
    """Everything the reader of configurations would refuse in the file of these answers."""
    try:
        read_answers(answers, Found(Path.cwd() / NAME, NAME), environ)
    except ConfigError as error:
        return error.problems
    return ()


def read_answers(answers: Answers, place: Found, environ: Mapping[str, str]) -> Config:
    """The configuration that these answers would be at `place`, where nothing is written. Raises ConfigError."""
    problems = Problems(place.shown)
    root = parse_document(config_text(answers), place.shown)
    check_everywhere(problems, root)
    config = read_config(problems, root, place.path, environ)
    problems.stop_if_any()
    return config


def require_folder(place: Found) -> None:
    """Raises ConfigError when the folder that the file is to be in does not exist."""
    if not place.path.parent.is_dir():
        raise _unwritable(place, FileNotFoundError())


def write_config(place: Found, answers: Answers) -> None:
    """Write the file whole (0644), or not at all. Raises ConfigError when something is there or cannot be written."""
    folder = place.path.parent
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{place.path.name}.", suffix=".new", dir=folder)
    except OSError as error:
        raise _unwritable(place, error) from None
    scratch = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            os.fchmod(descriptor, _MODE)
            file.write(config_text(answers))
            file.flush()
            os.fsync(descriptor)
        # A hard link, unlike a rename, never replaces a file that somebody else wrote in the meantime.
        place.path.hardlink_to(scratch)
    except OSError as error:
        raise _unwritable(place, error) from None
    finally:
        scratch.unlink(missing_ok=True)


def _unwritable(place: Found, error: OSError) -> ConfigError:
    if isinstance(error, FileExistsError):
        message, hint = "There is something at this place already, and it is not replaced.", "Move it away first."
    elif isinstance(error, FileNotFoundError | NotADirectoryError):
        message, hint = "The folder it should be in does not exist.", f"Make it first: mkdir -p '{place.path.parent}'"
    else:
        message = f"The file cannot be written: {error.strerror or type(error).__name__}."
        hint = "Correct the rights of its folder, or name another place with --config."
    return ConfigError((ConfigProblem(place.shown, 0, "", message, hint),))


# ---- sections ----


def _zoho(answers: Answers) -> Iterator[str]:
    yield "zoho:"
    yield _line(f"  data_center: {_plain(answers.data_center)}", f"where you log in to Zoho: {' '.join(DATA_CENTERS)}")
    yield from _urls(answers, "zoho")


def _xero(answers: Answers) -> Iterator[str]:
    yield "xero:"
    remark = "custom (client credentials, one organisation) | pkce | web"
    yield _line(f"  connection: {_plain(answers.connection)}", remark)
    if answers.tenant is not None:
        yield _line(f"  tenant: {_plain(answers.tenant)}", "the organisation, where the login reaches several")
    yield from _urls(answers, "xero")


def _urls(answers: Answers, section: str) -> Iterator[str]:
    for key, address in answers.urls.items():
        owner, _, name = key.partition(".")
        if owner == section:
            yield f"  {name}: {_plain(address)}"


def _secrets(answers: Answers) -> Iterator[str]:
    yield "secrets:"
    remark = "where logins are kept: keyring (the system's own) | file | env (ZXS_ variables)"
    yield _line(f"  store: {_plain(answers.secrets)}", remark)
    if answers.secrets != "keyring":
        what = "logins and tokens" if answers.secrets == "file" else "tokens between runs"
        yield _line("  file: secrets.json", f"{what}; only its owner may read it (mode 0600)")


def _ledger() -> Iterator[str]:
    yield _line("ledger: sqlite:///ledger.db", "what has been invoiced is remembered here: back it up")


def _stages(answers: Answers) -> Iterator[str]:
    yield "# Which stages start an invoice. A deal in any other stage is left alone."
    yield "stages:"
    remarks = [" | ".join(("none (customer only)", *INVOICES[1:]))]
    for stage, invoice in answers.stages:
        yield f"  - stage: {_plain(stage)}"
        yield _line(f"    invoice: {_plain(invoice)}", remarks.pop() if remarks else "")


def _lines(answers: Answers) -> Iterator[str]:
    if not answers.lines_from and not answers.quote_stages:
        yield "#lines:"
        yield _line("#  from: [quote, amount]", _FROM)
        yield _line("#  quote_stages: [Confirmed, Closed Won]", _COUNT)
        return
    yield "lines:"
    if answers.lines_from:
        yield _line(f"  from: [{', '.join(answers.lines_from)}]", _FROM)
    else:
        yield _line("  # from: [quote, amount]", _FROM)
    if answers.quote_stages:
        yield f"  quote_stages:  # {_COUNT}"
        yield from (f"    - {_plain(stage)}" for stage in answers.quote_stages)


def _invoice(answers: Answers) -> Iterator[str]:
    yield "invoice:"
    yield _line(f"  account: {_quoted(answers.account)}", "the sales account's code in Xero, in quotes")
    if answers.tax:
        yield _line("  tax:", "name of the tax in Zoho: TaxType in Xero")
        yield from (f"    {_plain(name)}: {_plain(tax_type)}" for name, tax_type in answers.tax.items())
    else:
        yield _line("  tax: {}", "name of the tax in Zoho: TaxType in Xero, such as {GST: OUTPUT}")
    default = "null" if answers.tax_default is None else _plain(answers.tax_default)
    yield _line(f"  tax_default: {default}", "TaxType of lines without a Zoho tax; null: the account's own")
    yield _line("# due: {days: 14}", "{days: N} | {end_of_next_month: true} | {field: Api_Name}")
    yield _line("# amounts: exclusive", "prices are: exclusive (of tax) | inclusive | no_tax")


def _line(text: str, remark: str) -> str:
    return f"{text.ljust(_REMARK_AT - 1)} # {remark}" if remark else text


def _plain(text: str) -> str:
    """A YAML scalar on one line, in quotes only where it needs them."""
    # PyYAML writes signs such as U+0085 as they are and reads them back as line breaks, unless they are in quotes.
    return _dumped(text, None if text.isprintable() else '"')


def _quoted(text: str) -> str:
    return _dumped(text, '"')


def _dumped(text: str, style: str | None) -> str:
    written: str = yaml.safe_dump(text, default_style=style, allow_unicode=True, width=10**9)
    return written.removesuffix("\n").removesuffix("\n...")
