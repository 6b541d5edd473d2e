"""Building the lines of an invoice: defaults from item and account, checks, price and tax.

Source: developer.xero.com/documentation/api/accounting/invoices (line items; an existing LineItemID updates its line, a
line without one is new, a line not sent is deleted).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from . import arithmetic
from .books import Books
from .errors import too_long
from .model import NOTHING, Line, Tracking
from .posted import Posted
from .rule import rules
from .settings import Account

RULES = rules(
    "api/accounting/invoices",
    "A line needs a Description of at most 4000 characters, unless its ItemCode supplies one.",
    "A line with an existing LineItemID updates that line, one without is new, a line that is not sent is deleted; "
    "without LineItems the lines stay as they are.",
    "UnitAmount is rounded to 2 decimals, to 4 with unitdp=4, before anything else; Quantity keeps 4.",
    "LineAmount is Quantity x UnitAmount less the discount; a LineAmount sent that differs is refused.",
    "Only one of DiscountRate and DiscountAmount can be given.",
    "The account of a line must exist, be active, and be neither a bank nor a system account (Rounding excepted).",
    "A line without TaxType has its account's; a TaxType must be active and applicable to the account's class.",
    "A line has at most two tracking categories; category and option must be active.",
    "An ItemCode must exist; it supplies the price, account and tax type that are left out.",
)

NO_LINES = "One or more line items must be specified"
NO_ACCOUNT = "Account code must be specified"
NO_TAX_TYPE = "The TaxType field is mandatory"
_LONGEST_DESCRIPTION = 4000
_LONGEST_QUANTITY = Decimal("9999999999999")
_MOST_TRACKING = 2


@dataclass(frozen=True, slots=True)
class Terms:
    """What the invoice says about all its lines."""

    sale: bool
    amounts: str
    unit_places: int
    approving: bool


@dataclass(slots=True)
class Notes:
    """The sentences found on the way: refusals and mere warnings."""

    problems: list[str]
    warnings: list[str]


def build_lines(
    books: Books, posted: list[Posted], current: tuple[Line, ...], terms: Terms, notes: Notes
) -> tuple[Line, ...]:
    """The lines the document will have. Problems go to `notes`."""
    known = {line.line_id: line for line in current}
    return tuple(_line(books, item, known.pop(item.guid("LineItemID") or "", None), terms, notes) for item in posted)


def recheck_lines(
    books: Books, lines: tuple[Line, ...], terms: Terms, notes: Notes, *, retax: bool
) -> tuple[Line, ...]:
    """Lines that were not posted: checked as the document's new state needs, taxed again when `retax`."""
    priced = [line for line in lines if line.quantity is not None]
    for line in priced:
        account = books.settings.accounts.get(line.account_code or "")
        _check_account(books, line.account_code, account, terms, notes)
        _check_tax_type(books, line.tax_type, account, terms, notes)
    return tuple(_retaxed(books, line, terms.amounts) for line in lines) if retax else lines


def _retaxed(books: Books, line: Line, amounts: str) -> Line:
    if line.quantity is None:
        return line
    account = books.settings.accounts.get(line.account_code or "")
    tax_type = line.tax_type
    if amounts == "NoTax":
        tax_type = "NONE"
    elif tax_type in (None, "NONE") and account:
        tax_type = account.tax_type
    return replace(line, tax_type=tax_type, tax_amount=_tax(books, line.line_amount, tax_type, amounts))


def _line(books: Books, posted: Posted, old: Line | None, terms: Terms, notes: Notes) -> Line:
    item = _item(books, posted, old, notes)
    account = _account(books, posted, old, item, terms, notes)
    description = _description(posted, old, item, notes)
    line_id = old.line_id if old else books.next_id("line")
    if _only_words(posted, old, item):
        return Line(line_id, description, tracking=_tracking(books, posted, old, notes))
    tax_type = _tax_type(books, posted, old, item, account, terms, notes)
    quantity, unit, rate, amount, line_amount = _priced(books, posted, old, item, terms, notes)
    given_tax = posted.decimal("TaxAmount")
    computed = _tax(books, line_amount, tax_type, terms.amounts)
    keeps_tax = given_tax is not None and terms.amounts != "NoTax"
    if keeps_tax and given_tax and given_tax > unit and books.flag("tax_amount_capped"):
        notes.problems.append("The TaxAmount cannot be larger than the UnitAmount.")
    return Line(
        line_id=line_id,
        description=description,
        quantity=quantity,
        unit_amount=unit,
        discount_rate=rate,
        discount_amount=amount,
        line_amount=line_amount,
        tax_amount=arithmetic.rounded(given_tax or NOTHING, ties=books.word("ties")) if keeps_tax else computed,
        tax_type=tax_type,
        account_code=account.code if account else None,
        account_id=account.account_id if account else None,
        item_code=str(item["Code"]) if item else None,
        tracking=_tracking(books, posted, old, notes),
    )


