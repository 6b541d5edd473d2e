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
WHOLE, REMAINDER = 1, 2
# A share's tax is rounded line by line.
NEAR = Decimal("0.02")
UNSETTLED = "SELECT subject FROM operation WHERE state = 'in_flight'"
SETTLED = "SELECT deal_id, stage FROM deal WHERE state = 'seen'"
FROZEN = (
    "SELECT share.invoice_id FROM invoice_link share JOIN invoice_link rest USING (deal_id) "
    "WHERE share.live = 1 AND share.part = 1 AND rest.live = 1 AND rest.part = 2"
)
# What a sync may exit with here; 1 and 10 never, 2 and 11 only where they are asked for.
CODES = {0, 3, 4, 12, 15}

Held = dict[str, Record]


@dataclass
class Watch:
    """What the world was told by people: whose every invoice is, and what every deal ever came to.

    `personal` are invoices whose content a person set last, `handled` all that people did anything to, `sent_by_hand`
    those that a person marked as sent, `ended` those the program voided or deleted because their deal left or was
    deleted, `ruled_before` deals that did not change since the stages mean something else: other rules are for what
    comes, `retired_before` those since a deal that leaves means something else, `stayed` the stage in which a deal was
    settled when the rules ceased to name it: until a run sees it elsewhere it did not leave, `customers` each deal and
    stage of which only the customer was ever wanted. `released` are deals that a person settled, `shares` all parts of
    a deal that an earlier invoice was ever to bill, `unsettled` the deals of which a write was unanswered when the
    command began: it may be sent once more as it was.
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
    retired_before: set[str] = field(default_factory=set)
    stayed: dict[str, str] = field(default_factory=dict)
    customers: set[tuple[str, str]] = field(default_factory=set)
    released: set[str] = field(default_factory=set)
    shares: set[Decimal] = field(default_factory=set)
    unsettled: set[str] = field(default_factory=set)
    frozen: set[str] = field(default_factory=set)
    keeps_deleted: bool = False
    rules_widened: bool = False

    def invoices(self) -> Held:
        """Xero's sales invoices by id."""
        return {str(row["InvoiceID"]): dict(row) for row in self.desk.box.xero.invoices()}

    def show(self, deal: str) -> None:
        """The deal's Modified_Time moved: whatever changed about it is there to be seen."""
        self.ruled_before.discard(deal)
        self.retired_before.discard(deal)

    def settled(self, *, named: bool) -> dict[str, str]:
        """The stage of each settled deal of the ledger that is in one that a rule names, or in one that none does."""
        rows = self.desk.rows(SETTLED) if self.desk.ledger.exists() else []
        return {row["deal_id"]: row["stage"] for row in rows if bool(self.rule({"Stage": row["stage"]})) is named}

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
            if (self.rule(deal) or {}).get("invoice") == "none":
                self.customers.add((deal["id"], deal["Stage"]))
            self.totals.setdefault(deal["id"], set()).update(_totals(deal, quotes.get(deal["id"], [])))

    def note_ledger(self) -> None:
        """Remember, before a command, what of the ledger its writes may follow."""
        self.shares.add(self.share)
        there = self.desk.ledger.exists()
        self.unsettled = {row["subject"] for row in self.desk.rows(UNSETTLED)} if there else set()
        self.frozen = {row["invoice_id"] for row in self.desk.rows(FROZEN)} if there else set()

    def after(self, result: Result, before: Held, *, wrote: bool) -> None:
        """Raise AssertionError when a command did to Xero what it must not, or said less than is true.

        `wrote` says that it was one that writes, and so must have asked Xero about what was unknown.
        """
        self.note_totals()
        stages = {deal: record["stage"] for deal, record in self.desk.records().items()}
        self.stayed = {deal: stage for deal, stage in self.stayed.items() if stages.get(deal) == stage}
        now = self.invoices()
        for invoice_id, invoice in now.items():
            if invoice_id not in before:
                self._made(invoice, now)
            elif invoice_id not in self.by_hand or invoice != before[invoice_id]:
                self._changed(before[invoice_id], invoice, now)
        self._emailed()
        assert not self.desk.unjournalled, f"sent before the journal had it: {self.desk.unjournalled}"
        if wrote and result.code in (0, 3):
            assert not self.desk.in_flight(), f"exit {result.code} although an outcome is unknown"
        # Where both came to say the same, a person's figures are the deal's, and may change with it.
        for invoice_id in list(self.personal):
            if self._fits(now[invoice_id], now):
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

    @property
    def share(self) -> Decimal:
        """How much of a deal its first invoice bills, by the configuration: all of it, or the one percentage."""
        said = [str(rule.get("share", "")) for rule in self.desk.settings["stages"]]
        return next((Decimal(share.rstrip("%")) / 100 for share in said if share.endswith("%")), Decimal(1))

    def _fits(self, invoice: Record, now: Held, *, known: bool = False) -> bool:
        """Whether the invoice's total is one that its deal, or its part of it, ever had.

        A remainder must come to that together with what the share bills in Xero at this very time. For one that was
        `known` before, an invoice that a person made and marked since is not looked for: reconcile tells of it.
        """
        deal, total = deal_of(invoice), money(invoice["Total"])
        totals = self.totals.get(deal, set())
        again = deal in self.unsettled
        if part_of(invoice) == REMAINDER:
            linked = known and total + self._beside(deal, now, marked=False) in totals
            return again or linked or total + self._beside(deal, now) in totals
        shares = self.shares if again else {self.share}
        return any(_is_share(total, whole, share) for whole in totals for share in shares)

    def _beside(self, deal: str, now: Held, *, marked: bool = True) -> Decimal:
        """What all live invoices for the first part of a deal come to, by the ledger and by their marks."""
        links = self.desk.rows("SELECT deal_id, invoice_id FROM invoice_link WHERE live = 1 AND part = 1")
        linked = {row["invoice_id"] for row in links if row["deal_id"] == deal}
        carrying = {key for key, row in now.items() if marked and mark_of(row) == (MARK + deal, WHOLE)}
        billed = (now[key] for key in linked | carrying)
        return sum((money(row["Total"]) for row in billed if row["Status"] not in CLOSED), Decimal(0))

    def _made(self, invoice: Record, now: Held) -> None:
        mark = mark_of(invoice)
        assert mark[0].startswith(MARK), f"an invoice without our mark: {invoice}"
        carrying = [row["InvoiceNumber"] for key, row in now.items() if mark_of(row) == mark and key not in self.ended]
        assert len(carrying) == 1, f"a second invoice for {mark}: {carrying}"
        assert self._fits(invoice, now), f"{invoice['Total']} is not one of {self._told(invoice, now)}"

    def _told(self, invoice: Record, now: Held) -> str:
        deal = deal_of(invoice)
        beside = f" less {self._beside(deal, now)}" if part_of(invoice) == REMAINDER else f" at {self.share}"
        return f"{self.totals[deal]}{beside}"

    def _changed(self, before: Record, now: Record, held: Held) -> None:
        number = before["InvoiceNumber"]
        if content_of(before) != content_of(now):
            assert before["InvoiceID"] not in self.personal, f"a person's work on {number} was written over"
            assert self._fits(now, held, known=True), f"{number}: {now['Total']} is not one of {self._told(now, held)}"
            again = deal_of(now) in self.unsettled
            assert again or before["InvoiceID"] not in self.frozen, f"share {number} changed after the remainder"
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
        links: dict[str, list[Record]] = {}
        for row in self.desk.rows("SELECT * FROM invoice_link ORDER BY live, live * part, id"):
            links.setdefault(row["deal_id"], []).append(dict(row))
        invoices = self.invoices()
        self._counts(invoices)
        self._links_true(listed, links, invoices)
        self._deletions_told(listed, invoices)
        for deal in self.desk.box.zoho.records("Deals"):
            rule = self.rule(deal)
            if deal["id"] in listed:
                continue
            record, linked = records.get(deal["id"]), links.get(deal["id"], [])
            if rule is None:
                self._deal_left(deal, record, linked, invoices)
            else:
                self._deal_settled(deal, rule, record, linked, invoices)
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
        rows = self.desk.rows("SELECT * FROM invoice_link WHERE live = 1 ORDER BY part")
        live = {row["deal_id"]: row for row in rows}
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
        deeds = Counter({str(row["kind"]): int(row["number"]) for row in rows})
        return deeds + Counter(billed_in_two=len({row["invoice_id"] for row in self.desk.rows(FROZEN)}))

    def rule(self, deal: Mapping[str, object]) -> Record | None:
        """The configured rule of a deal's stage."""
        found = (dict(rule) for rule in self.desk.settings["stages"] if deal["Stage"] == rule["stage"])
        return next(found, None)

    def _counts(self, invoices: Held) -> None:
        others = self.by_hand | self.ended
        ours = Counter(mark_of(row) for key, row in invoices.items() if row.get("Url") and key not in others)
        twice = {url: count for url, count in ours.items() if count > 1}
        assert not twice, f"made more than once: {twice}"
        contacts = [row for row in self.desk.contacts() if row["ContactStatus"] == "ACTIVE"]
        names = Counter(str(row["Name"]).casefold() for row in contacts)
        assert max(names.values(), default=1) == 1, f"contacts with one name: {names}"

    def _links_true(self, listed: Mapping[str, Record], links: Mapping[str, list[Record]], invoices: Held) -> None:
        """The ledger has one live invoice of a deal and part, and says of it what Xero does, part and all."""
        for deal, rows in links.items():
            live = [row for row in rows if row["live"]]
            assert len(live) == len({row["part"] for row in live}), f"several live links: {live}"
            for row in live:
                held = invoices[row["invoice_id"]]
                if row["invoice_id"] not in self.by_hand:
                    assert (deal_of(held), part_of(held)) == (deal, row["part"]), f"{held['Url']} is linked as {row}"
                if deal in listed:
                    continue
                true = held["InvoiceNumber"], held["Status"]
                assert (row["number"], row["status"]) == true, f"{row} and it is {true}"
                # The ledger keeps the total that it knows the program to have given it.
                if row["invoice_id"] not in self.handled:
                    assert money(row["total"]) == money(held["Total"]), f"{row} and it is {held['Total']}"

    def _deal_left(self, deal: Record, record: Record | None, links: list[Record], invoices: Held) -> None:
        """All invoices of a deal that left are ended where they are to be, or somebody is told."""
        ends = self.desk.settings["when"]["leaves_stages"] == "void"
        if not ends or record is None or record["state"] != "seen":
            return
        if deal["id"] in self.ruled_before | self.retired_before | self.released | self.stayed.keys():
            return
        left = [row["number"] for row in links if row["live"] and invoices[row["invoice_id"]]["Status"] not in CLOSED]
        assert not left, f"{deal['Deal_Name']} left for {deal['Stage']} and still has {left}"

    def _deal_settled(
        self, deal: Record, rule: Record, record: Record | None, links: list[Record], invoices: Held
    ) -> None:
        named = f"{deal['Deal_Name']} in {deal['Stage']}"
        assert record, f"{named} is unknown to the ledger"
        if record["state"] == "skipped" or rule["invoice"] == "none" or deal["id"] in self.ruled_before:
            return
        if record["baseline"] and (deal["id"] in self.history or self.rules_widened):
            return
        if record["customer_only"] and (deal["id"], deal["Stage"]) in self.customers and not any_live(links):
            return
        assert record["state"] == "seen", f"{named} is left {record['state']}"
        assert links, f"{named} has no invoice and nobody is told"
        newest = invoices[links[-1]["invoice_id"]]
        assert newest["Status"] not in CLOSED, (
            f"{named}: {newest['InvoiceNumber']} is {newest['Status']}, and nobody is told"
        )
        if links[-1]["invoice_id"] in self.handled:
            return
        parts = {row["part"]: invoices[row["invoice_id"]] for row in links if row["live"]}
        billed = sum((money(row["Total"]) for row in parts.values() if row["Status"] not in CLOSED), Decimal(0))
        share = rule.get("share")
        asked = self.share if REMAINDER not in parts and share != "remainder" else Decimal(1)
        totals = self.current_totals(deal)
        assert any(_is_share(billed, total, asked) for total in totals), (
            f"{named} is invoiced at {billed}, not {totals}"
        )
        # An earlier stage does not approve the remainder; and of a deal that was billed whole before, nothing is left.
        if (share == "remainder") != (REMAINDER in parts) and share is not None:
            return
        wanted = str(rule["invoice"]).upper()
        ladder = ("DRAFT", "SUBMITTED", "AUTHORISED", "PAID")
        assert ladder.index(newest["Status"]) >= ladder.index(wanted), f"{named} has a {newest['Status']} invoice"

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


