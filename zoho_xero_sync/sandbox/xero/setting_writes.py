"""Writing items, tracking options and currencies.

Sources: developer.xero.com/documentation/api/accounting/{items,trackingcategories,currencies}. Sentences other than
the one for an item's taken code are worded here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from .arithmetic import rounded
from .books import Books
from .errors import RefusedError, not_found, too_long
from .organisation import CURRENCY_NAMES
from .posted import Posted
from .rule import rules
from .wire import instant_stamp

RULES = (
    *rules(
        "api/accounting/items",
        "PUT /Items creates only: an item whose Code exists is refused; POST /Items updates by ItemID or Code.",
        "An item has a Code of at most 30 characters, a Name of at most 50 and a Description of at most 4000.",
        "The accounts and tax types of an item must exist; UnitPrice keeps 2 decimals, 4 with unitdp=4.",
    ),
    *rules(
        "api/accounting/trackingcategories",
        "An option of a tracking category has a Name of at most 100 characters that the category does not have yet.",
    ),
    *rules(
        "api/accounting/currencies",
        "PUT /Currencies subscribes the organisation to a currency when its plan allows it; there is no way back.",
    ),
)

_ITEM_LIMITS: Mapping[str, int] = {"Code": 30, "Name": 50, "Description": 4000, "PurchaseDescription": 4000}
_LONGEST_OPTION = 100
_CURRENCY = re.compile(r"[A-Z]{3}")


def put_item(books: Books, posted: Posted, places: int) -> Mapping[str, object]:
    """PUT: create only. Raises RefusedError."""
    code = posted.text("Code") or ""
    if code in books.settings.items:
        raise RefusedError(f"Price List Item with Code '{code}' already exists")
    return _store_item(books, posted, {"ItemID": books.next_id("item")}, places)


def post_item(books: Books, posted: Posted, places: int) -> Mapping[str, object]:
    """POST: update the item that ItemID, else Code, identifies; else create. Raises RefusedError."""
    item_id = posted.guid("ItemID")
    current = item_of(books, item_id or posted.text("Code") or "")
    if item_id and current is None:
        raise RefusedError("An existing Item with the specified ItemID could not be found")
    return put_item(books, posted, places) if current is None else _store_item(books, posted, current, places)


def post_item_to(books: Books, key: str, posted: Posted, places: int) -> Mapping[str, object]:
    """POST /Items/{ItemID or Code}. Raises ApiError (404) or RefusedError."""
    current = item_of(books, key)
    if current is None:
        raise not_found()
    return _store_item(books, posted, current, places)


def item_of(books: Books, key: str) -> Mapping[str, object] | None:
    """The item with that ItemID or Code."""
    rows = books.settings.items
    return rows.get(key) or next((row for row in rows.values() if row["ItemID"] == key.lower()), None)


def _store_item(books: Books, posted: Posted, current: Mapping[str, object], places: int) -> Mapping[str, object]:
    problems = []
    item: dict[str, object] = {"IsSold": True, "IsPurchased": False, "IsTrackedAsInventory": False, **current}
    for name, limit in _ITEM_LIMITS.items():
        text = posted.text(name)
        if text is None:
            continue
        if len(text) > limit:
            problems.append(too_long(name, limit))
        item[name] = text
    if not item.get("Code"):
        problems.append("The Code field must be specified.")
    holder = books.settings.items.get(str(item.get("Code")))
    if holder and holder["ItemID"] != item["ItemID"]:
        problems.append(f"Price List Item with Code '{item['Code']}' already exists")
    item.setdefault("Name", item.get("Code"))
    for name in ("IsSold", "IsPurchased"):
        flag = posted.flag(name)
        item[name] = item[name] if flag is None else flag
    for name in ("SalesDetails", "PurchaseDetails"):
        item[name] = _details(books, posted.child(name), item.get(name), places, problems)
    if problems:
        raise RefusedError(*problems)
    item["UpdatedDateUTC"] = instant_stamp(books.now())
    books.settings = books.settings.with_item(item)
    return item


def _details(
    books: Books, posted: Posted | None, current: object, places: int, problems: list[str]
) -> Mapping[str, object]:
    details = dict(current) if isinstance(current, dict) else {}
    if posted is None:
        return details
    price = posted.decimal("UnitPrice")
    if price is not None:
        details["UnitPrice"] = rounded(price, places, books.word("ties"))
    account, tax_type = posted.text("AccountCode"), posted.text("TaxType")
    if account and account not in books.settings.accounts:
        problems.append(f"Account code '{account}' is not a valid code for this document.")
    if tax_type and tax_type not in books.settings.tax_rates:
        problems.append(f"The TaxType code {tax_type} does not exist or cannot be used for this type of transaction.")
    given = {"AccountCode": account, "TaxType": tax_type}
    return {**details, **{name: value for name, value in given.items() if value}}


def put_option(books: Books, category_id: str, posted: Posted) -> Mapping[str, object]:
    """A new option of a tracking category. Raises ApiError (404) or RefusedError."""
    rows = books.settings.categories
    category = next((row for row in rows if row["TrackingCategoryID"] == category_id), None)
    if category is None:
        raise not_found()
    name = posted.text("Name") or ""
    known = category["Options"]
    options = list(known) if isinstance(known, list) else []
    if not name.strip():
        raise RefusedError("The Name field must be specified.")
    if len(name) > _LONGEST_OPTION:
        raise RefusedError(too_long("Name", _LONGEST_OPTION))
    if any(str(option["Name"]).casefold() == name.casefold() for option in options):
        raise RefusedError(f"A tracking option with the name '{name}' already exists.")
    option = {"TrackingOptionID": books.next_id("tracking option"), "Name": name, "Status": "ACTIVE"}
    books.settings = books.settings.with_category({**category, "Options": [*options, option]})
    return option


def put_currency(books: Books, posted: Posted) -> Mapping[str, object]:
    """Subscribe to a currency; one that is there already is answered as it is. Raises RefusedError."""
    code = posted.text("Code") or ""
    if not _CURRENCY.fullmatch(code):
        raise RefusedError(f"'{code}' is not a currency code.")
    if code in books.settings.currencies:
        return books.settings.currencies[code]
    if not books.flag("multicurrency"):
        raise RefusedError("The organisation's plan does not include multiple currencies.")
    currency = {"Code": code, "Description": CURRENCY_NAMES.get(code, code)}
    books.settings = books.settings.with_currency(currency)
    return currency
