"""The whole product as one state machine: people in Zoho and in Xero, bad days, kills, backups, and runs in between.

Default: a few examples, of one seed, so that the same tree always gets the same answer. To look for new ones:
`ZXS_SEED=random ZXS_EXAMPLES=2000 pytest -m slow -n 0 -s tests/property/test_machine.py`. The seed is printed, and
`ZXS_SEED` with that number repeats the run.
"""

from __future__ import annotations

import gc
import json
import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from cuts import Boundaries
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from machine_checks import CODES, MARK, Watch, content_of
from machine_desk import GONE, MachineDesk, Stage, money, unchanged
from world_tools import CLOSED, CONFIG, Desk, Line, Record, Result, order, orders, world

from zoho_xero_sync.ledger.lock import RunLock
from zoho_xero_sync.sandbox import Fault
from zoho_xero_sync.sandbox.faults import KINDS

STAGES = ["Confirmed", "Closed Won", "Proposal", "Closed Lost"]
ACCOUNTS = ["alpine", "birch", "cedar"]
PRICES = ["120.00", "33.33", "0.07", "999.95", "0.005"]
DEFAULT_STAGES = [{"stage": "Confirmed", "invoice": "draft"}, {"stage": "Closed Won", "invoice": "authorised"}]
EMAILED = [DEFAULT_STAGES[0], {"stage": "Closed Won", "invoice": "authorised", "email": True}]
SHARED = [
    {"stage": "Confirmed", "invoice": "authorised", "share": "30%"},
    {"stage": "Closed Won", "invoice": "authorised", "share": "remainder"},
]
DRAFTED_SHARE = [{"stage": "Confirmed", "invoice": "draft", "share": "30%"}, SHARED[1]]
DRAFTED_REST = [SHARED[0], {"stage": "Closed Won", "invoice": "draft", "share": "remainder"}]
FIRST_RULES = [DEFAULT_STAGES, SHARED, DRAFTED_SHARE]
STAGE_RULES: list[list[Record]] = [
    DEFAULT_STAGES,
    SHARED,
    DRAFTED_SHARE,
    DRAFTED_REST,
    EMAILED,
    [{"stage": "Confirmed", "invoice": "none"}, {"stage": "Closed Won", "invoice": "submitted"}],
    [*DEFAULT_STAGES, {"stage": "Proposal", "invoice": "draft"}],
    [{"stage": "Closed Won", "invoice": "authorised"}],
]
TOLD = {"number": "Xero_No", "status": "Xero_Status", "due": "Xero_Due"}
TOLD_FIELDS = {"Xero_No": "text", "Xero_Status": "text", "Xero_Due": "currency"}
WAITS = [0, 1, 2, 61, 170, 190, 370, 1900, 4000, 90_000]
SKEWS = [0, 0, 300, -300, 5400, -5400, 200_000, -200_000]
FAULTS = sorted(set(KINDS) - {"connection_revoked"})
LOST = ["drop_after", "half_body", "status_500_after"]
SEED = "2026"
WHICH = st.integers(0, 7)

# A command that is killed in the middle closes nothing.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")

STAGE: list[Stage] = []
BOUNDARIES = Boundaries()


# Named, because a lambda's source is looked up again for every step.


def has_invoices(life: Life) -> bool:
    return len(life.desk.box.xero.books.invoices) > 0


def has_contacts(life: Life) -> bool:
    return len(life.desk.box.xero.books.contacts) > 0


def has_backups(life: Life) -> bool:
    return bool(life.backups)


def is_logged_in(life: Life) -> bool:
    return not life.revoked


def is_revoked(life: Life) -> bool:
    return life.revoked


IDLE = {"zoho": 1, "xero": 0}


