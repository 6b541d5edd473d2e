"""One world per set of rules with a deal for each cell of the table of life, and what one run made of them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from world_tools import Desk, Record, open_desk, order, priced, world

from zoho_xero_sync.core.life import CHANGED, NOT_APPROVED, OVER, TABLE, Deed, Event, State

RULES: Mapping[str, Record] = {
    "hold": {"leaves_stages": "hold", "deal_deleted": "hold", "changed_after_approval": "hold"},
    "void": {"leaves_stages": "void", "deal_deleted": "void", "changed_after_approval": "update"},
    "keep": {"leaves_stages": "keep", "deal_deleted": "keep", "changed_after_approval": "update"},
}
STAGES = [
    {"stage": ["Quoted", "Confirmed"], "invoice": "draft"},
    {"stage": "Closed Won", "invoice": "authorised"},
]
IN_STAGES = ("Quoted", "Confirmed", "Closed Won")
LOCKED_UNTIL, LOCKED_DAY, OPEN_DAY = "2026-06-30", "2026-06-15", "2026-11-25"
TAX = {"GST": "OUTPUT", "GST Free": "EXEMPTOUTPUT"}
TOTAL = "396.00"
LIVE = tuple(state for state in State if state is not State.NONE and state not in OVER)


@dataclass(frozen=True, slots=True)
class Case:
    """One cell under one value of its key, and the deal that lives it."""

    event: Event
    state: State
    value: str
    deed: Deed

    @property
    def key(self) -> str:
        """The deal's key in its world."""
        return f"{self.event.name}_{self.state.name}".lower()

    @property
    def rules(self) -> str:
        """Whose world it is tested in."""
        if TABLE[self.event, self.state].key == CHANGED:
            return {"hold": "hold", "update": "void"}[self.value]
        return self.value or "hold"

    @property
    def home(self) -> str:
        """The stage the deal is in before the event."""
        if self.state in (*NOT_APPROVED, State.NONE, State.DELETED, State.ENDED) or self.event is Event.MOVED_ON:
            return "Confirmed"
        return "Closed Won"


@dataclass(frozen=True, slots=True)
class Life:
    """What one run did: its report by deal key, and each deal's invoices before and after it."""

    lines: Mapping[str, Record]
    problems: Mapping[str, Record]
    before: Mapping[str, tuple[Record, ...]]
    after: Mapping[str, tuple[Record, ...]]


def live_through(folder: Path, rules: str, cases: list[Case]) -> Life:
    """Bring every deal's invoice to where its case says, let the events happen, and run once."""
    with open_desk(_world(), folder) as desk:
        ids = _begin(desk, cases)
        _stand(desk, cases)
        desk.configure(when=RULES[rules])
        desk.box.xero.set_lock_date(LOCKED_UNTIL)
        # Settings are read once a day.
        desk.wait(hours=25)
        if rules == "hold":
            for case in cases:
                if case.event is Event.REENTERED and case.state not in OVER:
                    desk.move(case.key, "Proposal")
            desk.sync(code=3)
        desk.wait(minutes=30)
        for case in cases:
            EVENTS[case.event](desk, case)
        desk.configure(invoice={"tax": TAX})
        before = _invoices(desk, ids)
        report = desk.sync(code=None)
        after = _invoices(desk, ids)
        names = {deal_id: key for key, deal_id in ids.items()}
        lines = {names[line["deal_id"]]: line for line in report["deals"] if line["deal_id"] in names}
        problems = {names[found["subject"].removeprefix("deal ")]: found for found in report["problems"]}
        with desk.nothing_sent():
            desk.run("sync")
        return Life(lines, problems, before, after)


def _world() -> Record:
    stages = {"Standard": ["Proposal", "Quoted", "Confirmed", "Closed Won", "Closed Lost"]}
    placed = world(pipelines=stages)
    placed["zoho"] |= {"org": {"multi_currency": True}, "currencies": ["AUD", "NZD"]}
    placed["xero"]["currencies"] = ["AUD", "NZD"]
    return placed


def _begin(desk: Desk, cases: list[Case]) -> dict[str, str]:
    """Every deal has entered its stage and has its invoice; those that are to have none wait for a tax."""
    invoice = {"date": "closing_date", "tax": {"GST": "OUTPUT"}, "tax_default": None}
    # One run asks for four things at most; what is lived here shows in the deals and the invoices.
    desk.configure(poll={"documents": 0, "customers": 0})
    desk.configure(stages=STAGES, when={"leaves_stages": "void"}, limits={"invoices_per_run": 1000}, invoice=invoice)
    desk.sync()
    desk.add(order("survivor", account="cedar"))
    ids: dict[str, str] = {}
    for case in cases:
        day = LOCKED_DAY if case.state in (State.LOCKED_DRAFT, State.LOCKED) else OPEN_DAY
        tax = "GST Free" if case.state is State.NONE else "GST"
        placed = order(case.key, case.home, lines=[("hours", 3, "120.00", tax)], Closing_Date=day)
        ids[case.key] = desk.add(placed)
    desk.sync(code=None)
    return ids


