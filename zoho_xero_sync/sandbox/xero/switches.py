"""Where Xero's documentation is silent, or says two things: each reading a switch, its default the stricter one.

A world sets them under `xero.switches`; `state.switches` changes them at any time.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..rule import Switch

_API = "developer.xero.com/documentation/api/accounting/"
_GUIDES = "developer.xero.com/documentation/guides/"


SWITCHES: Mapping[str, Switch] = {
    # Requests
    "answer_without_accept": Switch(
        "xml",
        "Form of an answer when Accept asks for neither JSON nor XML: xml as documented, or json.",
        f"{_API}requests-and-responses",
    ),
    "largest_request_bytes": Switch(
        3_500_000,
        "Largest body of a write; the page on limits says 10 MB, and 3.5 MB for about 50 elements.",
        f"{_GUIDES}oauth2/limits",
    ),
    "summarize_errors_default": Switch(
        True,
        "What a write without summarizeErrors means; the OpenAPI file says false, the live service behaves as true.",
        f"{_API}requests-and-responses",
    ),
    "summarised_error_keeps_good": Switch(
        False, "Whether a summarised 400 keeps the good elements of the batch.", f"{_API}requests-and-responses"
    ),
    "elements_of_400": Switch(
        "failing",
        "Elements of a summarised 400: the refused ones only (failing), or every element (all).",
        f"{_API}responsecodes",
    ),
    "missing_scope_status": Switch(
        401, "Status of a call whose token lacks the scope: 401 as observed, or 403.", f"{_GUIDES}oauth2/scopes"
    ),
    "items_with_invoice_scope": Switch(
        False,
        "Whether accounting.invoices alone reaches Items; the scopes page lists Items under it and under settings.",
        f"{_GUIDES}oauth2/scopes",
    ),
    # Limits
    "minute_window": Switch(
        "rolling", "The minute's window: rolling (stricter) or fixed; both are documented.", f"{_GUIDES}oauth2/limits"
    ),
    "connection_cap": Switch(
        5,
        "Organisations an app may connect: 5 on the Starter tier; older pages say 25.",
        f"{_GUIDES}oauth2/limits",
    ),
    "contact_number_terms": Switch(
        10,
        "ContactNumber terms joined with OR beyond which a contact filter is refused, as big organisations report.",
        f"{_API}contacts",
    ),
    "largest_attachment_bytes": Switch(
        10 * 1024 * 1024,
        "Largest attachment; the Attachments page says 10 MB, the Invoices page 25 MB.",
        f"{_API}attachments",
    ),
    "organisation_offline": Switch(
        False, "Whether the organisation answers 503 'The Organisation is offline'.", f"{_API}responsecodes"
    ),
    "multicurrency": Switch(
        True, "Whether the organisation's plan lets it subscribe to currencies.", f"{_API}currencies"
    ),
    # Idempotency
    "idempotency_seconds": Switch(
        360,
        "Life of an Idempotency-Key from its first call: documented 6 minutes, about 20 measured; rely on 6 only.",
        f"{_GUIDES}idempotent-requests/idempotency",
    ),
    "key_reuse_envelope": Switch(
        "message",
        "Where the sentence of a reused key stands: in the top-level Message (message) or in an element (element).",
        f"{_GUIDES}idempotent-requests/idempotency",
    ),
    "same_key_in_flight": Switch(
        "replay",
        "Two simultaneous requests with one key: the second waits for the answer (replay) or is done again (both).",
        f"{_GUIDES}idempotent-requests/idempotency",
        strict="both",
    ),
    "server_error_kept": Switch(
        True,
        "Whether an internal error is replayed under its key after its cause is gone, as documented.",
        f"{_GUIDES}idempotent-requests/idempotency",
    ),
    # Lists
    "modified_since_inclusive": Switch(
        False,
        "Whether If-Modified-Since returns records changed in that very instant.",
        f"{_API}requests-and-responses",
    ),
    "modified_since_subseconds": Switch(
        False, "Whether fractions of a second in If-Modified-Since count.", f"{_API}requests-and-responses"
    ),
    # Contacts
    "names_ignore_accents": Switch(
        False,
        "Whether two contact names that differ only by accents collide; filters ignore accents.",
        f"{_API}contacts",
        strict=True,
    ),
    "country_letters_only": Switch(
        True, "Whether an address's Country may hold letters only; blanks are let through.", f"{_API}types"
    ),
    "post_match": Switch(
        "number_first",
        "Which contact a POST without ContactID means when both could: number_first or name_first.",
        f"{_API}contacts",
    ),
    "post_name_collision": Switch(
        "overwrite",
        "POST of a contact whose Name alone is known: overwrite as observed, or refuse as the OpenAPI example shows.",
        f"{_API}contacts",
    ),
    "empty_text_clears": Switch(
        True, "Whether an empty string clears a contact's field.", f"{_API}contacts", strict=False
    ),
    "omitted_persons_survive": Switch(
        True,
        "Whether contact persons survive an update of the contact that leaves the list out.",
        f"{_API}contacts",
        strict=False,
    ),
    # Invoices
    "voided_number_taken": Switch(True, "Whether the number of a voided invoice stays taken.", f"{_API}invoices"),
    "deleted_number_taken": Switch(
        False, "Whether the number of a deleted invoice stays taken.", f"{_API}invoices", strict=True
    ),
    "numbers_ignore_case": Switch(
        True, "Whether two InvoiceNumbers that differ only by case collide.", f"{_API}invoices"
    ),
    "ties": Switch("half_up", "Rounding of a tie: half_up or half_even.", f"{_GUIDES}how-to-guides/rounding-in-xero"),
    "line_amount_tolerance": Switch(
        "0.00", "Largest accepted difference between a LineAmount sent and computed.", f"{_API}invoices"
    ),
    "discount_rate_places": Switch(2, "Decimals kept of a DiscountRate.", f"{_API}invoices"),
    "tax_amount_capped": Switch(
        False, "Whether a TaxAmount that is larger than the UnitAmount is refused.", f"{_API}invoices", strict=True
    ),
    "unknown_account_on_draft": Switch(
        "error",
        "An unknown account on a draft: error, or warning (the code is removed); both were seen.",
        f"{_API}invoices",
    ),
    "unknown_item_message": Switch(
        "Item code '{code}' is not valid", "Sentence for an unknown ItemCode, not published.", f"{_API}invoices"
    ),
    "unknown_tracking": Switch(
        "error", "An unknown tracking category or option on a line: error, or dropped.", f"{_API}trackingcategories"
    ),
    "lock_dates_bind_drafts": Switch(
        True, "Whether a draft may not be dated in a locked period either.", f"{_API}organisation"
    ),
}

DEFAULTS: Mapping[str, object] = {name: switch.default for name, switch in SWITCHES.items()}


def read_switches(world: Mapping[str, object]) -> dict[str, object]:
    """The defaults with the world's own values. Raises ValueError for a switch that does not exist."""
    given = world.get("switches") or {}
    if not isinstance(given, dict) or not set(given) <= set(SWITCHES):
        raise ValueError(f"xero.switches: knows {', '.join(SWITCHES)} only.")
    return {**DEFAULTS, **given}
