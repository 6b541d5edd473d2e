"""Judging one deal from its three sides: where it stands, what differs, and what settles each difference."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from zoho_xero_sync.core.describe import as_sent, drift, invoice_fields
from zoho_xero_sync.core.marks import deal_of
from zoho_xero_sync.core.model import DealRecord, DealRow, DealState, Event, InvoiceLink, Problem, XeroInvoice
from zoho_xero_sync.core.money import money_text
from zoho_xero_sync.core.plan import plan_deal
from zoho_xero_sync.core.rebuild import Found, linked_as_it_stands, live_ones, restore, restore_unseen
from zoho_xero_sync.core.reconcile import Case, Difference, Dossier, Finding, Kind, Repair, Standing
from zoho_xero_sync.core.rules import Rules
from zoho_xero_sync.core.stages import CLOSED, Step, match_rule, status_step, target_status
from zoho_xero_sync.core.staging import stage_row, stays_unbilled, why_left_alone
from zoho_xero_sync.core.wording import some_of

_FIX = "zoho-xero-sync reconcile --fix"
# How many fields a sentence names.
_LISTED = 4


def judge(dossier: Dossier, rules: Rules, at: datetime, link_prefix: str) -> Case:
    """The deal's standing, its invoice, and everything about it that a person should see."""
    live = live_ones(_ours(dossier))
    known = [invoice for invoice in live if dossier.link is not None and invoice.id == dossier.link.invoice_id]
    ordered = [*known, *(invoice for invoice in live if invoice not in known)]
    standing, reason = _standing(dossier, ordered, rules)
    case = Case(dossier, standing, reason, ordered[0] if ordered else None, tuple(ordered[1:]))
    if dossier.busy:
        return case
    return replace(case, findings=tuple(_findings(case, rules, at, link_prefix)))


def _ours(dossier: Dossier) -> tuple[XeroInvoice, ...]:
    linked = (dossier.linked,) if dossier.linked is not None else ()
    return tuple({invoice.id: invoice for invoice in (*linked, *dossier.carrying)}.values())


def _standing(dossier: Dossier, live: list[XeroInvoice], rules: Rules) -> tuple[Standing | None, str]:
    record, rule = dossier.record, dossier.rule
    if dossier.row is None or rule is None:
        return None, "Zoho no longer shows it" if dossier.row is None else f"stage {dossier.stage} is not invoiced"
    if live:
        return Standing.INVOICED, f"invoice {live[0].number} is {live[0].status}"
    if record is not None and record.waits_for_person:
        return Standing.HELD, record.problem.code if record.problem else "waits for a person"
    if record is not None and record.state is DealState.SKIPPED:
        return Standing.EXCLUDED, "a person set it aside"
    if record is not None and record.baseline and not record.requested:
        return Standing.EXCLUDED, "history: it was in its stage when the baseline was recorded"
    if record is None and dossier.unwatched:
        return Standing.EXCLUDED, "history: its stage is new in the configuration"
    if dossier.busy or dossier.awaited or (record is not None and record.state is DealState.PENDING):
        return Standing.PENDING, "the next run takes it up"
    if dossier.draft is not None and not dossier.draft.lines:
        return Standing.EXCLUDED, "nothing is left to bill of it"
    if rule.invoice == "none":
        return Standing.EXCLUDED, f"stage {dossier.stage} asks for the customer only"
    if _ours(dossier) or (dossier.link is not None and not dossier.link.live):
        ended = next(iter(_ours(dossier)), None)
        number, status = (ended.number, ended.status) if ended else _of_link(dossier.link)
        return Standing.EXCLUDED, f"its invoice {number} is {status} and is not made again"
    if record is not None and stays_unbilled(record, dossier.row, rules):
        return Standing.EXCLUDED, why_left_alone(record)
    return Standing.MISSING, "nothing says why it has no invoice"


def _of_link(link: InvoiceLink | None) -> tuple[str, str]:
    return (link.number, link.status) if link is not None else ("", "")


