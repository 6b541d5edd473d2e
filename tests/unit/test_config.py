"""A good configuration: what is read, where it is found, what is filled in."""

from __future__ import annotations

import errno
import re
from decimal import Decimal
from pathlib import Path

import pytest

from zoho_xero_sync.config import Config, load_config
from zoho_xero_sync.config.keys import KEYS, dotted_keys
from zoho_xero_sync.core.rules import (
    DueDays,
    DueEndOfNextMonth,
    DueField,
    InvoiceRules,
    LineRules,
    RoundingRules,
    Rules,
    StageRule,
    SubformRules,
    TrackingRule,
)
from zoho_xero_sync.core.templates import Template
from zoho_xero_sync.errors import ConfigError, ExitCode

ROOT = Path(__file__).parents[2]
LEAST = "version: 1\nstages: [{stage: Won, invoice: draft}]\n"


def load(directory: Path, text: str, **environ: str) -> Config:
    (directory / "config.yaml").write_text(text, encoding="utf-8")
    return load_config(None, environ=environ, cwd=directory)


def invoice(directory: Path, text: str) -> InvoiceRules:
    return load(directory, f"{LEAST}invoice: {text}\n").rules.invoice


def test_the_least_is_enough(tmp_path: Path) -> None:
    config = load(tmp_path, LEAST)
    assert config.rules == Rules(stages=(StageRule(("Won",), "draft"),))
    assert config.file == tmp_path / "config.yaml"
    assert config.base == tmp_path
    assert config.ledger == f"sqlite:///{tmp_path}/ledger.db"
    assert (config.secrets.store, config.secrets.file) == ("keyring", tmp_path / "secrets.json")
    assert (config.xero.connection, config.xero.tenant) == ("custom", None)


def test_the_example_says_the_defaults(tmp_path: Path) -> None:
    stages = """version: 1
stages:
  - {stage: Confirmed, invoice: draft}
  - {stage: [Closed Won, Invoice Ready], invoice: authorised}
"""
    example = load(tmp_path, (ROOT / "config.example.yaml").read_text("utf-8"))
    least = load(tmp_path, stages)
    assert example == least
    assert example.rules.fingerprint() == least.rules.fingerprint()


def example_keys() -> set[str]:
    """Every key of the example, with the parts of its flow mappings, as the program itself walks it."""
    import yaml

    def below(value: object, key: str) -> set[str]:
        if isinstance(value, dict):
            return {key} | {
                found for name, item in value.items() for found in below(item, f"{key}.{name}" if key else name)
            }
        if isinstance(value, list):
            return {key} | {found for item in value for found in below(item, f"{key}[]")}
        return {key}

    return below(yaml.safe_load((ROOT / "config.example.yaml").read_text("utf-8")), "")


def test_the_example_has_every_key() -> None:
    commented = {"invoice.due.end_of_next_month", "invoice.due.field"}
    commented |= {"invoice.tracking[].category", "invoice.tracking[].option"}
    assert set(dotted_keys()) - commented == example_keys() & set(dotted_keys())
    text = (ROOT / "config.example.yaml").read_text("utf-8")
    assert all(key.rpartition(".")[2] + ":" in text for key in commented)


def test_the_documentation_has_every_key_and_no_other() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text("utf-8")
    rows = set(re.findall(r"^\| `([\w.\[\]]+)` \|", text, re.MULTILINE))
    headings = set(re.findall(r"^### `(\w+)`$", text, re.MULTILINE))
    assert headings == set(KEYS[""])
    assert rows == {key for key in dotted_keys() if "." in key}


def test_the_yaml_in_the_documentation_is_valid(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "configuration.md").read_text("utf-8")
    blocks = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == 13
    for block in blocks:
        load(tmp_path, ("version: 1\n" if block.startswith("stages:") else LEAST) + block)


