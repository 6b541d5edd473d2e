"""`demo`: the whole job on an embedded sandbox, told in chapters, each of which checks itself."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from zoho_xero_sync.cli.demo_desk import Column, DemoDesk
from zoho_xero_sync.cli.demo_facts import deal_named, invoice_of, made_invoices, wrong_invoices
from zoho_xero_sync.cli.hands import Hands
from zoho_xero_sync.cli.main import Session
from zoho_xero_sync.cli.rehearsal import SandboxClock, require_sandbox, sandbox_config, sandbox_logins, sandbox_stages
from zoho_xero_sync.core.wording import counted
from zoho_xero_sync.errors import ExitCode, Interrupted
from zoho_xero_sync.render.wording import money

if TYPE_CHECKING:
    from zoho_xero_sync.sandbox import Sandbox

_CRON_MINUTE = 60
# Deals of the demo world by their keys: what enters a stage on the day of the demo, and what stays where it is.
_HISTORY = "cruise"
_ENTERING = {
    "rooftop": "Confirmed",
    "garden": "Confirmed",
    "lunch": "Closed Won",
    "gala": "Closed Won",
}
_MOVED_ON = "rooftop"
_NOT_EXACT, _ITS_QUOTE = "breakfast", "q_breakfast"
_BEFORE = "Proposal"
_INVOICES = {"draft": "a draft invoice", "authorised": "an approved one"}
_QUALIFYING = ("Confirmed", "Closed Won")


@click.command(short_help="The whole job on an embedded sandbox: no account, no config, no network.")
@click.pass_obj
def demo(session: Session) -> int:
    """The whole job, end to end, on a sandbox of both services inside this program.

    It needs no account, no configuration and no network, works in a temporary directory that is removed, and checks
    itself as it goes. Exit codes: 0 everything came out as it should; 1 something did not; 2 the sandbox is not
    installed; 130 or 143 stopped by a signal.
    """
    require_sandbox()
    from zoho_xero_sync.sandbox import Sandbox, VirtualClock

    world = _morning_world()
    clock = VirtualClock(datetime.fromisoformat(world["clock"]), running=False)
    with Sandbox(world, clock=clock) as box, tempfile.TemporaryDirectory(prefix="zoho-xero-sync-demo-") as directory:
        (Path(directory) / "config.yaml").write_text(sandbox_config(box), encoding="utf-8")
        desk = DemoDesk(session.hands, _hands_beside(box, session.hands, Path(directory)))
        try:
            _tell(desk, box)
        except Interrupted as error:
            session.hands.err.write("The demo was stopped; nothing of it is left behind.\n")
            return int(error.signal_exit_code)
    return int(ExitCode.BUG if desk.wrong else ExitCode.OK)


def _morning_world() -> dict[str, Any]:
    """The demo world before its busy day: what is to enter a stage has not done so yet."""
    from zoho_xero_sync.sandbox import load_world

    world = load_world("demo")
    deals = [
        {**deal, "Stage": _BEFORE} if deal["Stage"] in _QUALIFYING and deal["key"] != _HISTORY else deal
        for deal in world["zoho"]["deals"]
    ]
    return {**world, "zoho": {**world["zoho"], "deals": deals}}


def _hands_beside(box: Sandbox, hands: Hands, directory: Path) -> Hands:
    """The hands of a person in `directory` whose logins and clock are the sandbox's; nobody is asked anything."""
    return replace(hands, environ=sandbox_logins(box.world), cwd=directory, clock=SandboxClock(box.clock), asks=False)


def _tell(desk: DemoDesk, box: Sandbox) -> None:
    console = desk.outer.console()
    console.print(Text("zoho-xero-sync demo", style="bold"))
    console.print(
        Text(
            "A sandbox inside this program plays Zoho CRM and Xero, over HTTP, on this machine only.",
            style="dim",
        )
    )
    _tell_deals(desk, box)
    _tell_baseline(desk, box)
    _tell_dry_run(desk, box)
    _tell_sync(desk, box)
    _tell_silence(desk, box)
    _tell_move(desk, box)
    _tell_held(desk, box)
    _tell_end(desk, box)


# ---- chapters ----


def _tell_deals(desk: DemoDesk, box: Sandbox) -> None:
    company = box.world["zoho"]["org"]["company_name"]
    told = {deal_named(box, key)["id"] for key in (_HISTORY, _NOT_EXACT, *_ENTERING)}
    everything = sorted(box.zoho.records("Deals"), key=lambda deal: str(deal["Closing_Date"]))
    deals = [deal for deal in everything if deal["id"] in told]
    desk.chapter("Deals in Zoho CRM", f"{company} sells here. The first deal was won, and invoiced by hand, long ago.")
    columns = (Column("Deal"), Column("Customer", dim=True), Column("Amount", right=True), Column("Stage"))
    rows = [
        (deal["Deal_Name"], _customer(deal), money(Decimal(str(deal["Amount"])), "AUD"), deal["Stage"])
        for deal in deals
    ]
    desk.table(columns, rows)
    desk.say(f"and {counted(len(everything) - len(deals), 'more deal')}, still being talked about")


def _tell_baseline(desk: DemoDesk, box: Sandbox) -> None:
    starts = " and ".join(
        f"{stage} starts {_INVOICES[invoice]}" for stage, invoice in sandbox_stages(box.world).items()
    )
    desk.chapter("First use: history is left alone", f"By config.yaml, {starts}.")
    desk.type("init")
    desk.expect(not box.calls.writes("xero"), "nothing is written to Xero by init")
    desk.expect(not made_invoices(box), "Xero has no invoice after init")


