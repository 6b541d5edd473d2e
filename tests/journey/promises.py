"""The promises of the program, checked from outside: what must be true after every journey, whatever happened.

The sandbox's own state, the ledger (read with plain sqlite3) and everything that was said are the witnesses; the
program itself is only asked for `status`, and for one more run that must not send anything.
"""

from __future__ import annotations

import stat
from collections import Counter
from decimal import Decimal
from typing import Any

from world_tools import CLOSED, PUBLIC, SECRETS, Desk, Record

_COUNTED_QUOTES = ("Confirmed", "Closed Won")


def assert_promises(desk: Desk, *, again: bool = True) -> None:
    """Raise AssertionError when a promise is broken; `again` makes one more run first, which must send nothing."""
    assert not desk.box.faults.pending(), "a fault of this journey was never met"
    if again:
        with desk.nothing_sent():
            desk.run("sync")
    listed = listed_deals(desk)
    _one_invoice_per_deal_and_part(desk)
    _one_contact_per_customer(desk)
    _every_deal_has_an_end(desk, listed)
    _the_ledger_tells_the_truth(desk, listed)
    _totals_are_the_sources(desk, listed)
    assert_no_secret(desk)
    _private_files_are_private(desk)


def listed_deals(desk: Desk) -> dict[str, Record]:
    """The deals `status` says wait for a person, each with its reason and the command that settles it."""
    waiting: dict[str, Record] = {deal["deal_id"]: deal for deal in desk.status()["waiting"]}
    for deal in waiting.values():
        problem = deal["problem"]
        assert problem, f"{deal['deal_id']} waits without a reason"
        assert problem["code"], deal
        assert problem["message"], deal
        assert "zoho-xero-sync " in problem["hint"], f"no command settles {deal['deal_id']}: {problem}"
    return waiting


def _one_invoice_per_deal_and_part(desk: Desk) -> None:
    carried = Counter(_mark(invoice) for invoice in desk.invoices() if invoice.get("Url"))
    twice = {url: count for url, count in carried.items() if count > 1}
    assert not twice, f"invoiced more than once: {twice}"


def _mark(invoice: Record) -> tuple[str, str]:
    """The deal's page and the part of it that is billed, whichever ledger wrote them."""
    page, _, rest = str(invoice.get("Url", "")).partition("#")
    return page, "2" if rest.endswith("-2") else "1"


def _one_contact_per_customer(desk: Desk) -> None:
    for name in ("ContactNumber", "Name"):
        known = Counter(
            str(contact[name]).casefold()
            for contact in desk.contacts()
            if contact.get(name) and contact["ContactStatus"] == "ACTIVE"
        )
        twice = {value: count for value, count in known.items() if count > 1}
        assert not twice, f"contacts that share a {name}: {twice}"


def _every_deal_has_an_end(desk: Desk, listed: dict[str, Record]) -> None:
    ledger = {row["deal_id"]: row for row in desk.rows("SELECT deal_id, state, baseline, customer_only FROM deal")}
    linked = {row["deal_id"] for row in desk.rows("SELECT deal_id FROM invoice_link")}
    for deal in desk.box.zoho.records("Deals"):
        rule = _rule(desk, deal)
        if rule is None or deal["id"] in listed or deal["id"] in linked:
            continue
        known = ledger.get(deal["id"])
        assert known, f"{deal['Deal_Name']} is in {deal['Stage']} and the ledger does not know it"
        apart = known["baseline"] or known["customer_only"] or known["state"] == "skipped"
        settled = apart or rule["invoice"] == "none"
        assert settled, f"{deal['Deal_Name']} is in {deal['Stage']}, has no invoice and nobody is told: {known}"


def _rule(desk: Desk, deal: Record) -> Record | None:
    for rule in desk.settings["stages"]:
        stages = rule["stage"] if isinstance(rule["stage"], list) else [rule["stage"]]
        if deal["Stage"] in stages and rule.get("pipeline") in (None, deal.get("Pipeline")):
            return dict(rule)
    return None


def _the_ledger_tells_the_truth(desk: Desk, listed: dict[str, Record]) -> None:
    xero = {str(invoice["InvoiceID"]): invoice for invoice in desk.box.xero.invoices()}
    for link in desk.rows("SELECT deal_id, invoice_id, number, status, total FROM invoice_link WHERE live = 1"):
        held = xero.get(link["invoice_id"])
        assert held, f"the ledger has invoice {link['number']}, which Xero never had"
        if link["deal_id"] in listed or held["Status"] in CLOSED:
            continue
        assert (held["InvoiceNumber"], held["Total"]) == (link["number"], Decimal(link["total"])), link


def _totals_are_the_sources(desk: Desk, listed: dict[str, Record]) -> None:
    deals = {deal["id"]: deal for deal in desk.box.zoho.records("Deals")}
    quotes = desk.box.zoho.records("Quotes")
    carried: dict[str, dict[str, Decimal]] = {}
    for invoice in desk.invoices():
        page, part = _mark(invoice)
        carried.setdefault(page.rpartition("/")[2], {})[part] = invoice["Total"]
    for deal_id, parts in carried.items():
        deal = deals.get(deal_id)
        rule = _rule(desk, deal) if deal else None
        if deal is None or deal["id"] in listed or rule is None:
            continue
        accepted = [
            quote
            for quote in quotes
            if (quote["Deal_Name"] or {}).get("id") == deal["id"] and quote["Quote_Stage"] in _COUNTED_QUOTES
        ]
        newest = max(accepted, key=lambda quote: str(quote["Modified_Time"]), default=None)
        source: Any = newest["Grand_Total"] if newest else deal["Amount"]
        total, billed = Decimal(str(source)), sum(parts.values())
        percent = str(rule.get("share", "")).rstrip(" %")
        if percent.isdigit() and list(parts) == ["1"]:
            # Its tax is rounded line by line.
            wanted = total * int(percent) / 100
            assert abs(billed - wanted) < Decimal("0.05"), f"{deal['Deal_Name']}: {billed} instead of {wanted}"
            continue
        assert billed == total, f"{deal['Deal_Name']}: {billed} instead of {total}"


def assert_no_secret(desk: Desk) -> None:
    """No credential in what was said, nor in any file but the secrets' own, nor in any address that was asked."""
    hidden = {value for name, value in SECRETS.items() if name not in PUBLIC} | _minted(desk)
    paths = "\n".join(call.path for call in desk.box.calls)
    places = {"stdout and stderr": "\n".join(desk.said).encode(), "request paths": paths.encode()}
    places |= {path.name: path.read_bytes() for path in desk.folder.iterdir() if path.name != "secrets.json"}
    for place, content in places.items():
        for secret in hidden:
            assert secret.encode() not in content, f"a secret is in {place}"


def _minted(desk: Desk) -> set[str]:
    """The access tokens that were handed out, as the file that keeps them spells them."""
    kept = desk.folder / "secrets.json"
    if not kept.exists():
        return set()
    return {word for word in kept.read_text(encoding="utf-8").replace("\\", "").split('"') if len(word) > 40}


def _private_files_are_private(desk: Desk) -> None:
    for path in desk.folder.iterdir():
        # A cut leaves the half-made configuration beside its place, as open as the configuration itself.
        if not path.name.startswith(("config.yaml", ".config.yaml.")):
            mode = stat.S_IMODE(path.stat().st_mode)
            assert not mode & 0o077, f"{path.name} can be read by others ({mode:04o})"