@pytest.mark.parametrize(
    ("center", "accounts", "api", "crm"),
    [
        ("us", "https://accounts.zoho.com", "https://www.zohoapis.com", "https://crm.zoho.com"),
        ("eu", "https://accounts.zoho.eu", "https://www.zohoapis.eu", "https://crm.zoho.eu"),
        ("in", "https://accounts.zoho.in", "https://www.zohoapis.in", "https://crm.zoho.in"),
        ("au", "https://accounts.zoho.com.au", "https://www.zohoapis.com.au", "https://crm.zoho.com.au"),
        ("jp", "https://accounts.zoho.jp", "https://www.zohoapis.jp", "https://crm.zoho.jp"),
        ("cn", "https://accounts.zoho.com.cn", "https://www.zohoapis.com.cn", "https://crm.zoho.com.cn"),
        ("ca", "https://accounts.zohocloud.ca", "https://www.zohoapis.ca", "https://crm.zohocloud.ca"),
        ("sa", "https://accounts.zoho.sa", "https://www.zohoapis.sa", "https://crm.zoho.sa"),
        ("uk", "https://accounts.zoho.uk", "https://www.zohoapis.uk", "https://crm.zoho.uk"),
        ("ae", "https://accounts.zoho.ae", "https://www.zohoapis.ae", "https://crm.zoho.ae"),
    ],
)
def test_each_data_centre_has_its_hosts(tmp_path: Path, center: str, accounts: str, api: str, crm: str) -> None:
    zoho = load(tmp_path, f"{LEAST}zoho: {{data_center: {center}}}\n").zoho
    assert (zoho.data_center, zoho.accounts_url, zoho.api_url, zoho.crm_url) == (center, accounts, api, crm)


def test_xero_has_its_hosts(tmp_path: Path) -> None:
    xero = load(tmp_path, LEAST).xero
    assert xero.identity_url == "https://identity.xero.com"
    assert xero.login_url == "https://login.xero.com"
    assert xero.api_url == "https://api.xero.com"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("https://api.example.com/", "https://api.example.com"),
        ("https://api.example.com:8443", "https://api.example.com:8443"),
        ("http://localhost:8010", "http://localhost:8010"),
        ("http://127.0.0.1:8010/", "http://127.0.0.1:8010"),
        ("http://127.9.8.7", "http://127.9.8.7"),
        ("'http://[::1]:8010'", "http://[::1]:8010"),
    ],
)
def test_an_address_is_overridden(tmp_path: Path, written: str, read: str) -> None:
    config = load(tmp_path, f"{LEAST}zoho: {{api_url: {written}}}\nxero: {{identity_url: {written}}}\n")
    assert config.zoho.api_url == read
    assert config.zoho.accounts_url == "https://accounts.zoho.com.au"
    assert config.xero.identity_url == read


def test_values_keep_the_text_they_were_written_with(tmp_path: Path) -> None:
    text = """version: 1
xero: {tenant: 0012}
stages:
  - {stage: Yes, pipeline: 2026-01-31, invoice: none}
  - {stage: [1.10, "null", no], pipeline: 1e3, invoice: authorised, email: no}
customer: {update: off}
invoice:
  account: 200
  accounts: {007: "0200", on: 4-1000}
  tax: {10%: OUTPUT, No: NONE}
  rounding: {account: "860", limit: 0.10}
limits: {invoice_total: 9999999999.99}
"""
    config = load(tmp_path, text)
    first, second = config.rules.stages
    assert (first.stages, first.pipeline, first.email) == (("Yes",), "2026-01-31", False)
    assert (second.stages, second.pipeline, second.email) == (("1.10", "null", "no"), "1e3", False)
    assert config.xero.tenant == "0012"
    assert config.rules.customer.update is False
    assert config.rules.invoice.account == "200"
    assert dict(config.rules.invoice.accounts) == {"007": "0200", "on": "4-1000"}
    assert dict(config.rules.invoice.tax) == {"10%": "OUTPUT", "No": "NONE"}
    assert config.rules.invoice.rounding == RoundingRules("860", Decimal("0.10"))
    assert str(config.rules.invoice.rounding.limit) == "0.10"
    assert str(config.rules.limits.invoice_total) == "9999999999.99"