def _tell_dry_run(desk: DemoDesk, box: Sandbox) -> None:
    desk.chapter("Look first", "Then comes a day's work in Zoho:")
    for stage in _QUALIFYING:
        desk.say(f"  to {stage}: {' and '.join(_name(box, key) for key, to in _ENTERING.items() if to == stage)}")
    box.clock.advance(_CRON_MINUTE)
    for key, stage in _ENTERING.items():
        box.zoho.update("Deals", key, {"Stage": stage})
    box.clock.advance(_CRON_MINUTE)
    desk.type("sync", "--dry-run")
    desk.expect(not box.calls.writes("xero"), "nothing is written to Xero by a dry run")


def _tell_sync(desk: DemoDesk, box: Sandbox) -> None:
    desk.chapter("Do it", "From here on cron runs it every minute, and mails what it prints:")
    said = desk.type("sync", as_cron=True)
    desk.expect(all(_name(box, key) in said for key in _ENTERING), "a run names the deals it made invoices for")
    desk.say("", "What Xero now holds: each accepted quote, to the cent (a deal's Amount is only an estimate).")
    _show_xero(desk, box)
    _expect_exact(desk, box, _ENTERING)


def _tell_silence(desk: DemoDesk, box: Sandbox) -> None:
    desk.chapter("A minute later", "Nothing changed, so it prints nothing, and cron mails nothing.")
    box.clock.advance(_CRON_MINUTE)
    zoho, xero = box.calls.api_calls("zoho"), box.calls.api_calls("xero")
    said = desk.type("sync", as_cron=True)
    zoho, xero = box.calls.api_calls("zoho") - zoho, box.calls.api_calls("xero") - xero
    desk.note(f"It cost {counted(zoho, 'call')} to Zoho and {counted(xero, 'call')} to Xero.")
    desk.expect(said == "", "a run with nothing to do prints nothing")
    desk.expect((zoho, xero) == (1, 0), "a run with nothing to do costs 1 Zoho call and 0 Xero calls")


def _tell_move(desk: DemoDesk, box: Sandbox) -> None:
    name, before = _name(box, _MOVED_ON), invoice_of(box, _MOVED_ON)
    desk.chapter("A deal moves on, and takes its invoice along", f"In Zoho, {name}: Confirmed → Closed Won.")
    box.zoho.update("Deals", _MOVED_ON, {"Stage": "Closed Won"})
    box.clock.advance(_CRON_MINUTE)
    desk.type("sync")
    after = invoice_of(box, _MOVED_ON)
    same = before is not None and after is not None and before.invoice_id == after.invoice_id
    desk.expect(same, f"{name} keeps the invoice it has")
    desk.expect(after is not None and after.status == "AUTHORISED", f"the invoice of {name} is approved")
    _expect_exact(desk, box, _ENTERING)


def _tell_held(desk: DemoDesk, box: Sandbox) -> None:
    name = _name(box, _NOT_EXACT)
    deal_id = deal_named(box, _NOT_EXACT)["id"]
    desk.chapter(
        "What cannot be exact waits for a person", f"{name} is won, but its quote's total is not what its lines say."
    )
    box.zoho.update("Deals", _NOT_EXACT, {"Stage": "Closed Won"})
    box.clock.advance(_CRON_MINUTE)
    desk.type("sync", code=ExitCode.ATTENTION)
    _expect_exact(desk, box, _ENTERING)
    desk.say("", "Somebody takes the unexplained 25.00 off the quote, and types what it says there:")
    box.zoho.update("Quotes", _ITS_QUOTE, {"Adjustment": 0})
    box.clock.advance(_CRON_MINUTE)
    desk.type("resolve", deal_id, "--retry")
    desk.type("sync", as_cron=True)
    _expect_exact(desk, box, {*_ENTERING, _NOT_EXACT})


def _tell_end(desk: DemoDesk, box: Sandbox) -> None:
    made = len(box.xero.invoices())
    zoho, xero = box.calls.api_calls("zoho"), box.calls.api_calls("xero")
    desk.chapter(
        "The bill",
        f"{counted(made, 'invoice')} for {counted(made, 'deal')}, exact and once each; "
        f"{counted(zoho, 'Zoho call')} and {counted(xero, 'Xero call')} in all.",
    )
    if desk.wrong:
        desk.say(f"{len(desk.wrong)} of {desk.checked} facts were not as they should be. Please report it.")
        return
    desk.note(f"All {desk.checked} facts that were checked on the way were as they should be. Nothing is left behind.")
    desk.say("", "Now you:")
    desk.say("  zoho-xero-sync sandbox   keeps these two services running, to try out your own commands")
    desk.say("  zoho-xero-sync init      starts with your own Zoho and Xero")


# ---- what the sandbox holds ----


def _show_xero(desk: DemoDesk, box: Sandbox) -> None:
    columns = (
        Column("Number"),
        Column("Contact", dim=True),
        Column("Status"),
        Column("Total", right=True),
        Column("Due", dim=True),
    )
    rows = [
        (made.number, made.contact, made.status, money(made.total, made.currency), made.due)
        for made in made_invoices(box)
    ]
    desk.table(columns, rows)


def _expect_exact(desk: DemoDesk, box: Sandbox, deals: Collection[str]) -> None:
    wrong = wrong_invoices(box, deals)
    desk.expect(not wrong, "; ".join(wrong))


def _name(box: Sandbox, key: str) -> str:
    return str(deal_named(box, key)["Deal_Name"])


def _customer(deal: Mapping[str, Any]) -> str:
    return str((deal["Account_Name"] or deal["Contact_Name"])["name"])
