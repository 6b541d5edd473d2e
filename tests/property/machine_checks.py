"""What must hold after every command of the state machine, and at its end, whatever happened before.

`Watch` remembers what people did, so that it can tell their work from the program's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from machine_desk import GONE, MachineDesk, money
from promises import assert_no_secret, listed_deals
from world_tools import CLOSED, Record, Result

MARK = "https://crm.zoho.com.au/crm/org7001234567/tab/Potentials/"
COUNTED = ("Confirmed", "Closed Won")
# What a sync may exit with here; 1 and 10 never, 2 and 11 only where they are asked for.
CODES = {0, 3, 4, 12, 15}

Held = dict[str, Record]


@dataclass
class Watch:
    """What the world was told by people: whose every invoice is, and what every deal ever came to.

    `personal` are invoices whose content a person set last, `handled` all that people did anything to, `sent_by_hand`
    those that a person marked as sent, `ended` those the program voided or deleted because their deal left or was
    deleted, `ruled_before` deals that did not change since the stages mean something else: other rules are for what
    comes. `released` are deals that a person settled.
    """

    desk: MachineDesk
    personal: dict[str, object] = field(default_factory=dict)
    handled: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    by_hand: set[str] = field(default_factory=set)
    sent_by_hand: set[str] = field(default_factory=set)
    emailed: int = 0
    totals: dict[str, set[Decimal]] = field(default_factory=dict)
    history: set[str] = field(default_factory=set)
    ruled_before: set[str] = field(default_factory=set)
    released: set[str] = field(default_factory=set)
    keeps_deleted: bool = False
    rules_widened: bool = False

    def invoices(self) -> Held:
        """Xero's sales invoices by id."""
        return {str(row["InvoiceID"]): dict(row) for row in self.desk.box.xero.invoices()}

    def show(self, deal: str) -> None:
        """The deal's Modified_Time moved: whatever changed about it is there to be seen."""
        self.ruled_before.discard(deal)

    def note_history(self, first: bool) -> None:
        """Where a command may be the `first` to record a baseline, remember what is invoiced already."""
        if first:
            self.history |= {deal["id"] for deal in self.desk.box.zoho.records("Deals") if self.rule(deal)}

    def note_totals(self) -> None:
        """Remember what every deal comes to now."""
        quotes: dict[str, list[Record]] = {}
        for quote in self.desk.box.zoho.records("Quotes"):
            if quote["Deal_Name"] and quote["Quote_Stage"] in COUNTED:
                quotes.setdefault(quote["Deal_Name"]["id"], []).append(quote)
        for deal in self.desk.box.zoho.records("Deals"):
            self.totals.setdefault(deal["id"], set()).update(_totals(deal, quotes.get(deal["id"], [])))

    def after(self, result: Result, before: Held, *, wrote: bool) -> None:
        """Raise AssertionError when a command did to Xero what it must not, or said less than is true.

        `wrote` says that it was one that writes, and so must have asked Xero about what was unknown.
        """
        self.note_totals()
        now = self.invoices()
        for invoice_id, invoice in now.items():
            if invoice_id not in before:
                self._made(invoice, now)
            elif invoice_id not in self.by_hand or invoice != before[invoice_id]:
                self._changed(before[invoice_id], invoice)
        self._emailed()
        assert not self.desk.unjournalled, f"sent before the journal had it: {self.desk.unjournalled}"
        if wrote and result.code in (0, 3):
            assert not self.desk.in_flight(), f"exit {result.code} although an outcome is unknown"
        # Where both came to say the same, a person's figures are the deal's, and may change with it.
        for invoice_id in list(self.personal):
            deal = str(now[invoice_id].get("Url", "")).partition("#")[0].removeprefix(MARK)
            if money(now[invoice_id]["Total"]) in self.totals.get(deal, ()):
                del self.personal[invoice_id]

    def _emailed(self) -> None:
        """Each invoice leaves once, whatever happened; not one that a person sent, and none where nobody asked."""
        left = [invoice_id for invoice_id, _ in self.desk.box.xero.emails()]
        twice = {invoice_id: count for invoice_id, count in Counter(left).items() if count > 1}
        assert not twice, f"e-mailed more than once: {twice}"
        new = left[self.emailed :]
        self.emailed = len(left)
        assert not self.sent_by_hand & set(new), f"e-mailed although a person had sent it: {new}"
        assert not new or self.asks_for_email, f"e-mailed although nobody asked: {new}"

    @property
    def asks_for_email(self) -> bool:
        """Whether the configuration has invoices e-mailed."""
        return any(rule.get("email") is True for rule in self.desk.settings["stages"])

    def _made(self, invoice: Record, now: Held) -> None:
        url = str(invoice.get("Url", "")).partition("#")[0]
        assert url.startswith(MARK), f"an invoice without our mark: {invoice}"
        carrying = [
            row["InvoiceNumber"]
            for key, row in now.items()
            if str(row.get("Url", "")).partition("#")[0] == url and key not in self.ended
        ]
        assert len(carrying) == 1, f"a second invoice for {url}: {carrying}"
        deal = url.removeprefix(MARK)
        assert money(invoice["Total"]) in self.totals[deal], f"{invoice['Total']} is not one of {self.totals[deal]}"

    def _changed(self, before: Record, now: Record) -> None:
        number = before["InvoiceNumber"]
        if content_of(before) != content_of(now):
            assert before["InvoiceID"] not in self.personal, f"a person's work on {number} was written over"
            deal = str(now.get("Url", "")).partition("#")[0].removeprefix(MARK)
            assert money(now["Total"]) in self.totals[deal], f"{number} was given a total its deal never had"
        if now["Status"] in CLOSED and before["Status"] not in CLOSED:
            policies = self.desk.settings["when"]
            assert "void" in (policies["leaves_stages"], policies.get("deal_deleted")), f"{number} was ended"
            assert before["InvoiceID"] not in self.personal, f"{number} was ended although a person edited it"
            assert not money(before["AmountPaid"]), f"{number} was ended although it has payments"
            self.ended.add(str(before["InvoiceID"]))

    # ---- the end ----

    def all_settled(self) -> None:
        """Raise unless every deal that qualifies is invoiced once, or is listed with a reason and a command."""
        listed = listed_deals(self.desk)
        records = self.desk.records()
        links = {row["deal_id"]: row for row in self.desk.rows("SELECT * FROM invoice_link ORDER BY live, id")}
        invoices = self.invoices()
        self._counts(invoices)
        self._deletions_told(listed, invoices)
        for deal in self.desk.box.zoho.records("Deals"):
            rule = self.rule(deal)
            if rule is None or deal["id"] in listed:
                continue
            self._deal_settled(deal, rule, records.get(deal["id"]), links.get(deal["id"]), invoices)
        assert_no_secret(self.desk)

    def _deletions_told(self, listed: Mapping[str, Record], invoices: Held) -> None:
        """A deal that was deleted while its invoice lives waits for a person, but where all such invoices are kept."""
        there = {deal["id"] for deal in self.desk.box.zoho.records("Deals")}
        for link in self.desk.rows("SELECT * FROM invoice_link WHERE live = 1"):
            gone = link["deal_id"] not in there | set(listed) | self.released
            if gone and not self.keeps_deleted and invoices[link["invoice_id"]]["Status"] not in CLOSED:
                raise AssertionError(f"deal {link['deal_id']} was deleted, has {link['number']}, and nobody is told")

    def all_told(self) -> None:
        """Raise unless every deal with a live invoice says how it stands, where it is to be told."""
        told = self.desk.settings.get("write_back", {})
        if not told.get("status"):
            return
        invoices = self.invoices()
        live = {row["deal_id"]: row for row in self.desk.rows("SELECT * FROM invoice_link WHERE live = 1")}
        for deal in self.desk.box.zoho.records("Deals"):
            if deal["id"] not in live:
                continue
            held = invoices[live[deal["id"]]["invoice_id"]]
            said = {name: deal[field] for name, field in told.items()}
            true = {"number": held["InvoiceNumber"], "status": held["Status"], "due": money(held["AmountDue"])}
            assert said == true, f"{deal['Deal_Name']} says {said}, and it is {true}"

    def deeds(self) -> Counter[str]:
        """How often the program did what, by its own history: lives in which nothing happens prove nothing."""
        rows = self.desk.rows("SELECT kind, count(*) AS number FROM event GROUP BY kind")
        return Counter({str(row["kind"]): int(row["number"]) for row in rows})

    def rule(self, deal: Mapping[str, object]) -> Record | None:
        """The configured rule of a deal's stage."""
        found = (dict(rule) for rule in self.desk.settings["stages"] if deal["Stage"] == rule["stage"])
        return next(found, None)

    def _counts(self, invoices: Held) -> None:
        others = self.by_hand | self.ended
        marks = (str(row["Url"]) for key, row in invoices.items() if row.get("Url") and key not in others)
        ours = Counter(mark.partition("#")[0] for mark in marks)
        twice = {url: count for url, count in ours.items() if count > 1}
        assert not twice, f"made more than once: {twice}"
        contacts = [row for row in self.desk.contacts() if row["ContactStatus"] == "ACTIVE"]
        names = Counter(str(row["Name"]).casefold() for row in contacts)
        assert max(names.values(), default=1) == 1, f"contacts with one name: {names}"

    def _deal_settled(
        self, deal: Record, rule: Record, record: Record | None, link: Record | None, invoices: Held
    ) -> None:
        named = f"{deal['Deal_Name']} in {deal['Stage']}"
        assert record, f"{named} is unknown to the ledger"
        if record["state"] == "skipped" or rule["invoice"] == "none" or deal["id"] in self.ruled_before:
            return
        if record["baseline"] and (deal["id"] in self.history or self.rules_widened):
            return
        assert record["state"] == "seen", f"{named} is left {record['state']}"
        assert link, f"{named} has no invoice and nobody is told"
        held = invoices[link["invoice_id"]]
        assert held["Status"] not in CLOSED, f"{named}: {held['InvoiceNumber']} is {held['Status']}, and nobody is told"
        if link["invoice_id"] in self.handled:
            return
        assert money(held["Total"]) in self.current_totals(deal), f"{named} is invoiced at {held['Total']}"
        wanted = str(rule["invoice"]).upper()
        ladder = ("DRAFT", "SUBMITTED", "AUTHORISED", "PAID")
        assert ladder.index(held["Status"]) >= ladder.index(wanted), f"{named} has a {held['Status']} invoice"

    def current_totals(self, deal: Record) -> set[Decimal]:
        """What a deal comes to; several where two quotes were changed in one second."""
        quotes = [
            quote
            for quote in self.desk.box.zoho.records("Quotes")
            if (quote["Deal_Name"] or {}).get("id") == deal["id"] and quote["Quote_Stage"] in COUNTED
        ]
        return _totals(deal, quotes)


def _totals(deal: Record, quotes: list[Record]) -> set[Decimal]:
    if not quotes:
        return {money(deal["Amount"] or 0)}
    newest = max(str(quote["Modified_Time"]) for quote in quotes)
    return {money(quote["Grand_Total"]) for quote in quotes if str(quote["Modified_Time"]) == newest}


def deal_of(invoice: Record) -> str:
    """The id of the deal whose mark an invoice carries, or nothing; the ledger's own sign after it does not count."""
    url = str(invoice.get("Url", ""))
    return url.removeprefix(MARK).partition("#")[0] if url.startswith(MARK) else ""


def content_of(invoice: Record) -> object:
    """What of an invoice a person would miss if it were written over."""
    lines = [(row.get("Description"), row.get("Quantity"), row.get("UnitAmount")) for row in invoice["LineItems"]]
    return invoice["Total"], invoice.get("Reference"), lines


def is_gone(result: Result) -> bool:
    """Whether the command was killed."""
    return result.code == GONE
