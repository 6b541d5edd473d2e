"""The table of life: what happens to a deal's invoice, by what happened to the deal and where the invoice stands.

Planning decides from this table, and docs/life.md is printed from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from zoho_xero_sync.core.rules import WhenRules


class Event(StrEnum):
    """What happened to a deal."""

    MOVED_ON = "moved on to a stage that asks for more"
    MOVED_BACK = "moved back within the stages"
    LEFT = "left the stages"
    LOST = "lost"
    REENTERED = "re-entered"
    LINES = "amount or lines changed"
    HEADER = "only the reference, due date or theme changed"
    CUSTOMER = "customer changed"
    CURRENCY = "currency changed"
    DOCUMENT = "document replaced by one with other content"
    DELETED = "deleted"
    MERGED = "merged into another deal"


class State(StrEnum):
    """Where the deal's invoice stands in Xero."""

    NONE = "none"
    DRAFT = "draft"
    SUBMITTED = "submitted"
    AUTHORISED = "approved"
    SENT = "approved and sent"
    PART_PAID = "part paid"
    PAID = "paid"
    CREDITED = "credited, in part or in full"
    VOIDED = "voided by a person"
    DELETED = "deleted by a person"
    ENDED = "voided or deleted by this program when the deal left"
    LOCKED_DRAFT = "not approved, dated in a locked period"
    LOCKED = "approved, dated in a locked period"
    REWORDED = "not approved, edited by a person, same total"
    RECOUNTED = "not approved, its total changed by a person"
    EDITED = "approved, edited by a person"


class Do(StrEnum):
    """What is done about it."""

    CREATE = "create"
    ADVANCE = "advance"
    UPDATE = "update"
    END = "end"
    KEEP = "keep"
    NOTHING = "nothing"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class Deed:
    """What is done, and under which problem code a deal is held."""

    do: Do
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell. `deeds` are by the value of the configuration's `key`; without a key the one is under ""."""

    deeds: Mapping[str, Deed]
    key: str | None = None


# Invoices of which nothing is left to change in Xero.
OVER: Final = (State.VOIDED, State.DELETED, State.ENDED)
NOT_APPROVED: Final = (State.DRAFT, State.SUBMITTED, State.LOCKED_DRAFT, State.REWORDED, State.RECOUNTED)
WITH_PAYMENTS: Final = (State.PART_PAID, State.PAID, State.CREDITED)

RETREATS: Final = (Event.LEFT, Event.LOST, Event.DELETED, Event.MERGED)
_CHANGES: Final = (Event.LINES, Event.HEADER, Event.CUSTOMER, Event.CURRENCY, Event.DOCUMENT)

LEAVES: Final = "when.leaves_stages"
GONE: Final = "when.deal_deleted"
CHANGED: Final = "when.changed_after_approval"


def _always(do: Do, code: str | None = None) -> Cell:
    return Cell(MappingProxyType({"": Deed(do, code)}))


def _by(key: str, **deeds: Deed) -> Cell:
    return Cell(MappingProxyType(deeds), key)


_KEEP: Final = _always(Do.KEEP)
_NOTHING: Final = _always(Do.NOTHING)
_CREATE: Final = _always(Do.CREATE)
_PERSON_ENDED: Final = _always(Do.HOLD, "invoice_gone")
_IN_LOCKED: Final = _always(Do.HOLD, "date_locked")
_EDITED: Final = _always(Do.HOLD, "changed_in_xero")
_APPROVED: Final = Deed(Do.HOLD, "changed_after_approval")

_MOVED_ON: Final[Mapping[State, Cell]] = {
    State.NONE: _CREATE,
    State.DRAFT: _always(Do.ADVANCE),
    State.SUBMITTED: _always(Do.ADVANCE),
    State.VOIDED: _PERSON_ENDED,
    State.DELETED: _PERSON_ENDED,
    State.ENDED: _CREATE,
    State.LOCKED_DRAFT: _IN_LOCKED,
    # Only the status is sent, so that nothing of theirs is lost; another amount is never approved unseen.
    State.REWORDED: _always(Do.ADVANCE),
    State.RECOUNTED: _EDITED,
}

# An approval is never taken back, and a status that stays is never posted again: Xero refuses it on an invoice with
# payments (developer.xero.com/documentation/api/accounting/invoices).
_STAYS: Final[Mapping[State, Cell]] = {
    State.NONE: _CREATE,
    State.VOIDED: _PERSON_ENDED,
    State.DELETED: _PERSON_ENDED,
    State.ENDED: _CREATE,
}


def _changed(event: Event, state: State) -> Cell:
    if state is State.NONE:
        return _CREATE
    if state is State.ENDED:
        return _NOTHING
    if state in (State.VOIDED, State.DELETED):
        return _PERSON_ENDED
    if state in (State.LOCKED_DRAFT, State.LOCKED):
        return _IN_LOCKED
    if state in (State.REWORDED, State.RECOUNTED):
        return _EDITED
    if state in (State.DRAFT, State.SUBMITTED):
        return _always(Do.UPDATE)
    return _changed_when_approved(event, state)


def _changed_when_approved(event: Event, state: State) -> Cell:
    """Unpaid, Xero takes every change; paid, only wording and dates due (.../accounting/invoices, updating)."""
    if event is Event.CURRENCY:
        return Cell(MappingProxyType({"": _APPROVED}))
    if state is State.EDITED:
        return _by(CHANGED, hold=_APPROVED, update=Deed(Do.HOLD, "changed_in_xero"))
    if state in WITH_PAYMENTS and event is not Event.HEADER:
        return Cell(MappingProxyType({"": _APPROVED}))
    return _by(CHANGED, hold=_APPROVED, update=Deed(Do.UPDATE))


def _retreated(state: State, key: str, code: str) -> Cell:
    if state is State.NONE or state in OVER:
        return _NOTHING
    waits, untouched = Deed(Do.HOLD, code), Deed(Do.KEEP)
    free = state in (State.DRAFT, State.SUBMITTED, State.AUTHORISED, State.SENT)
    return _by(key, hold=waits, void=Deed(Do.END) if free else waits, keep=untouched)


def _cell(event: Event, state: State) -> Cell:
    if event in (Event.LEFT, Event.LOST):
        return _retreated(state, LEAVES, "left_stages")
    if event in (Event.DELETED, Event.MERGED):
        return _retreated(state, GONE, "deal_deleted")
    if event in _CHANGES:
        return _changed(event, state)
    return (_MOVED_ON if event is Event.MOVED_ON else _STAYS).get(state, _KEEP)


TABLE: Final[Mapping[tuple[Event, State], Cell]] = MappingProxyType(
    {(event, state): _cell(event, state) for event in Event for state in State}
)


def decide(event: Event, state: State, when: WhenRules) -> Deed:
    """What is done when this happens to a deal whose invoice stands so, under these rules."""
    cell = TABLE[event, state]
    return cell.deeds[value_of(cell.key, when)]


def value_of(key: str | None, when: WhenRules) -> str:
    """The configuration's value of a cell's key; empty without one."""
    if key is None:
        return ""
    values = {LEAVES: when.leaves_stages, GONE: when.deal_deleted, CHANGED: when.changed_after_approval}
    return values[key]


def every_case() -> Iterator[tuple[Event, State, str, Deed]]:
    """Each cell under each value of its key."""
    for (event, state), cell in TABLE.items():
        for value, deed in cell.deeds.items():
            yield event, state, value, deed
