"""What Xero's answer to a write says about each of its items.

Items are matched by identifiers of our own (Url, number, id), never by position alone; an element that carries
neither is believed by its place only when every identified element stands in its own place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from zoho_xero_sync.core.model import Operation, OperationKind, XeroContact, XeroInvoice, XeroItem
from zoho_xero_sync.core.outcome import Applied, Emailed, NotSent, Outcome, Refused, Rejected, Unknown
from zoho_xero_sync.errors import RemoteError
from zoho_xero_sync.remote.http import Answer
from zoho_xero_sync.remote.xero import contacts, invoices, items, wire

Item = TypeVar("Item", XeroContact, XeroInvoice, XeroItem)
CONTACT_KINDS = (OperationKind.CREATE_CONTACT, OperationKind.UPDATE_CONTACT)


Verdicts = list[Outcome[XeroContact]] | list[Outcome[XeroInvoice]] | list[Outcome[Emailed]] | list[Outcome[XeroItem]]


def read_answer(answer: Answer, operations: Sequence[Operation]) -> Verdicts | Refused:
    """One outcome an operation, in the operations' order; or `Refused` for the request as a whole."""
    if answer.status >= 500 or answer.status < 200 or 300 <= answer.status < 400:
        return _all(operations, Unknown(f"Xero answered with status {answer.status}"))
    if answer.status in (401, 403, 429):
        return _all(operations, NotSent(f"Xero did not process it (status {answer.status})"))
    if answer.status >= 400:
        said = _refusal(answer)
        if "idempotency" in said.casefold():
            # About the key and not the items: what was first sent under it is for Xero to tell
            # (developer.xero.com/documentation/guides/idempotent-requests/idempotency).
            return _all(operations, Unknown(f"Xero refused its key: {said}"))
        return Refused(said)
    if operations[0].kind is OperationKind.EMAIL_INVOICE:
        # 204 without a body (developer.xero.com/documentation/api/accounting/invoices, emailing an invoice).
        if answer.status != 204:
            return _all(operations, Unknown(f"Xero answered with status {answer.status} and not 204"))
        sent: list[Outcome[Emailed]] = [Applied(Emailed(operation.identity)) for operation in operations]
        return sent
    is_contact = operations[0].kind in CONTACT_KINDS
    try:
        payload = answer.json()
        if operations[0].kind is OperationKind.CREATE_ITEM:
            found = wire.elements(payload, items.COLLECTION)
            return _match(found, operations, _Reader(items.parse_item, _item_marks, "HasErrors"))
        found = wire.elements(payload, contacts.COLLECTION if is_contact else invoices.COLLECTION)
        if is_contact:
            return _match(found, operations, _Reader(contacts.parse_contact, _contact_marks, "HasValidationErrors"))
        return _match(found, operations, _Reader(invoices.parse_invoice, _invoice_marks, "HasErrors"))
    except RemoteError as error:
        return _all(operations, Unknown(error.message))


def _all(operations: Sequence[Operation], outcome: Unknown | NotSent) -> list[Outcome[XeroInvoice]]:
    return [outcome for _ in operations]


def _refusal(answer: Answer) -> str:
    try:
        payload = answer.json()
    except RemoteError:
        return f"status {answer.status}"
    if not isinstance(payload, dict):
        return f"status {answer.status}"
    texts = wire.messages({"Elements": payload.get("Elements")}) or (wire.text(payload, "Message"),)
    return "; ".join(text for text in texts if text) or f"status {answer.status}"


@dataclass(frozen=True, slots=True)
class _Reader(Generic[Item]):
    parse: Callable[[wire.Element], Item | None]
    marks: Callable[[wire.Element], tuple[str, ...]]
    flag: str


def _contact_marks(element: wire.Element) -> tuple[str, ...]:
    return (wire.text(element, "ContactID"), wire.text(element, "ContactNumber"))


def _item_marks(element: wire.Element) -> tuple[str, ...]:
    return (wire.text(element, "ItemID"), wire.text(element, "Code"))


def _invoice_marks(element: wire.Element) -> tuple[str, ...]:
    return (wire.text(element, "InvoiceID"), wire.text(element, "Url"), wire.text(element, "InvoiceNumber"))


def _match(
    found: Sequence[wire.Element], operations: Sequence[Operation], reader: _Reader[Item]
) -> list[Outcome[Item]]:
    if len(found) != len(operations):
        return [Unknown(f"Xero answered {len(found)} items for {len(operations)}") for _ in operations]
    places = {operation.identity: place for place, operation in enumerate(operations)}
    claimed: dict[int, wire.Element] = {}
    nameless: list[tuple[int, wire.Element]] = []
    in_place = True
    for position, element in enumerate(found):
        place = next((places[mark] for mark in reader.marks(element) if mark and mark in places), None)
        if place is None:
            in_place = in_place and not _is_strange(reader.marks(element))
            nameless.append((position, element))
        elif place in claimed:
            return [Unknown("Xero answered one item twice") for _ in operations]
        else:
            claimed[place] = element
            in_place = in_place and place == position
    for position, element in nameless:
        if in_place and position not in claimed:
            claimed[position] = element
    return [_outcome(claimed.get(place), operation, reader) for place, operation in enumerate(operations)]


def _is_strange(marks: tuple[str, ...]) -> bool:
    """True for an element that names itself by an id, Url or ContactNumber, and not by one of ours."""
    return any(mark and mark != wire.ZERO_ID for mark in marks[:2])


def _outcome(element: wire.Element | None, operation: Operation, reader: _Reader[Item]) -> Outcome[Item]:
    if element is None:
        return Unknown("Xero's answer does not name it")
    if element.get(reader.flag) is True or wire.text(element, "StatusAttributeString") == "ERROR":
        return Rejected("; ".join(wire.messages(element)) or "Xero gave no reason")
    try:
        item = reader.parse(element)
    except RemoteError as error:
        return Unknown(error.message)
    # A good element always names itself; one that does not cannot be told from a stranger.
    if item is None or operation.identity not in reader.marks(element):
        return Unknown("Xero's answer lacks the item's identity")
    return Applied(item)
