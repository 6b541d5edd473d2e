"""`check`: finds what would go wrong before a run meets it, names each fix, and costs at most fifteen reads."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import keyring
import pytest
from keyring.backend import KeyringBackend
from world_tools import Desk, OpenDesk, Record, order, world

from zoho_xero_sync.core.checks import MOST_CALLS, RISKS
from zoho_xero_sync.ledger.lock import RunLock
from zoho_xero_sync.log import register_secret
from zoho_xero_sync.remote.secrets import open_store

pytestmark = pytest.mark.slow

# What needs no fault to be met: every feature that `check` looks at, set up as it should be.
FULL_ZOHO: Record = {
    "org": {"multi_currency": True},
    "currencies": ["AUD", "USD"],
    "taxes": {"GST": "10", "GST Free": "0", "Import": "10", "Old GST": "10"},
    "fields": {
        "Deals": {
            "Territory": {"type": "picklist", "values": ["North", "South"]},
            "Part_List": {
                "type": "subform",
                "module": "Deal_Parts",
                "fields": {"Quantity": "double", "List_Price": "currency", "Discount": "currency"},
            },
        }
    },
}
ACCOUNTS: list[Record] = [
    {"Code": "200", "Name": "Sales", "Type": "REVENUE", "TaxType": "OUTPUT"},
    {"Code": "260", "Name": "Freight", "Type": "REVENUE", "TaxType": "OUTPUT", "Status": "ARCHIVED"},
    {"Code": "400", "Name": "Advertising", "Type": "EXPENSE", "TaxType": "INPUT"},
    {"Code": "860", "Name": "Rounding", "Type": "EXPENSE", "TaxType": "BASEXCLUDED", "SystemAccount": "ROUNDING"},
]
TAX_RATES: list[Record] = [
    {"Name": "GST on Income", "TaxType": "OUTPUT", "EffectiveRate": "10", "CanApplyToRevenue": True},
    {"Name": "GST Free Income", "TaxType": "EXEMPTOUTPUT", "EffectiveRate": "0", "CanApplyToRevenue": True},
    {"Name": "GST on Expenses", "TaxType": "INPUT", "EffectiveRate": "10", "CanApplyToRevenue": False},
    {"Name": "Old GST", "TaxType": "TAX001", "EffectiveRate": "10", "CanApplyToRevenue": True, "Status": "DELETED"},
    {"Name": "Higher GST", "TaxType": "TAX002", "EffectiveRate": "15", "CanApplyToRevenue": True},
    {"Name": "BAS Excluded", "TaxType": "BASEXCLUDED", "EffectiveRate": "0", "CanApplyToRevenue": True},
]
FULL_XERO: Record = {
    "currencies": ["AUD", "USD"],
    "accounts": ACCOUNTS,
    "tax_rates": TAX_RATES,
    "branding_themes": ["Standard", "Services"],
    "tracking_categories": [
        {"Name": "Team", "Options": ["North", "South"]},
        {"Name": "Region", "Options": ["East", "West"]},
    ],
}
TAXES = {"GST": "OUTPUT", "GST Free": "EXEMPTOUTPUT", "Import": "OUTPUT", "Old GST": "OUTPUT"}


def full_world(*, zoho: Record | None = None, xero: Record | None = None) -> Record:
    """The standard world with one won deal and all of FULL_ZOHO and FULL_XERO, changed as given."""
    made = world(order("a", "Proposal"))
    made["zoho"] |= {**FULL_ZOHO, **(zoho or {})}
    made["xero"] |= {**FULL_XERO, **(xero or {})}
    return made


def keep_logins(desk: Desk) -> None:
    """Move the logins from this shell's environment to the secrets file, where cron finds them too."""
    store = open_store("file", desk.folder / "secrets.json", {}, register=register_secret)
    for name, value in list(desk.environ.items()):
        if name.startswith("ZXS_"):
            store.save_credential(name.removeprefix("ZXS_").lower(), store.protect(value))
            del desk.environ[name]


def schedule(desk: Desk, *lines: str) -> None:
    """Give the user of this desk a crontab."""
    folder = desk.folder.parent / f"{desk.folder.name}-bin"
    folder.mkdir()
    table = folder / "table"
    table.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    program = folder / "crontab"
    program.write_text(f"#!/bin/sh\nexec /bin/cat '{table}'\n", encoding="utf-8")
    program.chmod(0o700)
    desk.environ |= {"PATH": str(folder), "HOME": str(desk.folder)}


