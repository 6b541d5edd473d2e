"""Xero items that invoices need and that are not there yet: which they are, and how they are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from zoho_xero_sync.core.model import Action, ItemDraft, NewOperation, OperationKind, Problem

# developer.xero.com/documentation/api/accounting/items: Code at most 30 characters, Name at most 50.
CODE_MAX, NAME_MAX = 30, 50
_SUBJECT = "Item:"


def item_subject(code: str) -> str:
    """The journal's name of an item."""
    return f"{_SUBJECT}{code}"


def item_operation(draft: ItemDraft) -> NewOperation:
    """The journal's line for an item that is about to be made. Its Code finds it again."""
    effect = {"code": draft.code, "name": draft.name}
    return NewOperation(OperationKind.CREATE_ITEM, item_subject(draft.code), draft.code, effect)


def needed_items(action: Action) -> tuple[ItemDraft, ...]:
    """The items that the invoice of this action names and Xero does not have."""
    step = action.invoice
    if (
        step is None
        or step.draft is None
        or not (step.action == "create" or (step.action == "update" and step.content))
    ):
        return ()
    return tuple(line.new_item for line in step.draft.lines if line.new_item is not None)


def new_items(actions: Sequence[Action]) -> Mapping[str, ItemDraft]:
    """By code, each item once, as the first invoice that needs it says."""
    found: dict[str, ItemDraft] = {}
    for action in actions:
        for draft in needed_items(action):
            found.setdefault(draft.code, draft)
    return found


def says_item_exists(message: str) -> bool:
    """Whether Xero refused a new item because one has its code: "Price List Item with Code 'X' already exists".

    developer.xero.com/documentation/api/accounting/items: PUT makes items only.
    """
    said = message.casefold()
    return "item" in said and "already exists" in said


def item_refused(deal_id: str, code: str, message: str) -> Problem:
    """Why a deal waits whose item could not be made, in Xero's own words."""
    return Problem(
        "item_refused",
        f"deal {deal_id}",
        f"Xero refused the item with the product code {code}: {message}",
        f"Add the item in Xero (Business, Products and services), then type: zoho-xero-sync resolve {deal_id} --retry",
        "Product_Code",
    )