def _findings(case: Case, rules: Rules, at: datetime, link_prefix: str) -> Iterator[Finding]:
    dossier = case.dossier
    record = dossier.record
    waits = record is not None and record.waits_for_person
    doubled = bool(case.extras)
    if doubled:
        yield _doubled(case)
    if record is not None and waits and not (doubled and record.problem and record.problem.code == "several_invoices"):
        yield _held(case, record)
    yield from _status(case)
    yield from _absent(case)
    unsettled = waits or dossier.awaited or (record is not None and record.state is DealState.PENDING)
    if doubled or unsettled:
        return
    if case.standing is None and case.invoice is not None:
        yield from _orphaned(case, case.invoice, rules, at)
    elif case.standing is Standing.MISSING and not (dossier.link is not None and dossier.link.live):
        yield _missing(case, dossier.row, rules)
    elif case.standing is not None:
        yield from _unlinked(case, rules, at)
        if record is None or record.state is not DealState.SKIPPED:
            yield from _drifted(case, rules, link_prefix)


def _finding(case: Case, kind: Kind, message: str, hint: str, *invoices: XeroInvoice) -> Finding:
    dossier = case.dossier
    return Finding(kind, dossier.deal_id, dossier.name, dossier.stage, message, hint, invoices)


def _doubled(case: Case) -> Finding:
    invoices = ([case.invoice] if case.invoice else []) + list(case.extras)
    listed = " and ".join(f"{invoice.number} ({_money(invoice)}, {invoice.status})" for invoice in invoices)
    message = f"The deal has {len(invoices)} live invoices in Xero: {listed}."
    return _finding(case, Kind.DOUBLED, message, f"Void the wrong ones in Xero, then type: {_FIX}", *invoices)


def _held(case: Case, record: DealRecord) -> Finding:
    problem = record.problem
    invoices = () if case.invoice is None else (case.invoice,)
    if problem is None:
        hint = f"zoho-xero-sync resolve {record.deal_id} --retry"
        return _finding(case, Kind.HELD, "The deal waits for a person.", hint, *invoices)
    return _finding(case, Kind.HELD, f"{problem.code}: {problem.message}", problem.hint, *invoices)


def _status(case: Case) -> Iterator[Finding]:
    """What became of the linked invoice in Xero that the ledger does not know: paid, voided, approved, renumbered."""
    link, now = case.dossier.link, case.dossier.linked
    if link is None or not link.live or now is None or (link.status, link.number) == (now.status, now.number):
        return
    pairs = (("Status", link.status, now.status), ("InvoiceNumber", link.number, now.number))
    changed = tuple(Difference(name, None, before, after) for name, before, after in pairs if before != after)
    said = "; ".join(f"{item.field} {item.ledger} → {item.xero}" for item in changed)
    ended = "; the next sync says what becomes of the deal" if now.status in CLOSED else ""
    repair = Repair(f"the ledger has what Xero says{ended}", met=((link, now),))
    message = f"Invoice {link.number} changed in Xero, and the ledger does not know: {said}."
    found = _finding(case, Kind.STATUS, message, f"Type: {_FIX}", now)
    yield replace(found, differences=changed, repair=repair)


def _absent(case: Case) -> Iterator[Finding]:
    link = case.dossier.link
    if link is None or not link.live or case.dossier.linked is not None:
        return
    message = f"The ledger says the deal has invoice {link.number} ({link.invoice_id}), which is not in Xero."
    adopt = f"zoho-xero-sync resolve {link.deal_id} --adopt INVOICE"
    hint = (
        f"If the deal has another invoice, type: {adopt}  If many are not there, make the ledger again from what Xero "
        "holds: zoho-xero-sync rebuild --replace"
    )
    yield _finding(case, Kind.ABSENT, message, hint)


def _orphaned(case: Case, invoice: XeroInvoice, rules: Rules, at: datetime) -> Iterator[Finding]:
    """A live invoice whose deal is gone or is not invoiced, unless a rule or a person has said that it stays."""
    dossier = case.dossier
    known = dossier.link is not None and dossier.link.live
    gone = dossier.row is None
    by_rule = (rules.when.deal_deleted if gone else rules.when.leaves_stages) == "keep"
    if known and (by_rule or dossier.kept or (not gone and _seen_leaving(dossier, rules))):
        return
    why = "Zoho no longer shows its deal" if gone else f"its deal is in {dossier.stage}, which is not invoiced"
    knows = "" if known else ", and the ledger does not know it"
    message = f"Invoice {invoice.number} ({_money(invoice)}, {invoice.status}) carries our mark; {why}{knows}."
    keep = f"zoho-xero-sync resolve {dossier.deal_id} --skip"
    hint = f"Void it in Xero if it is not owed; to keep it, type: {keep if known else f'{_FIX}, then {keep}'}"
    found = _finding(case, Kind.ORPHANED, message, hint, invoice)
    yield found if known or dossier.stranger else replace(found, repair=_restored(dossier, rules, at, held=True))


