"""Which scopes a query needs, to name them when Zoho refuses it.

Scope names: www.zoho.com/crm/developer/docs/api/v8/scopes.html. A subform's rows need the scope of its parent's module.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

_MODULES: Mapping[str, str] = {
    "Deals": "deals",
    "Accounts": "accounts",
    "Contacts": "contacts",
    "Products": "products",
    "Quotes": "quotes",
    "Quoted_Items": "quotes",
    "Sales_Orders": "salesorders",
    "Ordered_Items": "salesorders",
    "Invoices": "invoices",
    "Invoiced_Items": "invoices",
}
_LOOKUPS: Mapping[str, str] = {"Account_Name": "accounts", "Contact_Name": "contacts", "Product_Name": "products"}
_FROM = re.compile(r"^select (?P<columns>.+?) from (?P<module>\w+) ")


def query_scopes(statement: str) -> tuple[str, ...]:
    """The scopes a query of `coql.select` needs: for queries, for its module, and for the modules of dotted columns."""
    return ("ZohoCRM.coql.READ", *(f"ZohoCRM.modules.{module}.READ" for module in dict.fromkeys(_modules(statement))))


def _modules(statement: str) -> Iterator[str]:
    found = _FROM.match(statement)
    if found is None:
        return
    yield _MODULES.get(found["module"], "custom")
    for column in found["columns"].split(", "):
        lookup, dot, _ = column.partition(".")
        if dot and lookup in _LOOKUPS:
            yield _LOOKUPS[lookup]