def findings(desk: Desk, *, code: int | None = None) -> list[Record]:
    """What `check --json` finds; its calls are counted against the sandbox's own log, and none of them writes."""
    desk.box.calls.reset()
    with desk.nothing_sent():
        told = desk.run("check", "--json", code=code).json
    assert told["exit_code"] == (code if code is not None else told["exit_code"])
    assert len(desk.box.calls) <= MOST_CALLS
    assert sum(told["api_calls"].values()) == len(desk.box.calls)
    assert {finding["code"] for finding in told["findings"]} <= set(RISKS)
    return list(told["findings"])


def not_green(found: list[Record]) -> dict[str, list[str]]:
    """By code, the subjects of everything that is red or worth a note."""
    named: dict[str, list[str]] = {}
    for finding in found:
        if finding["state"] in ("problem", "note"):
            named.setdefault(finding["code"], []).append(finding["subject"])
    return named


def of(found: list[Record], code: str) -> Record:
    """The one finding of a risk."""
    (only,) = [finding for finding in found if finding["code"] == code]
    return only


@pytest.fixture
def healthy(desk_of: OpenDesk) -> Desk:
    """A desk on which everything is used and nothing is wrong: a ledger, logins kept, a cron job, a linked customer."""
    return healthy_desk(desk_of)


def healthy_desk(desk_of: OpenDesk, **xero: object) -> Desk:
    """That desk, with more in its Xero organisation."""
    desk = desk_of(on=full_world(xero=xero))
    keep_logins(desk)
    schedule(desk, "*/5 * * * * /opt/zoho-xero-sync/bin/zoho-xero-sync --config /etc/zoho-xero-sync/config.yaml sync")
    desk.configure(
        stages=[{"stage": "Closed Won", "pipeline": "Standard", "invoice": "authorised"}],
        customer={"match": ["number", "name"]},
        invoice={
            "tax": TAXES,
            "branding_theme": "Services",
            "date": "closing_date",
            "tracking": [{"category": "Team", "option": "{Territory}"}, {"category": "Region", "option": "East"}],
            "rounding": {"account": "860"},
        },
    )
    desk.sync()
    desk.edit("a", Stage="Closed Won", Territory="North", Closing_Date="2026-11-20")
    desk.sync()
    assert desk.invoice("a")["Status"] == "AUTHORISED"
    return desk


# ---- all green, all red ----


def test_a_healthy_pair_of_organisations_is_all_green(healthy: Desk) -> None:
    before = healthy.files()
    found = findings(healthy, code=0)
    assert [finding for finding in found if finding["state"] != "ok"] == []
    # Only a lapse that is near has a line.
    assert {finding["code"] for finding in found} == set(RISKS) - {"login_lapse"}
    assert healthy.files() == before


# Everything that is planted below: the risk, and the subject its line must name.
PLANTED = [
    ("zoho_scopes", "Zoho scopes"),
    ("xero_scopes", "Xero scopes"),
    ("cron_logins", "Logins under cron"),
    ("cron_line", "Cron job"),
    ("ledger", "Ledger"),
    ("lock", "Lock"),
    ("textfile", "Metrics"),
    ("deal_stages", "Closed Wonn"),
    ("stage_pipelines", "Services"),
    ("quote_stages", "Accepted"),
    ("subform", "Deal_Partz"),
    ("deal_fields", "PO_Nummer"),
    ("deal_fields", "Next_Step"),
    ("accounts", "999"),
    ("accounts", "260"),
    ("accounts", "400"),
    ("rounding_account", "861"),
    ("zoho_taxes", "GST Free"),
    ("zoho_taxes", "VAT"),
    ("tax_types", "TAX099"),
    ("tax_types", "INPUT"),
    ("tax_types", "TAX001"),
    ("tax_rates", "GST"),
    ("tax_default", "ZERORATED"),
    ("currencies", "USD"),
    ("branding_theme", "Gold"),
    ("tracking", "Department"),
    ("tracking", "Team"),
    ("lock_dates", "Lock dates"),
    ("plan", "Plan of Xero"),
    ("clock", "Clock"),
    ("zoho_allowance", "Calls left at Zoho"),
    ("xero_allowance", "Calls left at Xero"),
]


