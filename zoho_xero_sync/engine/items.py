"""Items that invoices need are made first, each code once; a code is looked for before and after."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from zoho_xero_sync.core.items import item_operation, item_subject, new_items, says_item_exists
from zoho_xero_sync.core.model import Action, ItemDraft, XeroItem
from zoho_xero_sync.core.outcome import AnyOutcome, Applied, Rejected, Unknown
from zoho_xero_sync.core.unanswered import is_given_up
from zoho_xero_sync.core.wording import some_of
from zoho_xero_sync.engine.books import ITEMS
from zoho_xero_sync.engine.busy import busy_subjects
from zoho_xero_sync.engine.ports import Context, LedgerDesk
from zoho_xero_sync.engine.send import Item, Sender

_SHOWN = 10


def make_items(
    context: Context, ledger: LedgerDesk, sender: Sender, actions: Sequence[Action]
) -> tuple[dict[str, AnyOutcome], list[str]]:
    """By code, why an item is not there; and the codes that were made. Raises SyncError when Xero takes no more."""
    wanted = new_items(actions)
    troubles = _not_to_be_sent(context, ledger, wanted)
    items = [
        Item(item_operation(draft), context.xero.item_element(draft))
        for code, draft in wanted.items()
        if code not in troubles
    ]
    made: list[XeroItem] = []
    try:
        for item, outcome in sender.send_all("items", items, {}):
            code = item.operation.identity
            if isinstance(outcome, Applied) and isinstance(outcome.item, XeroItem):
                made.append(outcome.item)
            elif isinstance(outcome, Rejected) and says_item_exists(outcome.message):
                # A person made it just now: it is there, which is all that the invoice needs.
                made.append(XeroItem("", code))
            else:
                troubles[code] = outcome
    finally:
        _remember(ledger, made)
    return troubles, [item.code for item in made if item.id]


def items_note(said: str, codes: Sequence[str]) -> str:
    """`Made 2 items in Xero: A, B.`"""
    count = "1 item" if len(codes) == 1 else f"{len(codes)} items"
    return f"{said} {count} in Xero: {some_of(codes, _SHOWN)}."


def _not_to_be_sent(context: Context, ledger: LedgerDesk, wanted: Mapping[str, ItemDraft]) -> dict[str, AnyOutcome]:
    """Codes whose earlier request has no answer yet, or never got one."""
    if not wanted:
        return {}
    busy = busy_subjects(ledger)
    past = ledger.unanswered([item_subject(code) for code in wanted])
    now = context.clock.now()
    troubles: dict[str, AnyOutcome] = {}
    for code in wanted:
        attempts = past.get(item_subject(code), ())
        if item_subject(code) in busy:
            troubles[code] = Unknown("an earlier request for it is still unanswered")
        elif attempts and is_given_up(attempts, now, others=ledger.was_answered_since(attempts[0].at)):
            troubles[code] = Rejected("no answer that can be read came to any request for it")
    return troubles


def _remember(ledger: LedgerDesk, made: Sequence[XeroItem]) -> None:
    """The kept list of items has the new ones from now on."""
    kept = ledger.fact(ITEMS)
    if kept is None or not made:
        return
    elements = [*json.loads(kept[0]), *({"ItemID": item.id, "Code": item.code} for item in made)]
    ledger.record_fact(ITEMS, json.dumps(elements), kept[1])