class Life(RuleBasedStateMachine):
    """One world's life; every rule is something that happens to it."""

    count: ClassVar[int] = 0
    deeds: ClassVar[Counter[str]] = Counter()
    runs: ClassVar[int] = 0
    kills: ClassVar[int] = 0
    first: ClassVar[dict[str, bytes]] = {}

    def __init__(self) -> None:
        super().__init__()
        Life.count += 1
        if Life.count % 100 == 0:
            print(f"{Life.count} lives, {Life.runs} commands", flush=True)
        placed = world(*orders(1, "Closed Won", prefix="old"))
        placed["zoho"]["fields"] = {"Deals": TOLD_FIELDS}
        self.desk: MachineDesk = STAGE[0].open(placed)
        self.desk.boundaries = BOUNDARIES
        self.desk.settings = {**CONFIG, "when": {"leaves_stages": "hold", "changed_after_approval": "hold"}}
        self.desk.__post_init__()
        self.desk.box.xero.on_write.pop()
        self.watch = Watch(self.desk)
        self.watch.history = {str(deal["id"]) for deal in self.desk.box.zoho.records("Deals")}
        self.keys = ["old0"]
        self.ids: dict[str, str] = {"old0": self.desk.deal("old0")}
        self.gone: dict[str, Record] = {}
        self.backups: list[bytes] = []
        self.zoho_logins = dict(self.desk.box.zoho.oauth._refresh)
        self.revoked = False
        self.broken = False

    @initialize(
        how=st.sampled_from(["known", "known", "known", "known", "new", "cut"]), cut=st.integers(0, 60),
        stages=st.sampled_from(FIRST_RULES),
    )  # fmt: skip
    def begin(self, how: str, cut: int, stages: list[Record]) -> None:
        """Nearly all lives begin with the ledger that the first one's first run, by these rules, made."""
        self.desk.configure(stages=stages)
        rules = json.dumps(stages)
        if how == "known" and rules in Life.first:
            self.desk.ledger.touch(0o600)
            self.desk.restore(Life.first[rules])
        else:
            self.go("sync", cut=cut if how == "cut" else None)
        if how != "cut":
            Life.first.setdefault(rules, self.desk.backup())
            self.enter_deal("Confirmed", "alpine", 2, "120.00", quoted=True)
            self.enter_deal("Closed Won", "birch", 1, "33.33", quoted=False)

    # ---- commands ----

    def go(self, *argv: str, codes: set[int] = CODES, **how: Any) -> Result:
        """Run a command and check everything that must hold after it."""
        before = self.watch.invoices()
        self.watch.note_totals()
        self.watch.note_ledger()
        first = not self.desk.has_baseline()
        self.watch.note_history(first)
        self.broken = True
        if not self.desk.ledger.exists() and argv[0] != "sync":
            codes = {13}
        result = self.desk.command(*argv, **how)
        Life.runs += 1
        Life.kills += result.code == GONE
        assert result.code in codes or (result.code == GONE and how.get("cut") is not None), result
        self.watch.note_history(first)
        if self.desk.ledger.exists():
            self.watch.after(result, before, wrote=argv[0] == "sync" and "--dry-run" not in argv)
        self.broken = False
        return result

    @rule(cut=st.one_of(st.none(), st.integers(0, 120)), pause=st.sampled_from([0, 0, 1, 30]))
    def sync(self, cut: int | None, pause: int) -> None:
        self.desk.wait(seconds=pause)
        self.go("sync", cut=cut)

    @rule()
    def sync_again(self) -> None:
        self.go("sync")

    @rule(age=st.sampled_from(["1h", "2d", "3w"]), limit=st.sampled_from([None, 1]), cut=st.none() | st.integers(0, 90))
    def sync_since(self, age: str, limit: int | None, cut: int | None) -> None:
        self.go("sync", "--since", age, *(["--limit", str(limit)] if limit else []), cut=cut)

    @rule(which=WHICH)
    def sync_deal(self, which: int) -> None:
        self.go("sync", "--deal", self.ids[self.key(which)])

    @rule(since=st.booleans())
    def look_only(self, since: bool) -> None:
        with unchanged(self.desk), self.desk.nothing_sent():
            self.go("sync", "--dry-run", *(["--since", "2d"] if since else []))
            self.go("status", codes={0, 3, 4, 12})

    @rule(which=WHICH, how=st.sampled_from(["--retry", "--skip"]))
    def resolve(self, which: int, how: str) -> None:
        self.watch.released.add(self.ids[self.key(which)])
        self.go("resolve", self.ids[self.key(which)], how, codes={0, 2})

    @rule(which=WHICH, contact=WHICH, cut=st.none() | st.integers(0, 20))
    def link_contact(self, which: int, contact: int, cut: int | None) -> None:
        contacts = self.desk.contacts()
        if contacts:
            named = str(contacts[contact % len(contacts)]["ContactID"])
            self.go("resolve", self.ids[self.key(which)], "--link-contact", named, codes={0, 2, 4, 12, 13}, cut=cut)

    @precondition(has_invoices)
    @rule(which=WHICH, invoice=WHICH, cut=st.none() | st.integers(0, 40))
    def adopt(self, which: int, invoice: int, cut: int | None) -> None:
        held = self.invoice(invoice)
        if held is not None:
            named = str(held["InvoiceID"])
            self.go("resolve", self.ids[self.key(which)], "--adopt", named, codes={0, 2, 4, 12, 13}, cut=cut)

    @rule()
    def sync_beside_another(self) -> None:
        with RunLock(self.desk.ledger), self.desk.nothing_sent():
            self.go("sync", codes={11})

    @rule(at=st.integers(1, 14))
    def sync_started_within_a_sync(self, at: int) -> None:
        codes: list[int] = []

        def second() -> None:
            codes.append(Desk.run(self.desk, "sync").code)

        self.go("sync", meanwhile={at: second})
        assert set(codes) <= {11}

    @rule(at=st.integers(1, 14), which=WHICH, stage=st.sampled_from(STAGES), quantity=st.integers(1, 4))
    def sync_while_a_deal_changes(self, at: int, which: int, stage: str, quantity: int) -> None:
        key = self.key(which)

        def change() -> None:
            if key not in self.gone:
                self.desk.move(key, stage)
                self.requote(key, quantity)
            self.watch.note_totals()

        self.go("sync", meanwhile={at: change})

    # ---- people in Zoho ----

    @rule(
        stage=st.sampled_from(STAGES), account=st.sampled_from([*ACCOUNTS, None]), quantity=st.integers(1, 3),
        price=st.sampled_from(PRICES), quoted=st.booleans(),
    )  # fmt: skip
    def enter_deal(self, stage: str, account: str | None, quantity: int, price: str, quoted: bool) -> None:
        key = f"k{len(self.keys)}"
        quote: list[Line] = [("hours", quantity, price), ("food", 1, "20.00", "GST Free")]
        try:
            self.ids[key] = self.desk.add(
                order(key, stage, account=account, lines=quote if quoted else [], Amount=money(price) * 7)
            )
        except ValueError:
            return  # its account was merged away
        self.keys.append(key)

    @rule(which=WHICH, stage=st.sampled_from(STAGES), pause=st.sampled_from([0, 1]))
    def move_deal(self, which: int, stage: str, pause: int) -> None:
        key = self.key(which)
        if key not in self.gone:
            self.desk.wait(seconds=pause)
            self.desk.move(key, stage)
            # Within one second a deal's Modified_Time does not show that anything changed once more.
            if pause:
                self.watch.show(self.ids[key])

    @rule(
        which=WHICH,
        then=st.sampled_from(["Closed Won", "Closed Won", "Closed Lost"]),
        cut=st.none() | st.integers(0, 90),
    )
    def confirm_and_close(self, which: int, then: str, cut: int | None) -> None:
        """What most deals do: confirmed, seen by a run, closed, and seen again."""
        for stage in ("Confirmed", then):
            self.move_deal(which, stage, 1)
            self.go("sync", cut=cut if stage == then else None)

    @rule(which=WHICH, quantity=st.integers(1, 9), told=st.booleans())
    def requote_deal(self, which: int, quantity: int, told: bool) -> None:
        key = self.key(which)
        if key in self.gone:
            return
        self.requote(key, quantity)
        if told:
            self.desk.wait(seconds=1)
            self.desk.edit(key, Description=f"now {quantity}")
            self.watch.show(self.ids[key])

    @rule(which=WHICH, name=st.sampled_from(["Order", "Order renamed", "Ordre"]))
    def rename_deal(self, which: int, name: str) -> None:
        key = self.key(which)
        if key not in self.gone:
            self.desk.edit(key, Deal_Name=f"{name} {key}")

    @rule(which=WHICH)
    def delete_deal(self, which: int) -> None:
        key = self.key(which)
        if key not in self.gone and key.startswith("k"):
            self.gone[key] = self.desk.box.zoho.find("Deals", key)
            self.desk.box.zoho.delete("Deals", key)

    @rule(which=WHICH)
    def restore_deal(self, which: int) -> None:
        key = self.key(which)
        if key in self.gone:
            try:
                self.desk.box.zoho.restore("Deals", self.ids[key])
            except LookupError:
                return
            del self.gone[key]
            if not (self.desk.ledger.exists() and self.ids[key] in self.known()):
                # Nobody knew the deal before it was deleted, and a restored one keeps its Modified_Time: it is met
                # once somebody works on it, and by reconcile.
                self.desk.edit(key, Description="restored")

    def known(self) -> set[str]:
        """The deals the ledger knows."""
        return {str(row["deal_id"]) for row in self.desk.rows("SELECT deal_id FROM deal")}

    @rule(account=st.sampled_from(ACCOUNTS), name=st.sampled_from(["Dune Catering", "Alpine Joinery Pty Ltd"]))
    def rename_account(self, account: str, name: str) -> None:
        if self.has_account(account):
            self.desk.box.zoho.update("Accounts", account, {"Account_Name": name})

    @rule(loser=st.sampled_from(ACCOUNTS), winner=st.sampled_from(ACCOUNTS))
    def merge_accounts(self, loser: str, winner: str) -> None:
        if loser != winner and self.has_account(loser) and self.has_account(winner):
            self.desk.box.zoho.merge("Accounts", loser, winner)

    # ---- people in Xero ----

    @precondition(has_invoices)
    @rule(
        which=WHICH, quantity=st.integers(1, 3), what=st.sampled_from(["lines", "reference"])
    )  # fmt: skip
    def edit_invoice(self, which: int, quantity: int, what: str) -> None:
        invoice = self.invoice(which)
        if invoice is None:
            return
        line = {"Description": "Agreed by phone", "Quantity": quantity, "UnitAmount": "77.00", "AccountCode": "200"}
        fields: Record = {"LineItems": [line]} if what == "lines" else {"Reference": f"PO {quantity}"}
        if self.person(lambda: self.desk.box.xero.edit_invoice(invoice["InvoiceID"], fields), invoice):
            self.watch.personal[invoice["InvoiceID"]] = content_of(self.desk.box.xero.invoice(invoice["InvoiceID"]))

    @precondition(has_invoices)
    @rule(which=WHICH, what=st.sampled_from(["approve", "void", "delete", "unpay"]))
    def handle_invoice(self, which: int, what: str) -> None:
        invoice = self.invoice(which)
        if invoice is not None:
            self.person(lambda: getattr(self.desk.box.xero, what)(invoice["InvoiceID"]), invoice)

    @precondition(has_invoices)
    @rule(which=WHICH)
    def send_invoice(self, which: int) -> None:
        invoice = self.invoice(which)
        if invoice is not None:
            fields = {"SentToContact": True}
            self.person(lambda: self.desk.box.xero.edit_invoice(invoice["InvoiceID"], fields), invoice)
            if self.desk.box.xero.invoice(invoice["InvoiceID"])["SentToContact"]:
                self.watch.sent_by_hand.add(invoice["InvoiceID"])

    @precondition(has_invoices)
    @rule(which=WHICH, part=st.booleans())
    def pay_invoice(self, which: int, part: bool) -> None:
        invoice = self.invoice(which)
        if invoice is not None:
            amount = "0.01" if part else invoice["AmountDue"]
            self.person(lambda: self.desk.box.xero.pay(invoice["InvoiceID"], amount), invoice)

    @precondition(has_invoices)
    @rule(which=WHICH, number=st.sampled_from(["INV-0002", "INV-0009", "MINE-1"]))
    def renumber_invoice(self, which: int, number: str) -> None:
        invoice = self.invoice(which)
        if invoice is not None:
            self.person(lambda: self.desk.box.xero.rename(invoice["InvoiceID"], number), invoice)

    @rule(
        which=WHICH, marked=st.booleans(), total=st.sampled_from(["120.00", None, "30%"]),
        status=st.sampled_from(["DRAFT", "AUTHORISED"]), numbered=st.booleans(),
    )  # fmt: skip
    def invoice_by_hand(self, which: int, marked: bool, total: str | None, status: str, numbered: bool) -> None:
        deal = self.ids[self.key(which)]
        whole = max(self.watch.totals.get(deal, {money("396.00")}))
        total = total if total == "120.00" else str(whole if total is None else round(whole * money("0.3"), 2))
        line = {"Description": "By hand", "Quantity": 1, "UnitAmount": total, "AccountCode": "200", "TaxType": "OUTPUT"}
        fields: Record = {
            "Contact": {"Name": "Alpine Joinery Pty Ltd"}, "LineItems": [line], "Status": status,
            "LineAmountTypes": "Inclusive", "Date": "2026-11-20", "DueDate": "2026-12-20",
        }  # fmt: skip
        fields |= {"Url": MARK + deal} if marked else {}
        fields |= {"InvoiceNumber": f"ZC-{deal}"} if numbered else {}
        try:
            made = self.desk.by_hand(fields)
        except (ValueError, KeyError):
            return
        self.watch.by_hand.add(made)
        self.watch.handled.add(made)

    @precondition(has_contacts)
    @rule(which=WHICH, what=st.sampled_from(["archive_contact", "restore_contact"]))
    def handle_contact(self, which: int, what: str) -> None:
        contacts = self.desk.contacts()
        if contacts:
            self.person(lambda: getattr(self.desk.box.xero, what)(contacts[which % len(contacts)]["ContactID"]))

    @precondition(has_contacts)
    @rule(loser=WHICH, winner=WHICH)
    def merge_contacts(self, loser: int, winner: int) -> None:
        contacts = [row["ContactID"] for row in self.desk.contacts() if row["ContactStatus"] == "ACTIVE"]
        if len(contacts) > 1 and loser % len(contacts) != winner % len(contacts):
            lost, kept = contacts[loser % len(contacts)], contacts[winner % len(contacts)]
            self.person(lambda: self.desk.box.xero.merge_contacts(lost, kept))

    # ---- bad days ----

    @rule(
        kind=st.sampled_from(FAULTS), service=st.sampled_from(["xero", "xero", "zoho"]),
        method=st.sampled_from([None, "PUT", "POST", "GET"]), skip=st.integers(0, 5), times=st.integers(1, 3),
        seconds=st.sampled_from([None, 20, 400]),
    )  # fmt: skip
    def fault(self, kind: str, service: str, method: str | None, skip: int, times: int, seconds: int | None) -> None:
        self.desk.box.faults.add(Fault(kind, service, method, None, skip, times, seconds))

    @rule(method=st.sampled_from(["PUT", "POST"]), kind=st.sampled_from(LOST))
    def lose_the_next_answer(self, method: str, kind: str) -> None:
        self.desk.box.faults.add(Fault(kind, "xero", method, "/api.xro/"))

    @rule(times=st.integers(1, 2), after=st.booleans())
    def break_writes(self, times: int, after: bool) -> None:
        self.desk.box.xero.break_writes(times, after_commit=after)

    @rule()
    def clear_faults(self) -> None:
        self.desk.box.faults.clear()

    @rule()
    def forget_keys(self) -> None:
        self.desk.box.xero.forget_keys()

    @rule(zoho=st.booleans())
    def expire_tokens(self, zoho: bool) -> None:
        tokens = self.desk.box.zoho.oauth if zoho else self.desk.box.xero.tokens
        tokens.expire_access_tokens()

    @precondition(is_logged_in)
    @rule(zoho=st.booleans())
    def revoke(self, zoho: bool) -> None:
        self.revoked = True
        if zoho:
            self.desk.box.zoho.oauth.revoke_everything()
        else:
            self.desk.box.xero.disconnect_all()

    @precondition(is_revoked)
    @rule()
    def log_in_again(self) -> None:
        self.revoked = False
        self.desk.box.zoho.oauth._refresh.update(self.zoho_logins)
        self.desk.box.xero.reconnect()

    @rule(seconds=st.sampled_from(WAITS))
    def time_passes(self, seconds: int) -> None:
        self.desk.wait(seconds=seconds)

    @rule(seconds=st.sampled_from(SKEWS))
    def clock_jumps(self, seconds: int) -> None:
        self.desk.skew = timedelta(seconds=seconds)

    # ---- the operator ----

    @rule()
    def back_up(self) -> None:
        if self.desk.ledger.exists():
            self.backups.append(self.desk.backup())

    @precondition(has_backups)
    @rule(which=WHICH)
    def restore_backup(self, which: int) -> None:
        self.desk.restore(self.backups[which % len(self.backups)])
        self.watch.stayed = self.watch.settled(named=False)

    @rule(
        stages=st.sampled_from(STAGE_RULES), leaves=st.sampled_from(["hold", "void", "keep"]),
        deleted=st.sampled_from(["hold", "void", "keep"]), changed=st.sampled_from(["hold", "update"]),
        number=st.sampled_from(["xero", "ZC-{id}"]), told=st.booleans(),
    )  # fmt: skip
    def configure(self, stages: list[Record], leaves: str, deleted: str, changed: str, number: str, told: bool) -> None:
        if stages != self.desk.settings["stages"]:
            self.watch.rules_widened = True
            self.watch.ruled_before |= {str(deal["id"]) for deal in self.desk.box.zoho.records("Deals")}
        if leaves != self.desk.settings["when"]["leaves_stages"]:
            self.watch.retired_before |= {str(deal["id"]) for deal in self.desk.box.zoho.records("Deals")}
        self.watch.keeps_deleted |= deleted == "keep"
        inside = self.watch.settled(named=True)
        self.desk.configure(
            stages=stages,
            when={"leaves_stages": leaves, "deal_deleted": deleted, "changed_after_approval": changed},
            invoice={"number": number},
            write_back=TOLD if told else dict.fromkeys(TOLD),
        )
        outside = self.watch.settled(named=False)
        self.watch.stayed |= {deal: stage for deal, stage in outside.items() if deal in inside}

    # ---- the end ----

    def teardown(self) -> None:
        if not self.broken:
            self.settle()

    def settle(self) -> None:
        """Faults stop, everybody is logged in, and runs follow until nothing is left to do."""
        self.desk.box.faults.clear()
        self.desk.box.xero._breakdowns.clear()
        self.desk.skew = timedelta(0)
        self.log_in_again()
        self.desk.wait(hours=30)
        # What is polled beside the deals comes a few polls in a run; at last nothing is asked but the deals.
        for seconds in (400, 400, 400, 400, 400, 400, 1, 1, 1, 1, 1, 1):
            self.desk.wait(seconds=seconds)
            sent, had = self.desk.writes(), self.calls()
            result = self.go("sync")
            pending = any(record["state"] == "pending" for record in self.desk.records().values())
            idle = {service: self.calls()[service] - had[service] for service in had} == IDLE
            if idle and result.code in (0, 3) and sent == self.desk.writes() and not pending:
                break
        else:
            raise AssertionError(f"never quiet: {result}")
        self.watch.all_settled()
        self.watch.all_told()
        Life.deeds.update(self.watch.deeds())
        had = self.calls()
        self.desk.wait(seconds=1)
        with self.desk.nothing_sent():
            again = self.go("sync")
        assert again.code == result.code
        assert not again.out, f"said twice: {again.out}"
        spent = {service: self.calls()[service] - had[service] for service in had}
        assert spent == IDLE, f"an idle run spent {spent}"

    def calls(self) -> dict[str, int]:
        """How many calls each service has counted so far."""
        return {service: self.desk.box.calls.api_calls(service) for service in ("zoho", "xero")}

    # ---- finding things ----

    def key(self, which: int) -> str:
        """One of the deals, the newest first."""
        return self.keys[-1 - which % len(self.keys)]

    def invoice(self, which: int) -> Record | None:
        """One of Xero's live invoices, the newest first."""
        found = [row for row in self.desk.box.xero.invoices() if row["Status"] not in CLOSED]
        return dict(found[-1 - which % len(found)]) if found else None

    def person(self, act: Any, invoice: Record | None = None) -> bool:
        """Somebody does something in Xero, a second after whatever was done last; False when Xero does not let them."""
        self.desk.wait(seconds=1)
        try:
            act()
        except (ValueError, KeyError):
            return False
        if invoice is not None:
            self.watch.handled.add(invoice["InvoiceID"])
        return True

    def requote(self, key: str, quantity: int) -> None:
        """A quote's lines are replaced; a deal without a quote gets another amount."""
        try:
            self.desk.box.zoho.replace_lines("Quotes", f"q_{key}", [
                {"product": "hours", "Quantity": quantity, "List_Price": money("88.80"), "taxes": ["GST"]}
            ])  # fmt: skip
        except LookupError:
            self.desk.edit(key, Amount=money(quantity) * 100)

    def has_account(self, key: str) -> bool:
        """Whether the account is still there."""
        try:
            self.desk.box.zoho.find("Accounts", key)
        except LookupError:
            return False
        return True


