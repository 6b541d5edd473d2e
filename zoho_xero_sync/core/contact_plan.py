"""What happens to a customer's contact in Xero, and whose name and e-mail it carries when its deals name several."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from zoho_xero_sync.core.contact_now import carry_over
from zoho_xero_sync.core.customers import ACCOUNTS
from zoho_xero_sync.core.describe import PERSONS, as_sent, contact_fields, differences
from zoho_xero_sync.core.matching import Recognised
from zoho_xero_sync.core.model import (
    Change,
    ContactDraft,
    ContactNow,
    ContactStep,
    CustomerLink,
    Deal,
    DealRecord,
    Problem,
)
from zoho_xero_sync.core.rules import CustomerRules

_PHONES: tuple[str, ...] = ("DEFAULT", "MOBILE", "FAX")


def plan_contact(
    draft: ContactDraft | Problem | None,
    link: CustomerLink | None,
    recognised: Recognised | Problem | None,
    rules: CustomerRules,
    now: ContactNow | None = None,
) -> ContactStep | Problem | None:
    """Create, update, adopt or leave the customer's contact, or the problem that a person must settle.

    `now` is the linked contact as Xero has it, or the one it was merged into; an update respects what people wrote.

    A contact that another integration numbered keeps its number; one without any gets ours, so that the ledger can be
    made again from Xero.
    """
    if not isinstance(draft, ContactDraft):
        return None
    fields = contact_fields(draft)
    if link is None:
        return _plan_unlinked(draft, fields, recognised)
    sent = _comparable(link.sent, draft)
    if rules.update and sent is not None and sent != as_sent(fields):
        step = ContactStep("update", draft, link.contact_id, differences(sent, fields))
        return carry_over(step, link, now) if now else step
    if not link.number:
        return _adoption(draft, link.contact_id, "")
    return ContactStep("unchanged", draft, link.contact_id)


def _plan_unlinked(
    draft: ContactDraft, fields: Mapping[str, str], recognised: Recognised | Problem | None
) -> ContactStep | Problem:
    if isinstance(recognised, Problem):
        return recognised
    if recognised is None:
        return ContactStep("create", draft, None, differences(None, fields))
    return _adoption(draft, recognised.contact.id, recognised.contact.number)


def _adoption(draft: ContactDraft, contact_id: str, number: str) -> ContactStep:
    stamp = not number
    changes = (Change("ContactNumber", None, draft.number),) if stamp else ()
    return ContactStep("adopt", draft, contact_id, changes, stamp, number)


def _comparable(sent: str | None, draft: ContactDraft) -> str | None:
    """What was carried over, without the contact persons when they were not read this time."""
    if sent is None or draft.persons is not None or PERSONS not in sent:
        return sent
    fields: dict[str, str] = json.loads(sent)
    return as_sent({name: value for name, value in fields.items() if not name.startswith(f"{PERSONS}[")})


# ---- several deals of one account ----


@dataclass(frozen=True, slots=True)
class Voice:
    """One deal's say in what its customer looks like."""

    deal: Deal
    record: DealRecord
    draft: ContactDraft


def agreed_draft(voices: Sequence[Voice], link: CustomerLink | None) -> ContactDraft:
    """The one draft for all deals of a customer, `voices` being ordered by when the deals changed, oldest first.

    The account's own fields are those of the deal read last. Name, e-mail and phones of the person are those of the
    deal changed last among those that may say: one whose person is new since it was last settled, or whose person is
    the one carried over before. When none may, what was carried over stays. So a deal that did not change its person
    never takes the contact back from another deal.
    """
    latest = voices[-1]
    if latest.draft.customer.module != ACCOUNTS:
        return latest.draft
    heard = [voice for voice in voices if _may_say(voice, link)]
    if heard:
        return _with_person(latest, heard[-1].draft)
    return _with_person(latest, _kept(link)) if link and link.sent else latest.draft


def _may_say(voice: Voice, link: CustomerLink | None) -> bool:
    person = voice.draft.person
    if not person:
        return False
    if link is None or link.person in (None, person):
        return True
    return voice.record.person_before != person


def _kept(link: CustomerLink) -> ContactDraft:
    """The person's part of what was carried over, as far as its text tells."""
    sent: dict[str, str] = json.loads(link.sent or "{}")
    phones = {kind: sent[f"Phones[{kind}]"] for kind in ("DEFAULT", "MOBILE") if f"Phones[{kind}]" in sent}
    return ContactDraft(
        link.customer,
        link.number,
        link.name,
        sent.get("FirstName", ""),
        sent.get("LastName", ""),
        sent.get("EmailAddress", ""),
        phones=phones,
        person=link.person or "",
    )


def _with_person(latest: Voice, person: ContactDraft) -> ContactDraft:
    """The latest draft with the person's fields of `person`; the account's own phone stays the main one."""
    account = latest.deal.account
    own = {kind: phone for kind, phone in latest.draft.phones.items() if kind == "FAX"}
    if account and account.phone.strip():
        own["DEFAULT"] = latest.draft.phones["DEFAULT"]
    phones = {**{kind: phone for kind, phone in person.phones.items() if kind != "FAX"}, **own}
    ordered: dict[str, str] = {kind: phones[kind] for kind in _PHONES if kind in phones}
    return replace(
        latest.draft,
        first_name=person.first_name,
        last_name=person.last_name,
        email=person.email,
        phones=ordered,
        person=person.person,
    )