def test_every_rule_can_be_set(tmp_path: Path) -> None:
    text = """version: 1
stages: [{stage: Won, pipeline: Standard, invoice: submitted}]
when: {leaves_stages: void, deal_deleted: keep, changed_after_approval: update}
lines:
  from: [sales_order, zoho_invoice, subform, quote, amount]
  quote_stages: [Accepted]
  several: hold
  subform: {module: Items, product: A, quantity: B, price: C, discount: D, description: E}
  amount_description: "{Deal_Name} {{net}}"
customer: {from: [contact], match: [email], number: "C-{id}", update: false}
invoice:
  number: "ZC-{id}"
  reference: ""
  date: Event_Date
  due: {field: Due_Date}
  amounts: inclusive
  items: match
  tax_default: BASEXCLUDED
  branding_theme: Events
  tracking: [{category: Region, option: "{Territory}"}, {category: Team, option: Sales}]
"""
    rules = load(tmp_path, text).rules
    assert rules.stages == (StageRule(("Won",), "submitted", "Standard"),)
    assert (rules.when.leaves_stages, rules.when.deal_deleted) == ("void", "keep")
    assert rules.when.changed_after_approval == "update"
    assert rules.lines == LineRules(
        ("sales_order", "zoho_invoice", "subform", "quote", "amount"),
        ("Accepted",),
        "hold",
        SubformRules("Items", "A", "B", "C", "D", "E"),
        Template.parse("{Deal_Name} {{net}}"),
    )
    assert (rules.customer.sources, rules.customer.match) == (("contact",), ("email",))
    assert (str(rules.customer.number), rules.customer.update) == ("C-{id}", False)
    assert rules.invoice == InvoiceRules(
        number=Template.parse("ZC-{id}"),
        reference=Template.parse(""),
        date="Event_Date",
        due=DueField("Due_Date"),
        amounts="inclusive",
        items="match",
        tax_default="BASEXCLUDED",
        branding_theme="Events",
        tracking=(
            TrackingRule("Region", Template.parse("{Territory}")),
            TrackingRule("Team", Template.parse("Sales")),
        ),
    )
    assert rules.deal_fields() == {"id", "Deal_Name", "Event_Date", "Due_Date", "Territory"}


@pytest.mark.parametrize(
    ("written", "due"),
    [
        ("{days: 0}", DueDays(0)),
        ("{days: 3650}", DueDays(3650)),
        ("{end_of_next_month: true}", DueEndOfNextMonth()),
        ("{field: Closing_Date}", DueField("Closing_Date")),
    ],
)
def test_due_has_three_forms(tmp_path: Path, written: str, due: object) -> None:
    assert invoice(tmp_path, f"{{due: {written}}}").due == due


@pytest.mark.parametrize(
    ("written", "field"), [("today", None), ("closing_date", "Closing_Date"), ("Event_Date", "Event_Date")]
)
def test_the_date_names_its_field(tmp_path: Path, written: str, field: str | None) -> None:
    assert invoice(tmp_path, f"{{date: {written}}}").date_field == field


def test_a_section_left_empty_is_its_defaults(tmp_path: Path) -> None:
    names = "zoho xero secrets when lines customer invoice limits"
    text = LEAST + "".join(f"{name}:\n" for name in names.split())
    assert load(tmp_path, text) == load(tmp_path, LEAST)
    assert invoice(tmp_path, "{accounts: , tax: ~, tracking: null, rounding: }") == InvoiceRules()