@pytest.fixture
def stage() -> Iterator[None]:
    """The servers and the folder in memory that all examples share."""
    place = Path("/dev/shm") if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(dir=place) as folder, BOUNDARIES.installed():
        STAGE.append(Stage(Path(folder) / "desk"))
        try:
            yield
        finally:
            STAGE.pop().close()
            gc.collect()


def play(examples: int, steps: int) -> None:
    """Let `examples` lives of at most `steps` steps happen; prints seed, counts and time."""
    said = os.environ.get("ZXS_SEED", SEED)
    chosen = random.SystemRandom().randrange(2**32) if said == "random" else int(said)
    print(f"\nstate machine: seed {chosen}", flush=True)
    Life.count = Life.runs = Life.kills = 0
    Life.deeds.clear()
    began = time.monotonic()
    run_state_machine_as_test(
        seed(chosen)(Life),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=False,
            database=None,
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
            phases=(Phase.generate, Phase.shrink) if os.environ.get("ZXS_SHRINK", "1") == "1" else (Phase.generate,),
        ),
    )
    spent = time.monotonic() - began
    print(f"{Life.count} lives, {Life.runs} commands, {Life.kills} kills, no failure, {spent:.0f} s", flush=True)
    print(", ".join(f"{count} {deed}" for deed, count in Life.deeds.most_common()), flush=True)


@pytest.mark.usefixtures("stage")
def test_a_few_lives() -> None:
    play(2, 8)


@pytest.mark.slow
@pytest.mark.usefixtures("stage")
def test_many_lives() -> None:
    play(int(os.environ.get("ZXS_EXAMPLES", "8")), 25)