def any_live(links: list[Record]) -> bool:
    """Whether the ledger has a live invoice among these."""
    return any(row["live"] for row in links)


def deal_of(invoice: Record) -> str:
    """The id of the deal whose mark an invoice carries, or nothing; the ledger's own sign after it does not count."""
    url = str(invoice.get("Url", ""))
    return url.removeprefix(MARK).partition("#")[0] if url.startswith(MARK) else ""


def mark_of(invoice: Record) -> tuple[str, int]:
    """What says which invoice this is, whichever ledger made it: the deal's page, and the part of the deal."""
    return str(invoice.get("Url", "")).partition("#")[0], part_of(invoice)


def part_of(invoice: Record) -> int:
    """Which part of its deal an invoice bills: the remainder, or what comes first."""
    return REMAINDER if str(invoice.get("Url", "")).partition("#")[2].endswith("-2") else WHOLE


def _is_share(total: Decimal, whole: Decimal, share: Decimal) -> bool:
    """Whether a total is this share of what a deal comes to: to the cent where it is all of it."""
    return total == whole if share == 1 else abs(total - whole * share) < NEAR


def content_of(invoice: Record) -> object:
    """What of an invoice a person would miss if it were written over."""
    lines = [(row.get("Description"), row.get("Quantity"), row.get("UnitAmount")) for row in invoice["LineItems"]]
    return invoice["Total"], invoice.get("Reference"), lines


def is_gone(result: Result) -> bool:
    """Whether the command was killed."""
    return result.code == GONE