def _seen_leaving(dossier: Dossier, rules: Rules) -> bool:
    """Whether a run has seen the deal in a stage that is not invoiced, and settled what that means."""
    record = dossier.record
    pipeline = dossier.row.pipeline if dossier.row else None
    return record is not None and match_rule(rules.stages, record.stage, pipeline) is None


def _missing(case: Case, row: DealRow | None, rules: Rules) -> Finding:
    dossier = case.dossier
    amount = f" ({money_text(dossier.amount, dossier.currency)} {dossier.currency})" if dossier.amount else ""
    message = f"The deal is in {dossier.stage}{amount} and has no invoice; nothing in the ledger says why."
    found = _finding(
        case, Kind.MISSING, message, f"To have it invoiced, type: zoho-xero-sync sync --deal {dossier.deal_id}"
    )
    staged = stage_row(row, dossier.record, rules, requested=True) if row is not None else None
    if staged is None:
        return found
    return replace(found, repair=Repair("pending: the next sync invoices it", records=(staged,)))


def _unlinked(case: Case, rules: Rules, at: datetime) -> Iterator[Finding]:
    """An invoice with our mark that the ledger does not know."""
    dossier = case.dossier
    ours = _ours(dossier)
    shown = case.invoice or (ours[0] if ours else None)
    if shown is None or case.standing not in (Standing.INVOICED, Standing.EXCLUDED):
        return
    link = dossier.link
    if link is not None and link.invoice_id == shown.id and link.live == (case.invoice is not None):
        return
    record = dossier.record
    if case.invoice is None and (link is not None or record is not None):
        return
    if record is not None and record.state is DealState.SKIPPED:
        # A person has seen both and left them as they are.
        return
    named = f"{shown.number} ({_money(shown)}, {shown.status})"
    message = f"Invoice {named} is the deal's, and the ledger does not know it."
    found = _finding(case, Kind.UNLINKED, message, f"Type: {_FIX}", shown)
    if dossier.stranger:
        hint = "Another ledger marked it: find the other machine that runs this program, and stop one of the two."
        yield replace(found, hint=hint)
        return
    repair = _restored(dossier, rules, at)
    if repair is not None:
        yield replace(found, repair=repair)
        return
    why = _why_not(dossier, rules)
    hint = f"Make the invoice and the deal agree, then type: {_FIX}"
    yield replace(found, message=f"{message} {why}".strip(), hint=hint)


def _restored(dossier: Dossier, rules: Rules, at: datetime, *, held: bool = False) -> Repair | None:
    """The ledger's word on the deal as `rebuild` would write it; unless `held`, not when it would wait for a person."""
    ours = _ours(dossier)
    if dossier.beside:
        return _restored_beside(dossier, ours, at)
    if dossier.row is None:
        back = restore_unseen(dossier.deal_id, ours)
    else:
        back = restore(dossier.row, _fresh_record(dossier.row), dossier.item, ours, rules)
    if back.link is None or (back.found is Found.HELD and not held):
        return None
    old = dossier.link
    was = dossier.linked.status if dossier.linked is not None else old.status if old is not None else ""
    stale = () if old is None or old.invoice_id == back.link.invoice_id else (replace(old, status=was, live=False),)
    detail = {"number": back.link.number, "status": back.link.status}
    event = Event(at, None, dossier.deal_id, "invoice_adopted", detail)
    return Repair("the ledger has it again", (back.record,), (*stale, back.link), (event,))


def _restored_beside(dossier: Dossier, ours: tuple[XeroInvoice, ...], at: datetime) -> Repair | None:
    """The other invoice of a deal that is billed in two, linked as it stands; the deal's own state is left alone."""
    live = live_ones(ours)
    if len(live) != 1:
        return None
    link = linked_as_it_stands(dossier.deal_id, live[0])
    event = Event(at, None, dossier.deal_id, "invoice_adopted", {"number": link.number, "status": link.status})
    return Repair("the ledger has it again", (), (link,), (event,))


def _why_not(dossier: Dossier, rules: Rules) -> str:
    if dossier.row is None:
        return ""
    back = restore(dossier.row, _fresh_record(dossier.row), dossier.item, _ours(dossier), rules)
    return back.record.problem.message if back.record.problem is not None else ""


