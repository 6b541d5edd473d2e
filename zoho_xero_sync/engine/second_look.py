"""Refusals that Xero is asked about before they are believed: it may hold what it says it did not make."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from zoho_xero_sync.core.model import (
    ContactDraft,
    CustomerKey,
    Operation,
    OperationKind,
    Write,
    XeroContact,
    XeroItem,
)
from zoho_xero_sync.core.outcome import AnyOutcome, Applied, Refused, Rejected, Reply, Unknown
from zoho_xero_sync.core.recording import says_number_taken
from zoho_xero_sync.core.stages import CLOSED
from zoho_xero_sync.engine.books import ITEMS
from zoho_xero_sync.engine.carrying import carrying_since
from zoho_xero_sync.engine.ports import Context
from zoho_xero_sync.errors import SyncError


def with_own_numbers(context: Context, write: Write, reply: Reply) -> Reply:
    """The reply, with a refusal over a taken number answered by Xero itself where it can be.

    The invoice that has the number is the deal's when it carries the deal's mark: it counts as made. Any other stays a
    refusal, and so does one that was voided or deleted. What cannot be looked up now is unknown.
    """
    outcomes = _outcomes(write, reply)
    taken = [operation for operation, outcome in zip(write.operations, outcomes, strict=True) if _taken(outcome)]
    if not taken or write.operations[0].kind is not OperationKind.CREATE_INVOICE:
        return reply
    settled = _looked_up(context, write, taken)
    verdict = tuple(settled.get(op.id, outcome) for op, outcome in zip(write.operations, outcomes, strict=True))
    return replace(reply, verdict=verdict)


def made_all_the_same(context: Context, write: Write) -> dict[int, AnyOutcome]:
    """By operation, what a batch that was refused as a whole was to make and Xero holds nevertheless.

    Batches were seen answered 400 although their good elements were made. What cannot be looked up now is unknown.
    """
    kind = write.operations[0].kind
    if kind is OperationKind.CREATE_INVOICE:
        return _looked_up(context, write, write.operations)
    if kind not in (OperationKind.CREATE_CONTACT, OperationKind.CREATE_ITEM):
        return {}
    try:
        if kind is OperationKind.CREATE_ITEM:
            items = items_by_code(context, write.operations)
            return {operation_id: Applied(item) for operation_id, item in items.items()}
        found = contacts_by_number(context, write.operations)
    except SyncError:
        return _unasked(write.operations)
    return {operation_id: Applied(contact) for operation_id, contact in found.items()}


def contacts_by_number(context: Context, operations: Sequence[Operation]) -> dict[int, XeroContact]:
    """By operation, the contact in Xero that has the number it was to be made with."""
    drafts = {
        operation.id: ContactDraft(
            CustomerKey(operation.effect["module"], operation.effect["id"]),
            operation.effect["number"],
            operation.effect["name"],
        )
        for operation in operations
    }
    found = context.xero.find_contacts(list(drafts.values()), ("number",))
    hits = {
        operation_id: [contact for contact in found.get(draft.customer, ()) if contact.number == draft.number]
        for operation_id, draft in drafts.items()
    }
    return {operation_id: contacts[0] for operation_id, contacts in hits.items() if contacts}


def items_by_code(context: Context, operations: Sequence[Operation]) -> dict[int, XeroItem]:
    """By operation, the item in Xero that has its code."""
    elements = json.loads(context.xero.fetch_setting(ITEMS))
    ids = {str(element.get("Code")): str(element.get("ItemID")) for element in elements}
    return {op.id: XeroItem(ids[op.identity], op.identity) for op in operations if op.identity in ids}


def _outcomes(write: Write, reply: Reply) -> tuple[AnyOutcome, ...]:
    if not isinstance(reply.verdict, Refused):
        return reply.verdict
    # Alone in its request, an item is what the whole was refused for.
    alone = len(write.operations) == 1
    return tuple(Rejected(reply.verdict.message) if alone else Unknown("") for _ in write.operations)


def _taken(outcome: AnyOutcome) -> bool:
    return isinstance(outcome, Rejected) and says_number_taken(outcome.message)


def _looked_up(context: Context, write: Write, operations: Sequence[Operation]) -> dict[int, AnyOutcome]:
    """By operation, what a search for the deals' marks tells; nothing for one that no live invoice carries."""
    urls = [operation.identity for operation in operations]
    try:
        found = carrying_since(context, urls, write.created_at)
    except SyncError:
        return _unasked(operations)
    settled: dict[int, AnyOutcome] = {}
    for operation in operations:
        hits = [hit for hit in found.get(operation.identity, ()) if hit.status not in CLOSED]
        if len(hits) > 1:
            settled[operation.id] = Unknown("several invoices carry it")
        elif hits:
            settled[operation.id] = Applied(hits[0])
    return settled


def _unasked(operations: Sequence[Operation]) -> dict[int, AnyOutcome]:
    return {operation.id: Unknown("Xero refused it and could not be asked") for operation in operations}