def broken_world() -> Record:
    """The full world with everything wrong that the organisations themselves can have wrong."""
    made = full_world(
        zoho={"limits": {"credits": 600}},
        xero={
            "currencies": ["AUD"],
            "organisation": {"PeriodLockDate": "2026-12-31", "Class": "LEDGER"},
            "tracking_categories": [{"Name": "Team", "Options": ["North"]}],
            "limits": {"day": 60},
        },
    )
    made["zoho"]["client"]["scopes"] = [
        "ZohoCRM.coql.READ",
        "ZohoCRM.modules.deals.READ",
        "ZohoCRM.modules.quotes.READ",
        "ZohoCRM.modules.custom.READ",
        "ZohoCRM.org.READ",
        "ZohoCRM.settings.ALL",
    ]
    made["xero"]["client"]["scopes"] = ["accounting.invoices", "accounting.settings"]
    return made


@pytest.fixture
def broken(desk_of: OpenDesk) -> Iterator[Desk]:
    """A desk with every fault of PLANTED."""
    desk = desk_of(on=broken_world())
    schedule(desk, "0 * * * * zoho-xero-sync sync")
    desk.configure(
        stages=[{"stage": ["Closed Won", "Closed Wonn"], "pipeline": "Services", "invoice": "authorised"}],
        lines={
            "from": ["quote", "subform", "amount"],
            "quote_stages": ["Confirmed", "Accepted"],
            "subform": {"module": "Deal_Partz"},
        },
        invoice={
            "reference": "{PO_Nummer}",
            "due": {"field": "Next_Step"},
            "account": "999",
            "accounts": {"Freight": "260", "Adverts": "400"},
            "rounding": {"account": "861"},
            "tax": {"GST": "TAX002", "VAT": "TAX099", "Import": "INPUT", "Old GST": "TAX001"},
            "tax_default": "ZERORATED",
            "branding_theme": "Gold",
            "tracking": [{"category": "Department", "option": "East"}, {"category": "Team", "option": "{Territory}"}],
        },
    )
    desk.configure(watch={"textfile": str(desk.folder / "nowhere" / "sync.prom")})
    desk.ledger.write_bytes(b"")
    desk.ledger.chmod(0o644)
    desk.box.zoho.limits.spend(400)
    with RunLock.for_url(f"sqlite:///{desk.ledger}"):
        yield desk


def test_every_planted_fault_is_found_in_fifteen_calls(broken: Desk) -> None:
    broken.skew = -timedelta(minutes=10)
    found = [finding for finding in findings(broken, code=13) if finding["state"] in ("problem", "note")]
    assert len(PLANTED) >= 25
    assert sorted((finding["code"], finding["subject"]) for finding in found) == sorted(PLANTED)
    assert [finding for finding in found if not finding["hint"]] == []


def test_fields_of_customers_are_found_too_once_no_call_goes_to_a_login(broken: Desk) -> None:
    broken.skew = -timedelta(minutes=10)
    broken.configure(customer={"tax_number": "ABN_Nummer", "fields": {"CompanyNumber": "ACN_Nummer"}})
    # With both tokens to be got there is one question too many, and the line says so.
    left = [finding for finding in findings(broken, code=13) if finding["state"] == "unchecked"]
    assert [finding["code"] for finding in left if "15 calls" in finding["message"]] == ["currencies"]
    planted = [*PLANTED, ("customer_fields", "ABN_Nummer"), ("customer_fields", "ACN_Nummer")]
    found = [finding for finding in findings(broken, code=13) if finding["state"] in ("problem", "note")]
    assert sorted((finding["code"], finding["subject"]) for finding in found) == sorted(planted)


def test_the_words_for_people_name_each_fault_and_its_fix(broken: Desk) -> None:
    lines = broken.run("check", code=13).out.splitlines()
    for finding in findings(broken, code=13):
        word = {"ok": "ok", "problem": "PROBLEM", "note": "note", "unchecked": "not checked"}[finding["state"]]
        places = [place for place, line in enumerate(lines) if line.startswith(f"{word}: {finding['subject']}: ")]
        assert places, finding
        if finding["hint"]:
            assert " ".join(finding["hint"].split()) in [lines[place + 1].strip() for place in places]
    assert lines[-1].endswith("to Zoho and 8 to Xero.")
    shown = broken.run("check", code=13, interactive=True).out
    assert "✗ Ledger" in shown
    quiet = broken.run("-q", "check", code=13).out
    assert "PROBLEM: Ledger" in quiet
    assert "\nok: " not in quiet