def _only_words(posted: Posted, old: Line | None, item: Mapping[str, object] | None) -> bool:
    if item or (old is not None and old.quantity is not None):
        return False
    return not any(posted.has(name) for name in ("Quantity", "UnitAmount", "LineAmount", "AccountCode", "AccountID"))


def _priced(
    books: Books, posted: Posted, old: Line | None, item: Mapping[str, object] | None, terms: Terms, notes: Notes
) -> tuple[Decimal, Decimal, Decimal | None, Decimal | None, Decimal]:
    ties = books.word("ties")
    given_line = posted.decimal("LineAmount")
    quantity, unit = posted.decimal("Quantity"), posted.decimal("UnitAmount")
    rate, amount = _discounts(books, posted, old, notes)
    if old is not None and old.quantity is not None:
        quantity = old.quantity if quantity is None else quantity
        unit = old.unit_amount if unit is None and given_line is None else unit
    if unit is None and given_line is None:
        unit = _sales_price(item)
    derived = given_line is not None and (quantity is None or unit is None)
    if unit is None and given_line is not None:
        quantity = Decimal(1) if quantity is None else quantity
        unit = arithmetic.missing_factor(given_line, quantity, rate, amount)
    if quantity is None and unit is not None and given_line is not None:
        quantity = arithmetic.missing_factor(given_line, unit, rate, amount)
    quantity, unit = Decimal(1) if quantity is None else quantity, unit or Decimal(0)
    kept_unit = old is not None and not posted.has("UnitAmount") and unit == old.unit_amount
    quantity = arithmetic.rounded(quantity, arithmetic.QUANTITY_PLACES, ties)
    unit = unit if kept_unit else arithmetic.rounded(unit, terms.unit_places, ties)
    computed = arithmetic.line_amount(quantity, unit, rate, amount, ties)
    line = arithmetic.rounded(given_line, ties=ties) if derived and given_line is not None else computed
    _check_amounts(books, quantity, unit, amount, line, None if derived else given_line, notes)
    return quantity, unit, rate, amount, line


def _check_amounts(
    books: Books,
    quantity: Decimal,
    unit: Decimal,
    discount: Decimal | None,
    line: Decimal,
    given_line: Decimal | None,
    notes: Notes,
) -> None:
    if abs(line) > arithmetic.LARGEST_LINE or abs(quantity) > _LONGEST_QUANTITY:
        notes.problems.append(f"The line total {line} is larger than {arithmetic.LARGEST_LINE}.")
    if discount is not None and discount > arithmetic.gross_amount(quantity, unit, books.word("ties")):
        notes.problems.append(
            f"The discount rate '{discount}' is invalid. Discount must not be greater than the line total."
        )
    if given_line is None:
        return
    if abs(given_line - line) > Decimal(books.word("line_amount_tolerance")):
        shown = arithmetic.rounded(given_line)
        notes.problems.append(f"The line total {shown} does not match the expected line total {line}")


def _discounts(books: Books, posted: Posted, old: Line | None, notes: Notes) -> tuple[Decimal | None, Decimal | None]:
    ties = books.word("ties")
    rate, amount = posted.decimal("DiscountRate"), posted.decimal("DiscountAmount")
    if rate is not None and amount is not None:
        notes.problems.append("Only one of DiscountRate and DiscountAmount can be specified.")
        return None, None
    if rate is None and amount is None:
        return (old.discount_rate, old.discount_amount) if old else (None, None)
    if rate is not None and not 0 <= rate <= 100:
        notes.problems.append(f"The discount rate '{rate}' is invalid. Discount must be between 0 and 100.")
        return None, None
    if rate is not None:
        return arithmetic.rounded(rate, books.number("discount_rate_places"), ties), None
    return None, arithmetic.rounded(amount or NOTHING, ties=ties)


def _item(books: Books, posted: Posted, old: Line | None, notes: Notes) -> Mapping[str, object] | None:
    code = posted.text("ItemCode")
    code = code if code is not None else (old.item_code if old else None)
    if not code:
        return None
    item = books.settings.items.get(code)
    if item is None:
        notes.problems.append(books.word("unknown_item_message").format(code=code))
    return item


def _sales(item: Mapping[str, object] | None) -> Mapping[str, object]:
    details = item.get("SalesDetails") if item else None
    return details if isinstance(details, dict) else {}