def test_a_file_from_windows_is_read(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_bytes(b"\xef\xbb\xbf" + LEAST.replace("\n", "\r\n").encode())
    assert load_config(None, environ={}, cwd=tmp_path).rules.stages == (StageRule(("Won",), "draft"),)


# ---- Paths ----


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("sqlite:///ledger.db", "sqlite:///{base}/ledger.db"),
        ("sqlite:///../state/l.db", "sqlite:///{parent}/state/l.db"),
        ("sqlite:////var/lib/sync/l.db", "sqlite:////var/lib/sync/l.db"),
        ("sqlite:///~/l.db", "sqlite:////home/books/l.db"),
    ],
)
def test_the_ledger_is_found_from_the_file(tmp_path: Path, written: str, read: str) -> None:
    config = load(tmp_path, f"{LEAST}ledger: {written}\n", HOME="/home/books")
    assert config.ledger == read.format(base=tmp_path, parent=tmp_path.parent)


@pytest.mark.parametrize(
    ("written", "read"),
    [("s.json", "{base}/s.json"), ("/run/s.json", "/run/s.json"), ("~/s.json", "/home/books/s.json")],
)
def test_the_secrets_file_is_found_from_the_file(tmp_path: Path, written: str, read: str) -> None:
    config = load(tmp_path, f"{LEAST}secrets: {{file: {written}}}\n", HOME="/home/books")
    assert str(config.secrets.file) == read.format(base=tmp_path)


# ---- Where it is found ----


def tenant(directory: Path, name: str) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / "config.yaml"
    file.write_text(f"{LEAST}xero: {{tenant: {name}}}\n", encoding="utf-8")
    return file


def test_the_first_place_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    option, variable = tenant(tmp_path / "a", "option"), tenant(tmp_path / "b", "variable")
    here = tenant(tmp_path / "c", "here").parent
    tenant(tmp_path / "home" / "zoho-xero-sync", "home")
    elsewhere = tmp_path / "d"
    elsewhere.mkdir()
    environ = {"ZXS_CONFIG": str(variable)}
    assert load_config(option, environ=environ, cwd=here).xero.tenant == "option"
    assert load_config(None, environ=environ, cwd=here).xero.tenant == "variable"
    assert load_config(None, environ={"ZXS_CONFIG": ""}, cwd=here).xero.tenant == "here"
    assert load_config(None, environ={}, cwd=elsewhere).xero.tenant == "home"
    assert load_config(Path("../a/config.yaml"), environ={}, cwd=here).base.resolve() == option.parent


def missing(path: Path | None, cwd: Path, **environ: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(path, environ=environ, cwd=cwd)
    assert caught.value.exit_code is ExitCode.CONFIG
    assert len(caught.value.problems) == 1
    return str(caught.value)


def test_no_file_says_where_it_looked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    what_to_do = "Run `zoho-xero-sync init` to write one, or name yours with --config."
    at_home = tmp_path / "home" / "zoho-xero-sync" / "config.yaml"
    assert missing(None, tmp_path) == f"config.yaml: There is no configuration here, nor at {at_home}. {what_to_do}"
    tenant(at_home.parent, "home")
    assert missing(Path("x.yaml"), tmp_path) == f"x.yaml: There is no such file, though --config names it. {what_to_do}"
    assert (
        missing(None, tmp_path, ZXS_CONFIG="y.yaml")
        == f"y.yaml: There is no such file, though ZXS_CONFIG names it. {what_to_do}"
    )


def test_variables_with_secrets_are_not_read_here(tmp_path: Path) -> None:
    secret = "canary-do-not-print"
    assert secret not in repr(load(tmp_path, LEAST, ZXS_ZOHO_CLIENT_SECRET=secret, ZXS_XERO_REFRESH_TOKEN=secret))


def test_an_unreadable_file_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tenant(tmp_path, "x")

    def refuse(self: Path, *_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", refuse)  # file modes mean nothing to root, who runs many a CI
    assert missing(None, tmp_path) == "config.yaml: This user may not read the file. Check its owner and mode."