def _stand(desk: Desk, cases: list[Case]) -> None:
    """People, and a run of this program, bring each invoice to where it is to stand."""
    by_url = {str(invoice["Url"]).partition("#")[0].rpartition("/")[2]: invoice for invoice in desk.invoices()}
    for case in cases:
        invoice = by_url.get(desk.deal(case.key))
        if invoice is not None:
            _bring(desk, case, str(invoice["InvoiceID"]), str(invoice["Status"]))
    desk.sync(code=None)


def _bring(desk: Desk, case: Case, invoice: str, status: str) -> None:
    xero, state = desk.box.xero, case.state
    if status == "DRAFT" and state not in (*NOT_APPROVED, State.DELETED, State.ENDED):
        xero.approve(invoice)
    acts: dict[State, Callable[[], object]] = {
        State.SUBMITTED: lambda: xero.edit_invoice(invoice, {"Status": "SUBMITTED"}),
        State.SENT: lambda: xero.edit_invoice(invoice, {"SentToContact": True}),
        State.PART_PAID: lambda: xero.pay(invoice, "100.00"),
        State.PAID: lambda: xero.pay(invoice, TOTAL),
        State.CREDITED: lambda: xero.credit(invoice, "50.00"),
        State.VOIDED: lambda: (xero.void(invoice), _rename(desk, case)),
        State.DELETED: lambda: (xero.delete(invoice), _rename(desk, case)),
        State.ENDED: lambda: desk.move(case.key, "Proposal"),
        State.REWORDED: lambda: xero.edit_invoice(invoice, {"Reference": "As agreed by phone"}),
        State.RECOUNTED: lambda: xero.edit_invoice(invoice, {"LineItems": _by_hand()}),
        State.EDITED: lambda: xero.edit_invoice(invoice, {"Reference": "As agreed by phone"}),
    }
    acts.get(state, lambda: None)()


def _by_hand() -> list[Record]:
    line = {"Description": "By hand", "Quantity": "1", "UnitAmount": "300.00"}
    return [line | {"AccountCode": "200", "TaxType": "OUTPUT"}]


def _rename(desk: Desk, case: Case) -> str:
    """So that the deal is read, and what became of its invoice is seen."""
    return desk.edit(case.key, Deal_Name=f"Order {case.key} seen")


def _reenter(desk: Desk, case: Case) -> None:
    if case.state in (State.VOIDED, State.DELETED):
        desk.move(case.key, "Proposal")
    desk.move(case.key, case.home)


def _move_back(desk: Desk, case: Case) -> None:
    desk.move(case.key, "Confirmed" if case.home == "Closed Won" else "Quoted")


def _change_lines(desk: Desk, case: Case) -> None:
    tax = "GST Free" if case.state is State.NONE else "GST"
    desk.box.zoho.replace_lines("Quotes", f"q_{case.key}", [priced("hours", 4, "120.00", tax)])
    desk.edit(case.key, Amount=Decimal("480.00"))


def _change_currency(desk: Desk, case: Case) -> None:
    desk.box.zoho.update("Quotes", f"q_{case.key}", {"Currency": "NZD"})
    desk.edit(case.key, Currency="NZD")


def _replace_document(desk: Desk, case: Case) -> None:
    placed = order(case.key, lines=[("hire", 2, "90.00")])
    assert placed.quote is not None
    desk.box.zoho.create("Quotes", {**placed.quote, "key": f"q2_{case.key}"})
    desk.edit(case.key, Amount=Decimal("180.00"))


EVENTS: Mapping[Event, Callable[[Desk, Case], object]] = {
    Event.MOVED_ON: lambda desk, case: desk.move(case.key, "Closed Won"),
    Event.MOVED_BACK: _move_back,
    Event.LEFT: lambda desk, case: desk.move(case.key, "Proposal"),
    Event.LOST: lambda desk, case: desk.move(case.key, "Closed Lost"),
    Event.REENTERED: _reenter,
    Event.LINES: _change_lines,
    Event.HEADER: lambda desk, case: desk.edit(case.key, Deal_Name=f"Order {case.key} extended"),
    Event.CUSTOMER: lambda desk, case: desk.edit(case.key, Account_Name="birch", Contact_Name="birch_office"),
    Event.CURRENCY: _change_currency,
    Event.DOCUMENT: _replace_document,
    Event.DELETED: lambda desk, case: desk.box.zoho.delete("Deals", case.key),
    Event.MERGED: lambda desk, case: desk.box.zoho.merge("Deals", case.key, "survivor"),
}


def _invoices(desk: Desk, ids: Mapping[str, str]) -> dict[str, tuple[Record, ...]]:
    found: dict[str, tuple[Record, ...]] = dict.fromkeys(ids, ())
    names = {deal_id: key for key, deal_id in ids.items()}
    for invoice in desk.invoices(closed=True):
        key = names[str(invoice["Url"]).partition("#")[0].rpartition("/")[2]]
        found[key] = (*found[key], invoice)
    return found