def _fresh_record(row: DealRow) -> DealRecord:
    person = None if isinstance(row.content, Problem) or row.content.person is None else row.content.person.id
    state = DealState.SEEN
    return DealRecord(
        row.id, row.name, row.stage, state, False, row.modified_at, row.snapshot, person=person, person_before=person
    )


# ---- fields ----


def _drifted(case: Case, rules: Rules, link_prefix: str) -> Iterator[Finding]:
    dossier, link = case.dossier, case.dossier.link
    current = dossier.linked
    if link is None or not link.live or current is None or case.invoice is None or current.id != case.invoice.id:
        return
    found = (*_content(dossier, link, current), *_around(dossier, link, current, link_prefix))
    if not found:
        return
    ours = all(item.ledger == item.xero for item in found)
    who = "is behind its deal" if ours else "and its deal differ"
    names = some_of([item.field for item in found], _LISTED)
    kept = " A person said that it stays as it is." if ours and dossier.kept else ""
    hint = _carried(dossier, link, current, rules) if ours else _agree(dossier)
    message = f"Invoice {current.number} {who} in {names}.{kept}"
    yield replace(_finding(case, Kind.DRIFTED, message, hint, current), differences=found)


def _carried(dossier: Dossier, link: InvoiceLink, current: XeroInvoice, rules: Rules) -> str:
    """How what changed in Zoho comes into the invoice: by a sync, or where that would not do it, by a person."""
    item = dossier.item
    action = plan_deal(replace(item, link=link, current=current), rules) if item is not None else None
    if action is not None and action.problem is not None:
        return f"A sync only holds the deal for it ({action.problem.code}). {_agree(dossier)}"
    step = action.invoice if action is not None else None
    if step is not None and step.action == "unchanged" and not step.adopting:
        return _agree(dossier)
    return f"To carry it over, type: zoho-xero-sync sync --deal {dossier.deal_id}"


def _agree(dossier: Dossier) -> str:
    return f"Make the two agree; to look at both: {_show(dossier)}"


def _show(dossier: Dossier) -> str:
    return f"zoho-xero-sync show {dossier.deal_id}"


def _content(dossier: Dossier, link: InvoiceLink, current: XeroInvoice) -> Iterator[Difference]:
    """The fields that Xero gives back as they were sent; of an invoice that was adopted as it stood, its total."""
    if dossier.beside:
        # It stays as it is in Xero; what it bills there is what the other invoice leaves out.
        return
    if link.sent is None:
        yield from _adopted_total(dossier, link, current)
        return
    sent: dict[str, str] = json.loads(link.sent)
    wanted = invoice_fields(dossier.draft) if dossier.draft is not None else sent
    for change in drift(as_sent(wanted), current):
        if current.lines is not None or not change.field.startswith("LineItems"):
            yield Difference(change.field, change.before, sent.get(change.field), change.after)


def _adopted_total(dossier: Dossier, link: InvoiceLink, current: XeroInvoice) -> Iterator[Difference]:
    currency = dossier.currency if dossier.amount is not None else link.currency
    amount = link.total if dossier.amount is None else dossier.amount
    if (amount, currency) != (current.total, current.currency):
        wanted = f"{money_text(amount, currency)} {currency}"
        was = f"{money_text(link.total, link.currency)} {link.currency}"
        yield Difference("Total", wanted, was, f"{money_text(current.total, current.currency)} {current.currency}")


def _around(dossier: Dossier, link: InvoiceLink, current: XeroInvoice, link_prefix: str) -> Iterator[Difference]:
    """What else should agree: the status the stage asks for, the contact, and our mark."""
    if link.sent is None:
        return
    target = target_status(dossier.rule) if dossier.rule is not None else None
    if target is not None and status_step(current.status, target) is Step.ADVANCE:
        yield Difference("Status", target.value, link.status, current.status)
    if dossier.contact_id is not None and current.contact_id not in ("", dossier.contact_id):
        yield Difference("ContactID", dossier.contact_id, dossier.contact_id, current.contact_id)
    if deal_of(current.url, link_prefix) != dossier.deal_id:
        url = f"{link_prefix}{dossier.deal_id}"
        yield Difference("Url", url, url, current.url or None)


def _money(invoice: XeroInvoice) -> str:
    return f"{money_text(invoice.total, invoice.currency)} {invoice.currency}"
