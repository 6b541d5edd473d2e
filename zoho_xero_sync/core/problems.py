"""The closed list of problem codes; each is explained in docs/problem-codes.md."""

from __future__ import annotations

from typing import Final

CODES: Final[dict[str, str]] = {
    # what the deal itself lacks
    "deal_unreadable": "a field of the deal is not of the type Zoho documents",
    "deal_not_found": "the deal asked for does not exist in Zoho, or this login may not see it",
    "customer_missing": "the deal has neither an account nor a contact person",
    "customer_name_missing": "the customer has no name that Xero accepts",
    "customer_email_invalid": "the customer's e-mail address is one Xero refuses",
    "customer_field_invalid": "a field of the account is longer than Xero takes",
    "no_lines": "the deal has no rows and no Amount to invoice",
    "zero_total": "the invoice would total zero",
    "negative_total": "the invoice would total less than zero",
    "several_documents": "several documents qualify and the configuration says to hold",
    "document_unreadable": "a row or total of the document is not of the type Zoho documents",
    "date_missing": "a date field the configuration names is empty on the deal",
    "number_invalid": "the invoice number template gives a number Xero refuses",
    # money
    "total_mismatch": "the invoice would not total what the source document totals",
    "total_limit": "the invoice is above limits.invoice_total",
    "amount_inexact": "an amount needs more decimals than Xero keeps, or is larger than it takes",
    "xero_total_differs": "Xero returned another total than was sent",
    # mapping
    "tax_unmapped": "a Zoho tax has no entry in invoice.tax",
    "tax_rate_differs": "a Zoho tax and its tax type in Xero have different rates, or a row's tax is not its rate's",
    "tax_unknown": "a tax type of the configuration does not exist in Xero, or is not for sales",
    "account_unknown": "an account of the configuration does not exist in Xero",
    "account_unusable": "an account of the configuration is archived or not for sales",
    "currency_missing": "neither the document, the deal nor the organisation names a currency",
    "currency_disabled": "the currency is not enabled in Xero",
    "exchange_rate_unusable": "the document's exchange rate is missing or counts from another currency than Xero's",
    "date_locked": "the invoice's date is in a period that is locked in Xero",
    "item_unknown": "Xero has no item with the product's code",
    "item_refused": "the item that the invoice needs could not be made in Xero",
    "item_unsupported": "the product's code cannot be a Xero item code",
    # customers in Xero
    "contact_ambiguous": "several Xero contacts match the customer, or two accounts merged in Zoho have one each",
    "contact_archived": "the customer's Xero contact is archived",
    # life in Xero
    "left_stages": "the deal left the stages that are invoiced, and has an invoice",
    "deal_deleted": "the deal was deleted in Zoho, and has an invoice",
    "document_invoiced": "the document the deal would be invoiced from is invoiced for another deal",
    "changed_after_approval": "the deal changed after its invoice was approved",
    "changed_in_xero": "a person changed the invoice in Xero",
    "invoice_gone": "the invoice was voided or deleted in Xero",
    "invoice_found_different": "Xero already holds an invoice for the deal that differs",
    "remainder_open": "a share of the deal is billed, and a ledger that was made again cannot tell about the remainder",
    "several_invoices": "Xero holds several invoices for the deal",
    "number_taken": "another invoice in Xero has the number the template gives this deal",
    "xero_refused": "Xero refused the contact or the invoice",
    "contact_refused": "the customer's contact was refused, so the invoice waits",
    "write_back_refused": "Zoho refused what was to be written into the deal's fields",
    "never_answered": "Xero never gave an answer that can be read to the request of this deal, and does not have it",
    "email_refused": "the invoice stands, but Xero refused to e-mail it",
    "email_unknown": "the invoice was perhaps e-mailed; it is not sent again by itself",
    "outcome_unknown": "the answer to a write was lost; Xero is asked before anything is sent again",
    # the run
    "config_invalid": "the configuration cannot be used",
    "login_needed": "a login is missing, refused or lapsed",
    "ledger_unusable": "the ledger is missing, foreign, damaged or newer than this program",
    "two_ledgers": "another ledger writes to the same Xero organisation",
    "locked": "another run holds the ledger",
    "service_unavailable": "a service was unreachable, rate-limited or answered what cannot be read",
    "allowance_used": "the day's allowance of Xero calls is used, or what is left is kept for other apps",
    "stage_unknown": "Zoho has no stage of the name the configuration gives",
    "safety_stop": "the run would make, or end, more invoices than limits.invoices_per_run",
    "interrupted": "a signal ended the run",
    "unexpected_error": "an error in this program",
    "wrong_usage": "the command line asks for something that cannot be done",
}

# Problems of the run as a whole, and the exit code each asks for (docs/exit-codes.md).
RUN_CODES: Final[dict[str, int]] = {
    "unexpected_error": 1,
    "wrong_usage": 2,
    "stage_unknown": 3,
    "write_back_refused": 3,
    "service_unavailable": 4,
    "outcome_unknown": 4,
    "allowance_used": 4,
    "config_invalid": 10,
    "locked": 11,
    "login_needed": 12,
    "ledger_unusable": 13,
    "two_ledgers": 13,
    "safety_stop": 15,
}
