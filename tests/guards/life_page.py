"""docs/life.md, printed from the table that the planner decides from.

`python tests/guards/life_page.py` writes it; a test compares.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from zoho_xero_sync.core.life import TABLE, Cell, Deed, Do, Event, State

ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = ROOT / "docs" / "life.md"
WIDTH: Final = 120

INTRO: Final = """# The table of life

<!-- Printed by tests/guards/life_page.py from zoho_xero_sync/core/life.py; do not edit. -->

A deal goes on living after its first invoice, and people work on the invoice in Xero. This page says, for everything
that can happen to a deal and wherever its invoice stands, what a run does. It is printed from the table the program
itself decides from: {events} events × {states} states = **{cells} cells**, {cases} with the values of the
configuration. The tests live through each of them in the sandbox, with the real command line.

What the words mean:

| word | what a run does |
|---|---|
| **create** | makes a new invoice; a number from a template that was burned gets a revision (`ZC-7-2`) |
| **advance** | moves the same invoice on to the status the new stage asks for; nothing else of it is sent |
| **update** | changes the same invoice, line by line: what stays, stays, and the status is not sent again |
| **end** | deletes a draft, voids an approved invoice |
| **keep** | leaves the invoice as it is |
| **nothing** | there is nothing to do, and the deal stops being one to invoice |
| **hold** | does nothing in Xero; the deal waits for a person, under the code and with the command that settles it |

[Problem codes](problem-codes.md) says what each code means. When several things happened at once, each is looked up. If
one of them is to be held, nothing is done; else all of it is done in one go.

The states are Xero's, as a run finds them. "Not approved" is a draft or one that waits for approval. Where two states
fit, the first of this list counts: voided or deleted, in a locked period, credited, paid, part paid, edited, sent;
where only the reference, due date or theme changed, edited comes before credited and paid. What a person edited so
that it is what the deal asks for is no edit: the two agree.

Two things are not in the table. A deal that was only touched changes nothing: `unchanged`. And when nothing changed,
but the deal comes to another total than Xero counts, it waits as `xero_total_differs`.

Of a deal that is [billed in two](stages.md#billing-a-deal-in-two) the table speaks of the invoice that its stage is
about; the other one stays. Only a deal that leaves or is deleted has both ended, the newer one first.
"""

NOTES: Final = {
    Event.MOVED_ON: (
        "The new stage asks for a status further up: draft, submitted, approved. A deal that enters a stage "
        "for the first time, or waited and now can be invoiced, is in the row of no invoice."
    ),
    Event.MOVED_BACK: "An approval is never taken back.",
    Event.LEFT: "The deal is in a stage that no rule names.",
    Event.LOST: "A stage with the word lost in its name. It is treated as any other outside the stages.",
    Event.REENTERED: (
        "The deal was outside the stages and is back. An invoice that this program ended when the deal left "
        "is no person's decision, so the deal gets a new one; one that a person ended is not made again."
    ),
    Event.LINES: (
        "Rows, quantities, prices, taxes, accounts, or the deal's own amount. Lines keep their identity in Xero."
    ),
    Event.HEADER: "Xero takes these even on an invoice with payments. Lines and amounts are not sent then.",
    Event.CUSTOMER: "The deal is another account's or contact's now. A payment belongs to the one who made it.",
    Event.CURRENCY: "The document is in another currency now.",
    Event.DOCUMENT: (
        "A newer quote, or another source of lines; the report names the document before and after. One with "
        "the same content changes nothing."
    ),
    Event.DELETED: (
        "The deal is in Zoho's recycle bin or gone for good; Zoho is asked every `poll.deleted` minutes. "
        "Restored, it goes on with its invoice as soon as it is edited, or when you type `zoho-xero-sync sync "
        "--deal ID`."
    ),
    Event.MERGED: (
        "Zoho lists the deal that went as deleted, and its documents become those of the deal that stays. The "
        "one that stays keeps its own invoice. Without one it is not invoiced from a document whose invoice "
        "still stands (`document_invoiced`)."
    ),
}


def page() -> str:
    """The whole page."""
    cases = sum(len(cell.deeds) for cell in TABLE.values())
    head = INTRO.format(events=len(Event), states=len(State), cells=len(TABLE), cases=cases)
    return "\n".join([head, *(line for event in Event for line in _event(event))])


def _event(event: Event) -> Iterator[str]:
    yield f"## {event.value[0].upper()}{event.value[1:]}\n"
    yield f"{textwrap.fill(NOTES[event], WIDTH, break_on_hyphens=False)}\n"
    yield "| the invoice in Xero | what is done |"
    yield "|---|---|"
    for cell, states in _grouped(event):
        yield f"| {' · '.join(state.value for state in states)} | {_told(cell)} |"
    yield ""


def _grouped(event: Event) -> Iterator[tuple[Cell, list[State]]]:
    groups: list[tuple[Cell, list[State]]] = []
    for state in State:
        cell = TABLE[event, state]
        same = next((states for known, states in groups if known == cell), None)
        if same is None:
            groups.append((cell, [state]))
        else:
            same.append(state)
    yield from groups


def _told(cell: Cell) -> str:
    if cell.key is None:
        return _deed(cell.deeds[""])
    ways = "<br>".join(f"`{value}`: {_deed(deed)}" for value, deed in cell.deeds.items())
    return f"as `{cell.key}` says<br>{ways}"


def _deed(deed: Deed) -> str:
    return f"**{deed.do.value}** as `{deed.code}`" if deed.do is Do.HOLD else f"**{deed.do.value}**"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    cases = sum(len(cell.deeds) for cell in TABLE.values())
    sys.stdout.write(f"{len(TABLE)} cells, {cases} with the values of the configuration\n")