def _sales_price(item: Mapping[str, object] | None) -> Decimal | None:
    price = _sales(item).get("UnitPrice")
    return None if price is None else Decimal(str(price))


def _description(posted: Posted, old: Line | None, item: Mapping[str, object] | None, notes: Notes) -> str | None:
    text = posted.text("Description")
    if text is None and old:
        text = old.description
    if text is None and item:
        text = str(item.get("Description", item["Name"]))
    if not text and not item:
        notes.problems.append("The Description field must be specified.")
    if text and len(text) > _LONGEST_DESCRIPTION:
        notes.problems.append(too_long("Description", _LONGEST_DESCRIPTION))
    return text


def _account(
    books: Books, posted: Posted, old: Line | None, item: Mapping[str, object] | None, terms: Terms, notes: Notes
) -> Account | None:
    accounts = books.settings.accounts
    account_id = posted.guid("AccountID")
    by_id = next((found for found in accounts.values() if account_id and found.account_id == account_id), None)
    code = posted.text("AccountCode") or (by_id.code if by_id else None)
    if not code and old:
        code = old.account_code
    if not code:
        code = str(_sales(item).get("AccountCode", "")) or None
    if code and code not in accounts and not terms.approving and books.word("unknown_account_on_draft") == "warning":
        notes.warnings.append(f"Account code '{code}' has been removed as it does not match a recognised account.")
        return None
    account = accounts.get(code or "")
    if not _only_words(posted, old, item):
        _check_account(books, code, account, terms, notes)
    return account


def _check_account(books: Books, code: str | None, account: Account | None, terms: Terms, notes: Notes) -> None:
    if not code:
        if terms.approving:
            notes.problems.append(NO_ACCOUNT)
        return
    if account is None or not account.usable:
        notes.problems.append(f"Account code '{code}' is not a valid code for this document.")
    elif account.status != "ACTIVE":
        notes.problems.append(
            f"Account code '{code}' has been archived, or has been deleted. "
            "Each line item must reference a valid account."
        )


def _tax_type(
    books: Books,
    posted: Posted,
    old: Line | None,
    item: Mapping[str, object] | None,
    account: Account | None,
    terms: Terms,
    notes: Notes,
) -> str | None:
    if terms.amounts == "NoTax":
        return posted.text("TaxType") or "NONE"
    chosen = posted.text("TaxType") or (old.tax_type if old and old.tax_type != "NONE" else None)
    default = str(_sales(item).get("TaxType", "")) or (account.tax_type if account else None)
    tax_type = chosen or default or None
    if tax_type is None and (posted.has("AccountCode") or posted.has("AccountID")):
        return None
    _check_tax_type(books, tax_type, account, terms, notes)
    return tax_type


def _check_tax_type(books: Books, tax_type: str | None, account: Account | None, terms: Terms, notes: Notes) -> None:
    if terms.amounts == "NoTax":
        return
    if not tax_type:
        if terms.approving:
            notes.problems.append(NO_TAX_TYPE)
        return
    rate = books.settings.tax_rates.get(tax_type)
    document = "REVENUE" if terms.sale else "EXPENSE"
    if rate is None or rate.status != "ACTIVE" or (account is None and not rate.applies_to(document)):
        notes.problems.append(
            f"The TaxType code {tax_type} does not exist or cannot be used for this type of transaction."
        )
    elif account and account.usable and not rate.applies_to(account.type):
        notes.problems.append(f"The TaxType code '{tax_type}' cannot be used with account code '{account.code}'.")


def _tax(books: Books, line_amount: Decimal, tax_type: str | None, amounts: str) -> Decimal:
    rate = books.settings.tax_rates.get(tax_type or "")
    return arithmetic.tax_on(line_amount, rate.rate if rate else Decimal(0), amounts, books.word("ties"))


def _tracking(books: Books, posted: Posted, old: Line | None, notes: Notes) -> tuple[Tracking, ...]:
    given = posted.children("Tracking")
    if given is None:
        return old.tracking if old else ()
    if len(given) > _MOST_TRACKING:
        notes.problems.append(f"A line item can have at most {_MOST_TRACKING} tracking categories.")
    found = []
    for choice in given:
        category_id, option_id = choice.guid("TrackingCategoryID"), choice.guid("TrackingOptionID")
        try:
            found.append(books.settings.tracking(choice.text("Name"), category_id, choice.text("Option"), option_id))
        except LookupError as error:
            if books.word("unknown_tracking") == "error":
                notes.problems.append(str(error.args[0]))
    return tuple(found)
