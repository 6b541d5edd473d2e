"""Recording and removing payments.

Source: developer.xero.com/documentation/api/accounting/payments. A payment is never edited: it is AUTHORISED, and a
POST may only make it DELETED. Sentences about the account, the date and the amount's sign are worded here.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from .arithmetic import rounded
from .books import Books
from .errors import RefusedError, not_found
from .invoice_rules import UNKNOWN_INVOICE, by_id_or_number, settled
from .invoice_status import locked
from .model import Invoice, Payment
from .posted import Posted
from .rule import rules
from .settings import Account

RULES = rules(
    "api/accounting/payments",
    "A payment can only be made against an AUTHORISED document, for more than nothing and at most what is outstanding.",
    "A payment needs an account of type BANK, or one that payments to it are enabled for.",
    "Payments have no unique key: the same payment sent twice is two payments.",
    "A payment cannot be edited; a POST with Status DELETED removes it, and a PAID invoice is AUTHORISED again.",
)

NOT_AUTHORISED = "Payments can only be made against Authorised documents"
TOO_MUCH = "Payment amount exceeds the amount outstanding on this document"
NOT_VALID = "Payment not of valid status for modification"


def put_payment(books: Books, posted: Posted) -> Payment:
    """Store a new payment and settle its invoice. Raises RefusedError with every problem found."""
    invoice = _invoice(books, posted)
    account = _account(books, posted.child("Account"))
    amount = posted.decimal("Amount")
    day = posted.day("Date") or books.today()
    if invoice is None:
        raise RefusedError(UNKNOWN_INVOICE)
    problems = _problems(invoice, amount)
    if account is None:
        problems.append("The payment must name an account of type BANK, or one with payments enabled.")
    lock = locked(books.settings, day)
    if lock:
        problems.append(lock)
    if problems or amount is None:
        raise RefusedError(*problems)
    rate = posted.decimal("CurrencyRate") or invoice.currency_rate
    _, payment = receive(books, invoice, amount, day, account, posted.text("Reference") or "", rate)
    return payment


def receive(
    books: Books,
    invoice: Invoice,
    amount: Decimal,
    day: date,
    account: Account | None = None,
    reference: str = "",
    rate: Decimal = Decimal(1),
) -> tuple[Invoice, Payment]:
    """Store a payment of `amount` (at most two decimals count) and its invoice. Raises RefusedError."""
    problems = _problems(invoice, amount)
    if problems:
        raise RefusedError(*problems)
    payment = Payment(
        payment_id=books.next_id("payment"),
        day=day,
        amount=rounded(amount),
        invoice_id=invoice.invoice_id,
        updated=books.now(),
        account_id=account.account_id if account else None,
        reference=reference,
        currency_rate=rate,
    )
    books.payments.put(payment)
    paid = settled(books, replace(invoice, payments=(*invoice.payments, payment), updated=books.now()))
    books.invoices.put(paid)
    books.note(invoice.invoice_id, "Paid", f"Payment of {payment.amount} on {payment.day.isoformat()}.")
    return paid, payment


def post_payment_to(books: Books, payment_id: str, posted: Posted) -> Payment:
    """POST /Payments/{PaymentID}: only {"Status": "DELETED"}. 404 (ApiError) for an unknown id; RefusedError."""
    payment = books.payments.get(payment_id)
    if payment is None:
        raise not_found()
    if payment.status != "AUTHORISED" or posted.choice("Status", ("AUTHORISED", "DELETED")) != "DELETED":
        raise RefusedError(NOT_VALID)
    return remove(books, payment)


def remove(books: Books, payment: Payment) -> Payment:
    """Store the payment as DELETED and its invoice without it."""
    gone = replace(payment, status="DELETED", updated=books.now())
    books.payments.put(gone)
    invoice = books.invoices.get(payment.invoice_id)
    if invoice:
        left = tuple(entry for entry in invoice.payments if entry.payment_id != payment.payment_id)
        books.invoices.put(settled(books, replace(invoice, payments=left, updated=books.now())))
        books.note(invoice.invoice_id, "Payment Removed", f"Payment of {payment.amount} was removed.")
    return gone


def _problems(invoice: Invoice, amount: Decimal | None) -> list[str]:
    problems = [] if invoice.status == "AUTHORISED" else [NOT_AUTHORISED]
    if amount is None or rounded(amount) <= 0:
        problems.append("The payment amount must be greater than zero.")
    elif rounded(amount) > invoice.amount_due:
        problems.append(TOO_MUCH)
    return problems


def _invoice(books: Books, posted: Posted) -> Invoice | None:
    named = posted.child("Invoice")
    key = (named.guid("InvoiceID") or named.text("InvoiceNumber")) if named else None
    key = key or posted.text("InvoiceNumber")
    return by_id_or_number(books, key) if key else None


def _account(books: Books, posted: Posted | None) -> Account | None:
    if posted is None:
        return None
    code, account_id = posted.text("Code"), posted.guid("AccountID")
    for account in books.settings.accounts.values():
        meant = account.account_id == account_id if account_id else bool(code) and account.code == code
        if meant and account.status == "ACTIVE" and account.takes_payments:
            return account
    return None
