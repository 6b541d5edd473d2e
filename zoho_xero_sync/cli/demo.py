"""`demo`: the whole job on an embedded sandbox, told in chapters, each of which checks itself."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Mapping
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
from zoho_xero_sync.cli.rehearsal import SandboxClock, require_sandbox, sandbox_config, sandbox_logins, stage_lines
from zoho_xero_sync.errors import ExitCode
from zoho_xero_sync.render.wording import counted, joined, money

if TYPE_CHECKING:
    from zoho_xero_sync.sandbox import Sandbox

_CRON_MINUTE = 60
# Deals of the demo world by their keys: what enters a stage on the day of the demo, and what stays where it is.
_HISTORY = "cruise"
_ENTERING = {
    "rooftop": "Confirmed",
    "deposit": "Confirmed",
    "garden": "Confirmed",
    "lunch": "Closed Won",
    "gala": "Closed Won",
}
_MOVED_ON = "rooftop"
_NOT_EXACT, _ITS_QUOTE = "breakfast", "q_breakfast"
_BEFORE = "Proposal"
_QUALIFYING = ("Confirmed", "Closed Won")


@click.command(short_help="The whole job on an embedded sandbox: no account, no config, no network.")
@click.pass_obj
def demo(session: Session) -> int:
    """The whole job, end to end, on a sandbox of both services inside this program.

    It needs no account, no configuration and no network, works in a temporary directory that is removed, and checks
    itself as it goes. Exit codes: 0 everything came out as it should; 1 something did not; 2 the sandbox is not
    installed.
    """
    require_sandbox()
    from zoho_xero_sync.sandbox import Sandbox, VirtualClock

    world = _morning_world()
    clock = VirtualClock(datetime.fromisoformat(world["clock"]), running=False)
    with Sandbox(world, clock=clock) as box, tempfile.TemporaryDirectory(prefix="zoho-xero-sync-demo-") as directory:
        (Path(directory) / "config.yaml").write_text(sandbox_config(box), encoding="utf-8")
        desk = DemoDesk(session.hands, _hands_beside(box, session.hands, Path(directory)))
        _tell(desk, box)
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
    """The hands of a person in `directory` whose logins and clock are the sandbox's."""
    logins = sandbox_logins(box.world)
    return Hands(hands.out, hands.err, logins, directory, SandboxClock(box.clock), hands.check_stop, hands.interactive)


def _tell(desk: DemoDesk, box: Sandbox) -> None:
    console = desk.outer.console()
    console.print(Text("zoho-xero-sync demo", style="bold"))
    console.print(
        Text(
            "Zoho CRM and Xero are played by a sandbox inside this program, over real HTTP on this machine only.",
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
    deals = box.zoho.records("Deals")
    desk.chapter("Deals in Zoho CRM", f"{company} sells here. One deal was won, and invoiced by hand, a year ago.")
    rows = [
        (
            deal["Deal_Name"],
            _customer(deal),
            money(Decimal(str(deal["Amount"])), "AUD"),
            deal["Closing_Date"],
            deal["Stage"],
        )
        for deal in sorted(deals, key=lambda deal: str(deal["Closing_Date"]))
    ]
    columns = (
        Column("Deal"),
        Column("Customer", dim=True),
        Column("Amount", right=True),
        Column("Closing", dim=True),
        Column("Stage"),
    )
    desk.table(columns, rows)


def _tell_baseline(desk: DemoDesk, box: Sandbox) -> None:
    desk.chapter("First use: history is left alone", "config.yaml says which stages start which invoice:")
    desk.say("", "stages:", *stage_lines(box.world))
    desk.type("init")
    desk.expect(not box.calls.writes("xero"), "nothing is written to Xero by init")
    desk.expect(not box.xero.invoices(), "Xero has no invoice after init")


def _tell_dry_run(desk: DemoDesk, box: Sandbox) -> None:
    names = {stage: [_name(box, key) for key, to in _ENTERING.items() if to == stage] for stage in _QUALIFYING}
    desk.chapter("Look first", "Then a day's work in Zoho:")
    for stage, moved in names.items():
        desk.say(f"  to {stage}: {joined(moved)}")
    box.clock.advance(_CRON_MINUTE)
    for key, stage in _ENTERING.items():
        box.zoho.update("Deals", key, {"Stage": stage})
    box.clock.advance(_CRON_MINUTE)
    desk.type("sync", "--dry-run")
    desk.expect(not box.calls.writes("xero"), "nothing is written to Xero by a dry run")


def _tell_sync(desk: DemoDesk, box: Sandbox) -> None:
    desk.chapter("Do it", "The same plan, carried out: the quotes' lines, discounts and taxes, to the cent.")
    desk.type("sync")
    desk.say("", "What Xero now holds:")
    _show_xero(desk, box)
    _expect_exact(desk, box, _ENTERING)


def _tell_silence(desk: DemoDesk, box: Sandbox) -> None:
    desk.chapter("A minute later, from cron", "Nothing changed, so it says nothing and cron mails nothing.")
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
    desk.type("sync")
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
        Column("Contact"),
        Column("Reference", dim=True),
        Column("Status"),
        Column("Total", right=True),
        Column("Due", dim=True),
    )
    rows = [
        (made.number, made.contact, made.reference, made.status, money(made.total, made.currency), made.due)
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