# ---- one at a time: the exit code, and what could not be looked at ----


@pytest.mark.parametrize(
    ("fields", "customer", "state", "words"),
    [
        ({"ABN": "text"}, {"tax_number": "ABN"}, "ok", "can be read: ABN"),
        ({"ABN": "text"}, {"fields": {"AccountNumber": "Number"}}, "problem", "no field Number, which customer.fields"),
        ({}, {"from": ["account"]}, "ok", "none named"),
    ],
)
def test_the_fields_that_customers_take(
    desk_of: OpenDesk, fields: Record, customer: Record, state: str, words: str
) -> None:
    desk = desk_of(on=full_world(zoho={"fields": {**FULL_ZOHO["fields"], "Accounts": fields}}))
    desk.configure(customer=customer, invoice={"tax": TAXES})
    found = of(findings(desk), "customer_fields")
    assert (found["state"], words in found["message"]) == (state, True), found


def test_a_login_that_is_refused_leaves_the_other_service_checked(healthy: Desk) -> None:
    store = open_store("file", healthy.folder / "secrets.json", {}, register=register_secret)
    store.save_credential("xero_client_secret", store.protect("canary-wrong-secret-1b2c"))
    found = findings(healthy, code=12)
    assert not_green(found) == {"xero_login": ["Xero login"]}
    assert of(found, "xero_login")["hint"]
    unchecked = {finding["code"] for finding in found if finding["state"] == "unchecked"}
    assert unchecked >= {"accounts", "tax_types", "plan"}
    assert of(found, "deal_stages")["state"] == "ok"
    assert "canary" not in "".join(healthy.said)


def test_a_service_that_does_not_answer_is_asked_once(healthy: Desk) -> None:
    healthy.box.xero.switches["organisation_offline"] = True
    told = healthy.run("check", "--json", code=4).json
    named = not_green(told["findings"])
    assert set(named) == {"time_zone"}
    assert of(told["findings"], "accounts")["state"] == "unchecked"


def test_a_login_of_another_organisation_is_told_from_the_ledgers(desk_of: OpenDesk) -> None:
    first = desk_of(on=full_world())
    first.sync()
    second = desk_of(on=full_world(zoho={"org": {"id": "5725767000000000009", "company_name": "Other Pty Ltd"}}))
    second.ledger.write_bytes(first.ledger.read_bytes())
    second.ledger.chmod(0o600)
    found = findings(second, code=13)
    told = of(found, "zoho_organisation")
    assert (told["state"], "Other Pty Ltd" in told["message"]) == ("problem", True)


def test_secrets_that_others_can_read_are_told_once(healthy: Desk) -> None:
    (healthy.folder / "secrets.json").chmod(0o644)
    found = findings(healthy, code=12)
    assert not_green(found) == {"secrets": ["Secrets"], "cron_logins": ["Logins under cron"]}
    assert "chmod 600" in of(found, "secrets")["hint"]
    assert of(found, "zoho_login")["state"] == "unchecked"


def test_a_contact_that_was_archived_and_one_with_the_same_email_are_named(desk_of: OpenDesk) -> None:
    name, email = "Alpine Joinery Pty Ltd", "accounts@alpine.example.com"
    old = {"Name": "Alpine Joinery (old)", "EmailAddress": email}
    desk = healthy_desk(desk_of, contacts=[old])
    # The calls for themes and tracking go to the contacts.
    desk.configure(invoice={"tracking": [], "branding_theme": None})
    found = findings(desk, code=0)
    assert not_green(found) == {"contacts": [old["Name"]]}
    assert name in of(found, "contacts")["message"]
    desk.box.xero.archive_contact(name)
    found = findings(desk, code=3)
    assert "archived" in of(found, "contacts")["message"]


def test_a_new_ledger_and_a_new_stage_are_worth_a_note(desk_of: OpenDesk, healthy: Desk) -> None:
    fresh = desk_of(on=full_world())
    keep_logins(fresh)
    fresh.configure(invoice={"tax": TAXES})
    assert not_green(findings(fresh, code=0)) == {"cron_line": ["Cron job"], "ledger": ["Ledger"]}
    assert not fresh.ledger.exists()
    healthy.configure(
        stages=[
            {"stage": "Closed Won", "pipeline": "Standard", "invoice": "authorised"},
            {"stage": "Confirmed", "invoice": "draft"},
        ]
    )
    found = findings(healthy, code=0)
    assert not_green(found) == {"baseline": ["Baseline"]}
    assert "Confirmed" in of(found, "baseline")["message"]


