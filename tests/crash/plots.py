"""What happens around the kill: the world before it, the run that is killed, and what people do then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from world_tools import Desk, Line, order, priced, world

# Customers besides the three of the standard world.
_MORE = {"dune": "Dune Street Dental", "elm": "Elm Court Motors", "fern": "Fern Valley Nursery"}
XERO_REFRESH_TOKEN = "canary-xero-refresh-token-31c8"


@dataclass(frozen=True, slots=True)
class Plot:
    """`prepare` leads up to the command `argv`, which is killed; then a person types it again, unless it is a sync.

    In `argv`, {zoho} and {xero} stand for the sandbox's addresses. `meanwhile` is what people do before it is made up
    for, `afterwards` what they do then.
    """

    placed: Mapping[str, Any]
    prepare: Callable[[Desk], None]
    afterwards: Callable[[Desk], None] = lambda desk: None
    argv: Sequence[str] = ("sync",)
    settings: Mapping[str, Any] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)
    meanwhile: Callable[[Desk], None] = lambda desk: None


def everything(number: str) -> Plot:
    """Contacts made, changed and adopted; invoices made, changed, approved, deleted and voided, each in batches."""
    known = [
        order("lines", "Confirmed", account="alpine"),
        order("words", "Confirmed", account="birch"),
        order("approved", "Confirmed", account="alpine"),
        order("deleted", "Confirmed", account="birch"),
        order("voided", "Closed Won", account="alpine"),
    ]
    later: list[tuple[str, Sequence[Line]]] = [
        ("cedar", [("hours", 2, "110.00")]),
        ("dune", [("hire", 1, "90.50"), ("food", 3, "7.35", "GST Free")]),
        ("elm", [("hours", 5, "99.99")]),
        ("fern", []),
        ("birch", [("food", 11, "4.15", "GST Free")]),
    ]
    new = [order(f"new_{account}", account=account, lines=lines) for account, lines in later]
    placed = world(*known, *new)
    placed["xero"]["contacts"] = [{"Name": _MORE["fern"]}]
    for key, name in _MORE.items():
        placed["zoho"]["accounts"].append({"key": key, "Account_Name": name, "Phone": "02 5550 0199"})
        office = {"key": f"{key}_office", "First_Name": "Accounts", "Last_Name": key.title(), "account": key}
        placed["zoho"]["contacts"].append({**office, "Email": f"accounts@{key}.example.com"})

    def prepare(desk: Desk) -> None:
        desk.sync("--since", "2026-01-01")
        # Both access tokens lapse, so that the run begins with new ones.
        desk.wait(hours=2)
        desk.box.zoho.replace_lines("Quotes", "q_lines", [priced("hours", 7, "120.00")])
        desk.edit("words", Deal_Name="Order words, second part")
        desk.move("approved", "Closed Won")
        desk.move("deleted", "Proposal")
        desk.move("voided", "Closed Lost")
        for module, key, fields in (
            ("Accounts", "alpine", {"Phone": "02 5550 0177"}),
            ("Accounts", "birch", {"Billing_Street": "9 Low Road"}),
        ):
            desk.box.zoho.update(module, str(desk.box.zoho.find(module, key)["id"]), fields)
        for item in new:
            desk.move(item.deal["key"], "Confirmed" if item.deal["key"] == "new_elm" else "Closed Won")

    settings = {"when": {"leaves_stages": "void"}, "invoice": {"number": number}}
    return Plot(placed, prepare, settings=settings)


def emails() -> Plot:
    """Items are made, invoices leave by e-mail: one that moves on and two that are new. On doubt a person decides."""
    goods: list[Line] = [("hire", 1, "90.50"), ("food", 3, "7.35", "GST Free"), ("hours", 1, "99.00")]
    placed = world(
        order("moved", "Confirmed"), order("new", account="birch", lines=goods), order("more", account="cedar")
    )

    def prepare(desk: Desk) -> None:
        desk.sync("--since", "2026-01-01")
        for key in ("moved", "new", "more"):
            desk.move(key, "Closed Won")

    def afterwards(desk: Desk) -> None:
        desk.wait(minutes=5)
        desk.run("sync")
        left = {invoice_id for invoice_id, _ in desk.box.xero.emails()}
        for deal in desk.status()["waiting"]:
            assert deal["problem"]["code"] == "email_unknown", deal
            (asked,) = desk.rows(f"SELECT invoice_id FROM invoice_link WHERE deal_id = '{deal['deal_id']}'")
            desk.run("resolve", deal["deal_id"], "--skip" if asked["invoice_id"] in left else "--retry", code=0)
        desk.sync()

    won = {"stage": "Closed Won", "invoice": "authorised", "email": True}
    settings = {"stages": [{"stage": "Confirmed", "invoice": "draft"}, won]}
    return Plot(placed, prepare, afterwards, settings=settings | {"invoice": {"items": "create"}})


def retreats() -> Plot:
    """Invoices end because deals were deleted, merged or lost, and deals that are back get the next revision."""
    keys = ("deleted", "merged", "kept", "lost", "back", "draft")
    stages = {"draft": "Confirmed"}
    placed = world(*(order(key, stages.get(key, "Closed Won"), account="birch") for key in keys))

    def prepare(desk: Desk) -> None:
        desk.sync("--since", "2026-01-01")
        for key in ("back", "draft"):
            desk.move(key, "Proposal")
        desk.sync()
        desk.box.zoho.delete("Deals", "deleted")
        desk.box.zoho.merge("Deals", "merged", "kept")
        desk.move("lost", "Closed Lost")
        desk.move("back", "Closed Won")
        desk.move("draft", "Confirmed")
        desk.wait(minutes=20)

    when = {"leaves_stages": "void", "deal_deleted": "void", "changed_after_approval": "update"}
    return Plot(placed, prepare, settings={"when": when, "invoice": {"number": "ZC-{id}"}})


def told() -> Plot:
    """People paid, ended, edited and renumbered invoices, others are new: all of it is written back, with notes."""
    types = {"Xero_No": "text", "Xero_Status": "text", "Xero_Due": "currency", "Xero_Paid_On": "date"}
    keys = ("paid", "part", "ended", "edited")
    placed = world(*(order(key, "Closed Won", account="birch") for key in keys), order("new", account="cedar"))
    placed["zoho"]["fields"] = {"Deals": types}

    def prepare(desk: Desk) -> None:
        desk.sync("--since", "2026-01-01")
        desk.sync()
        ids = {key: str(desk.invoice(key)["InvoiceID"]) for key in keys}
        desk.box.xero.pay(ids["paid"], "396.00")
        desk.box.xero.pay(ids["part"], "96.00")
        desk.box.xero.void(ids["ended"])
        desk.box.xero.edit_invoice(ids["edited"], {"Reference": "Their own words"})
        desk.box.xero.rename(ids["edited"], "A-77")
        desk.move("new", "Closed Won")
        desk.wait(minutes=20)

    def afterwards(desk: Desk) -> None:
        # A poll that was cut short is due again only after a while.
        desk.wait(minutes=20)
        desk.run("sync")
        for deal in desk.status()["waiting"]:
            assert deal["problem"]["code"] == "invoice_gone", deal
        desk.run("sync")
        events = Counter((row["deal_id"], row["kind"]) for row in desk.rows("SELECT deal_id, kind FROM event"))
        assert [name for name, count in events.items() if count > 1 and "_in_xero" in name[1]] == []

    write_back = {"number": "Xero_No", "status": "Xero_Status", "due": "Xero_Due", "paid_on": "Xero_Paid_On"}
    polls = {"documents": 0, "customers": 0, "deleted": 0}
    return Plot(placed, prepare, afterwards, settings={"write_back": {**write_back, "note": True}, "poll": polls})


_NEW, _RESTS = ("first", "second", "third"), ("won", "bare", "back", "delivered")
_ENDED = ("lost", "leaving")
_BILLED_TWICE = ("changed", "approved", *_ENDED)


def shares(number: str, *, meanwhile: bool = False) -> Plot:
    """Shares and remainders of several deals are billed, remainders change and are approved, and lost deals end both.

    With `meanwhile`, people have moved and changed the same deals by the time it is made up for. In the end each deal
    that is not lost is won, and its two invoices come to it.
    """
    accounts = dict(zip(_NEW, ("dune", "elm", "birch"), strict=True)) | {"bare": "cedar", "lost": "birch"}
    goods: list[Line] = [("hours", 3, "33.35"), ("hire", 1, "100.01"), ("food", 7, "12.49", "GST Free")]
    lines = {key: [] if key == "bare" else goods for key in (*_NEW, *_RESTS, *_BILLED_TWICE)}
    placed = world(
        *(order(key, account=accounts.get(key, "alpine"), lines=rows) for key, rows in lines.items()),
        pipelines={"Standard": ["Proposal", "Confirmed", "Delivered", "Closed Won", "Closed Lost"]},
    )
    for key in ("dune", "elm"):
        placed["zoho"]["accounts"].append({"key": key, "Account_Name": _MORE[key], "Phone": "02 5550 0199"})
        office = {"key": f"{key}_office", "Last_Name": key.title(), "account": key}
        placed["zoho"]["contacts"].append({**office, "Email": f"accounts@{key}.example.com"})

    def move(desk: Desk, stage: str, *keys: str) -> None:
        for key in keys:
            desk.move(key, stage)

    def reprice(desk: Desk, key: str, price: str) -> None:
        rows = [priced("hours", 3, price), *(priced(*row) for row in goods[1:])]
        desk.box.zoho.replace_lines("Quotes", f"q_{key}", rows)
        desk.edit(key, Description=f"now at {price}")

    def prepare(desk: Desk) -> None:
        desk.sync("--since", "2026-01-01")
        move(desk, "Confirmed", *_RESTS, *_BILLED_TWICE)
        desk.sync()
        move(desk, "Delivered", *_BILLED_TWICE)
        desk.sync()
        move(desk, "Closed Won", *_ENDED)
        desk.sync()
        # The newer of its two invoices ends here; the other is the killed run's.
        move(desk, "Closed Lost", "leaving")
        desk.sync()
        move(desk, "Confirmed", *_NEW)
        move(desk, "Closed Won", "won", "bare", "back", "approved")
        move(desk, "Delivered", "delivered")
        reprice(desk, "changed", "41.15")
        move(desk, "Closed Lost", "lost")
        desk.wait(minutes=20)

    def between(desk: Desk) -> None:
        move(desk, "Closed Won", "first")
        move(desk, "Delivered", "second")
        move(desk, "Confirmed", "back", "delivered")
        reprice(desk, "third", "29.95")
        reprice(desk, "delivered", "57.77")
        reprice(desk, "changed", "12.05")

    def afterwards(desk: Desk) -> None:
        desk.sync()
        if not meanwhile:
            live = {key: len(desk.invoices(key)) for key in lines}
            assert live == dict.fromkeys(lines, 2) | dict.fromkeys(_NEW, 1) | dict.fromkeys(_ENDED, 0), live
        move(desk, "Closed Won", *(key for key in lines if key not in _ENDED))
        desk.sync()

    stages = [
        {"stage": "Confirmed", "invoice": "authorised", "share": "30%"},
        {"stage": "Delivered", "invoice": "draft", "share": "remainder"},
        {"stage": "Closed Won", "invoice": "authorised", "share": "remainder"},
    ]
    when = {"leaves_stages": "void", "changed_after_approval": "update"}
    settings = {"stages": stages, "when": when, "invoice": {"number": number}}
    plot = Plot(placed, prepare, afterwards, settings=settings)
    return replace(plot, meanwhile=between) if meanwhile else plot


def first_run() -> Plot:
    """A ledger is made and its baseline recorded; what was there before is never invoiced, what comes later is."""
    placed = world(*[order(f"old{place}", "Closed Won") for place in range(3)])

    def afterwards(desk: Desk) -> None:
        assert not desk.invoices(closed=True), "history was invoiced"
        desk.add(order("later", "Closed Won"))
        desk.sync()
        assert [invoice["Reference"] for invoice in desk.invoices()] == ["Order later"]

    return Plot(placed, lambda desk: None, afterwards)


def set_up() -> Plot:
    """`init` in an empty folder: configuration, logins, ledger, baseline."""
    begun = first_run()
    answers = ("--data-center", "au", "--stage", "Confirmed=draft", "--stage", "Closed Won=authorised")
    taxes = ("--tax", "GST=OUTPUT", "--tax", "GST Free=EXEMPTOUTPUT", "--tax-default", "EXEMPTOUTPUT")
    more = ("--quote-stage", "Confirmed", "--quote-stage", "Closed Won", "--secrets", "file", *taxes)

    def prepare(desk: Desk) -> None:
        (desk.folder / "config.yaml").unlink()

    places = {"zoho-accounts": "{zoho}", "zoho-api": "{zoho}"}
    places |= dict.fromkeys(("xero-identity", "xero-login", "xero-api"), "{xero}")
    urls = [part for name, place in places.items() for part in (f"--{name}-url", place)]
    return replace(begun, prepare=prepare, argv=("init", "--yes", *answers, *more, *urls))


def rotating_login() -> Plot:
    """A run that begins with lapsed tokens, at a login whose refresh token changes at each use."""
    placed = world(order("job"), xero={"connection": "web", "refresh_token": XERO_REFRESH_TOKEN})

    def prepare(desk: Desk) -> None:
        desk.sync()
        desk.wait(hours=3)
        desk.move("job", "Closed Won")

    def afterwards(desk: Desk) -> None:
        # Two more renewals, long after any grace: the login goes on.
        for _ in range(2):
            desk.wait(hours=5)
            desk.edit("job", Next_Step="nothing that is invoiced")
            desk.sync()

    settings = {"xero": {"connection": "web"}}
    return Plot(placed, prepare, afterwards, settings=settings, environ={"ZXS_XERO_REFRESH_TOKEN": XERO_REFRESH_TOKEN})


PLOTS: Mapping[str, Callable[[], Plot]] = {
    "xero": lambda: everything("xero"),
    "template": lambda: everything("ZC-{id}"),
    "email": emails,
    "retreats": retreats,
    "told": told,
    "shares": lambda: shares("xero"),
    "shares-template": lambda: shares("ZC-{id}"),
    "shares-moved": lambda: shares("xero", meanwhile=True),
    "first-run": first_run,
    "init": set_up,
    "login": rotating_login,
}
