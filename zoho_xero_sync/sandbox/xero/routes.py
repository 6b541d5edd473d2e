"""Which call reaches which handler, and the scopes it needs.

Sources: developer.xero.com/documentation/api/accounting (paths) and .../guides/oauth2/scopes. Paths match in any case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from . import endpoints, related
from .asked import Handler
from .books import Books
from .rule import rules

RULES = rules(
    "guides/oauth2/scopes",
    "accounting.contacts reaches contacts, accounting.invoices invoices and credit notes, accounting.payments "
    "payments, accounting.settings the organisation and its lists, accounting.attachments files; "
    ".read allows reading only.",
)


@dataclass(frozen=True, slots=True)
class Route:
    """One kind of call. `scope` without .read; `keyed` is False where an Idempotency-Key has no effect."""

    method: str
    resource: str
    sub: str
    kind: str
    scope: str
    handler: Handler
    keyed: bool = True

    def scopes(self, books: Books) -> tuple[str, ...]:
        """Any of these lets the call through; a read also passes with the writing scope."""
        names = [self.scope]
        if self.resource == "items" and books.flag("items_with_invoice_scope"):
            names.append("accounting.invoices")
        return tuple(names) if self.method != "GET" else tuple(f"{name}.read" for name in names)


@dataclass(frozen=True, slots=True)
class Found:
    """A route and the parts of the path that it leaves open."""

    route: Route
    key: str | None
    sub_key: str | None


_CONTACTS, _INVOICES, _SETTINGS = "accounting.contacts", "accounting.invoices", "accounting.settings"
_PAYMENTS, _FILES = "accounting.payments", "accounting.attachments"
_ALIASES: Mapping[str, str] = {"organisations": "organisation"}

ROUTES: tuple[Route, ...] = (
    Route("GET", "contacts", "", "contacts.get", _CONTACTS, endpoints.get_contacts),
    Route("PUT", "contacts", "", "contacts.put", _CONTACTS, endpoints.put_contacts),
    Route("POST", "contacts", "", "contacts.post", _CONTACTS, endpoints.post_contacts),
    Route("GET", "invoices", "", "invoices.get", _INVOICES, endpoints.get_invoices),
    Route("PUT", "invoices", "", "invoices.put", _INVOICES, endpoints.put_invoices),
    Route("POST", "invoices", "", "invoices.post", _INVOICES, endpoints.post_invoices),
    Route("POST", "invoices", "email", "email", _INVOICES, related.post_email, keyed=False),
    Route("GET", "invoices", "onlineinvoice", "onlineinvoice", _INVOICES, related.get_online_invoice),
    Route("GET", "payments", "", "payments.get", _PAYMENTS, related.get_payments),
    Route("PUT", "payments", "", "payments.put", _PAYMENTS, related.write_payments),
    Route("POST", "payments", "", "payments.post", _PAYMENTS, related.write_payments),
    Route("GET", "creditnotes", "", "creditnotes.get", _INVOICES, related.get_credit_notes),
    Route("PUT", "creditnotes", "", "creditnotes.put", _INVOICES, related.put_credit_notes),
    Route("POST", "creditnotes", "", "creditnotes.post", _INVOICES, related.post_credit_notes),
    Route("PUT", "creditnotes", "allocations", "allocations", _INVOICES, related.put_allocations),
    Route("DELETE", "creditnotes", "allocations", "allocations", _INVOICES, related.delete_allocation),
    Route("GET", "organisation", "", "organisation", _SETTINGS, endpoints.get_organisation),
    Route("GET", "accounts", "", "accounts", _SETTINGS, endpoints.get_accounts),
    Route("GET", "taxrates", "", "taxrates", _SETTINGS, endpoints.get_tax_rates),
    Route("GET", "currencies", "", "currencies", _SETTINGS, endpoints.get_currencies),
    Route("PUT", "currencies", "", "currencies.put", _SETTINGS, related.put_currencies),
    Route("GET", "brandingthemes", "", "brandingthemes", _SETTINGS, endpoints.get_branding_themes),
    Route("GET", "trackingcategories", "", "trackingcategories", _SETTINGS, endpoints.get_tracking_categories),
    Route("PUT", "trackingcategories", "options", "options.put", _SETTINGS, related.put_options),
    Route("GET", "items", "", "items", _SETTINGS, endpoints.get_items),
    Route("PUT", "items", "", "items.put", _SETTINGS, related.write_items),
    Route("POST", "items", "", "items.post", _SETTINGS, related.write_items),
    *(
        Route(method, resource, "history", f"history.{method.lower()}", scope, handler)
        for resource, scope in (("contacts", _CONTACTS), ("invoices", _INVOICES), ("creditnotes", _INVOICES))
        for method, handler in (("GET", related.get_history), ("PUT", related.put_history))
    ),
    *(
        Route(method, resource, "attachments", f"attachments.{method.lower()}", _FILES, handler)
        for resource in ("contacts", "invoices", "creditnotes")
        for method, handler in (
            ("GET", related.get_attachments),
            ("PUT", related.write_attachment),
            ("POST", related.write_attachment),
        )
    ),
)

_BY_PATH: Mapping[tuple[str, str], Mapping[str, Route]] = {
    (resource, sub): {route.method: route for route in ROUTES if (route.resource, route.sub) == (resource, sub)}
    for resource, sub in dict.fromkeys((route.resource, route.sub) for route in ROUTES)
}


def find_route(method: str, path: str) -> Found | None:
    """The route of `path` (after /api.xro/2.0/). Raises LookupError when the path exists and not with that method."""
    resource, *rest = path.rstrip("/").split("/")
    resource = _ALIASES.get(resource.lower(), resource.lower())
    sub = rest[1].lower() if len(rest) > 1 else ""
    routes = _BY_PATH.get((resource, sub)) if sub else None
    if routes is not None:
        return _found(routes, method, rest[0], "/".join(rest[2:]) or None)
    routes = _BY_PATH.get((resource, ""))
    if routes is None:
        return None
    if method == "PUT" and rest:
        raise LookupError(f"{method} {path}")
    return _found(routes, method, "/".join(rest) or None, None)


def _found(routes: Mapping[str, Route], method: str, key: str | None, sub_key: str | None) -> Found:
    if method not in routes:
        raise LookupError(method)
    return Found(routes[method], key, sub_key)