def test_an_answer_that_never_came_is_told(healthy: Desk) -> None:
    healthy.add(order("b", "Proposal"))
    healthy.sync()
    healthy.edit("b", Stage="Closed Won", Closing_Date="2026-11-20")
    # Lost is the answer to the invoice, however often it is sent, and the one to the question whether it was made.
    healthy.fault("drop_after", method="PUT", path="Invoices", times=99)
    healthy.fault("status_503", method="GET", path="Invoices", skip=1, times=99)
    healthy.sync(code=4)
    healthy.box.faults.clear()
    found = findings(healthy, code=4)
    assert not_green(found) == {"unsettled": ["Unknown outcomes"]}


# ---- cron ----


def test_cron_is_given_what_its_own_table_sets(desk_of: OpenDesk) -> None:
    desk = desk_of(on=full_world())
    secrets = [f'{name}="{value}"' for name, value in desk.environ.items() if name != "ZXS_ZOHO_CLIENT_SECRET"]
    schedule(desk, *secrets, "@hourly ZXS_ZOHO_CLIENT_SECRET=x /usr/bin/python3 -m zoho_xero_sync sync")
    found = findings(desk)
    assert of(found, "cron_logins")["state"] == "ok"
    assert of(found, "cron_line") == {**of(found, "cron_line"), "state": "ok", "message": "found in crontab -l"}


def test_a_job_that_is_commented_out_is_none(desk_of: OpenDesk) -> None:
    desk = desk_of(on=full_world())
    schedule(desk, "# */5 * * * * /usr/bin/zoho-xero-sync sync", "*/5 * * * * /usr/bin/true")
    assert of(findings(desk), "cron_line")["state"] == "note"


def test_systemd_gives_its_job_what_the_unit_says(desk_of: OpenDesk) -> None:
    desk = desk_of(on=full_world())
    secrets = desk.folder / "logins.env"
    secrets.write_text("".join(f"{name}={value}\n" for name, value in desk.environ.items()), encoding="utf-8")
    units = desk.folder / ".config" / "systemd" / "user"
    units.mkdir(parents=True)
    unit = units / "zoho-xero-sync.service"
    unit.write_text(
        f"[Service]\nEnvironmentFile=-{secrets}\nEnvironment=NO_COLOR=1\n"
        "ExecStart=/usr/bin/zoho-xero-sync sync --every 15\n",
        encoding="utf-8",
    )
    desk.environ["HOME"] = str(desk.folder)
    found = findings(desk)
    assert of(found, "cron_logins")["state"] == "ok"
    assert str(unit) in of(found, "cron_line")["message"]


class _Memory(KeyringBackend):
    """A keyring of this process, as a desktop has one and cron has none."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.fixture
def desktop_keyring() -> Iterator[None]:
    """A keyring that works here and not in another process."""
    before = keyring.get_keyring()
    keyring.set_keyring(_Memory())
    yield
    keyring.set_keyring(before)


@pytest.mark.usefixtures("desktop_keyring")
def test_a_keyring_that_cron_does_not_have_is_told_before_the_first_night(desk_of: OpenDesk) -> None:
    desk = desk_of(on=full_world())
    desk.configure(secrets={"store": "keyring"}, invoice={"tax": TAXES})
    store = open_store("keyring", desk.folder / "secrets.json", {}, register=register_secret)
    for name, value in list(desk.environ.items()):
        store.save_credential(name.removeprefix("ZXS_").lower(), store.protect(value))
        del desk.environ[name]
    # A second process here has no keyring either way; the fail backend makes sure of it on a desktop.
    schedule(desk, "PYTHON_KEYRING_BACKEND=keyring.backends.fail.Keyring", "@daily /opt/bin/zoho-xero-sync sync")
    found = findings(desk, code=12)
    assert of(found, "zoho_login")["state"] == "ok"
    assert not_green(found) == {"cron_logins": ["Logins under cron"], "ledger": ["Ledger"]}
    told = of(found, "cron_logins")
    assert "keyring" in told["message"]
    assert "secrets.store: file" in told["hint"]
