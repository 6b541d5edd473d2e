"""Three ways to look at a contact: as last carried over, as Zoho has it now, as Xero has it now. People come first."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from zoho_xero_sync.core.describe import PERSONS
from zoho_xero_sync.core.matching import ARCHIVED
from zoho_xero_sync.core.model import Action, Change, ContactNow, ContactStep, CustomerLink, Problem

# Text is compared without regard to case, as Xero does (developer.xero.com/documentation/api/accounting/contacts), and
# addresses and phones without regard to how the services cut them into lines and parts.
_BETWEEN = re.compile(r"[\s,]+")
_NOT_DIALLED = re.compile(r"[^0-9+]+")


def carry_over(step: ContactStep, link: CustomerLink, now: ContactNow) -> ContactStep | Problem:
    """The update as far as it writes over nothing that a person wrote in Xero; a problem for an archived contact.

    A field is a person's when Xero has something in it that is neither what was last carried over nor what Zoho has
    now. It is left as it is; the rest goes on. What is left counts as carried over, so that it is told once.
    """
    draft = step.draft
    if now.status == ARCHIVED:
        return archived(draft.name, now)
    before: dict[str, str] = json.loads(link.sent or "{}")
    due = [change for change in step.changes if not _same(change.field, now.fields.get(change.field), change.after)]
    persons = any(_is_edited(change, before, now.fields) for change in due if _is_person(change))
    kept = [
        replace(change, before=now.fields.get(change.field))
        for change in due
        if (persons if _is_person(change) else _is_edited(change, before, now.fields))
    ]
    fields = {change.field for change in kept}
    carried = tuple(change for change in due if change.field not in fields)
    moved = link.contact_id if link.contact_id != now.id else ""
    number = now.number or link.number
    if carried:
        return ContactStep("update", draft, now.id, carried, number=number, kept=tuple(kept), merged_from=moved)
    return ContactStep("adopt", draft, now.id, number=number, kept=tuple(kept), merged_from=moved)


def _is_person(change: Change) -> bool:
    """Contact persons are one list: Xero replaces it as a whole."""
    return change.field.startswith(f"{PERSONS}[")


def _is_edited(change: Change, before: Mapping[str, str], now: Mapping[str, str]) -> bool:
    """Whether a person wrote the field. An empty one says nothing, and is filled with what is new in Zoho."""
    there = now.get(change.field)
    return bool(there) and not _same(change.field, there, before.get(change.field))


def _same(field: str, one: str | None, other: str | None) -> bool:
    return _comparable(field, one or "") == _comparable(field, other or "")


def _comparable(field: str, text: str) -> str:
    if field.startswith("Phones["):
        return _NOT_DIALLED.sub("", text)
    return _BETWEEN.sub(" ", text).strip().casefold()


def archived(name: str, now: ContactNow) -> Problem:
    """The problem of a customer whose contact is archived."""
    return Problem(
        "contact_archived",
        f"contact {now.id}",
        f"The Xero contact of {name} is archived: {now.name} ({now.id}).",
        "Restore it in Xero (Contacts, Archived), then type: zoho-xero-sync resolve DEAL --retry. "
        "Or link another one: zoho-xero-sync resolve DEAL --link-contact CONTACT (its ContactID or ContactNumber)",
    )


def kept_notes(actions: Sequence[Action]) -> list[str]:
    """One sentence for each customer of whom something was left as a person wrote it."""
    steps = [action.contact for action in actions if action.contact and action.contact.kept]
    return [_kept_note(step) for step in {step.draft.customer: step for step in steps}.values()]


def _kept_note(step: ContactStep) -> str:
    fields = "; ".join(f"{change.field} {change.before} (Zoho: {change.after or 'empty'})" for change in step.kept)
    return f"A person changed the Xero contact of {step.draft.name}; left as it is there: {fields}."


def last_survivor(contact_id: str, known: Mapping[str, ContactNow]) -> ContactNow | None:
    """The contact itself, or the one it was merged into, as far as the chain is known; None when it is not."""
    passed: list[str] = []
    while contact_id in known and contact_id not in passed:
        passed.append(contact_id)
        if not known[contact_id].merged_to:
            return known[contact_id]
        contact_id = known[contact_id].merged_to
    return None


def next_links(contact_ids: Sequence[str], known: Mapping[str, ContactNow]) -> list[str]:
    """The contacts that must be read to follow these ids one merge further."""
    wanted = []
    for contact_id in contact_ids:
        passed: list[str] = []
        while contact_id in known and known[contact_id].merged_to and contact_id not in passed:
            passed.append(contact_id)
            contact_id = known[contact_id].merged_to
        if contact_id not in known:
            wanted.append(contact_id)
    return list(dict.fromkeys(wanted))
