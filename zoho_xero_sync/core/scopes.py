"""What each login must be allowed: no more than the configuration needs, each with its reason.

Zoho spells modules in its own way inside scopes (www.zoho.com/crm/developer/docs/api/v8/scopes.html); Xero's are the
granular ones (developer.xero.com/documentation/guides/oauth2/scopes).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from zoho_xero_sync.core.rules import LineSource, Rules


class Scope(NamedTuple):
    """One permission by its name, and why it is needed."""

    name: str
    reason: str


_DOCUMENTS: Mapping[LineSource, tuple[str, str]] = {
    "quote": ("quotes", "quotes, whose rows become invoice lines"),
    "sales_order": ("salesorders", "sales orders, whose rows become invoice lines"),
    "zoho_invoice": ("invoices", "Zoho's own invoices, whose rows become invoice lines"),
    # The page names the scopes of modules and `custom` for the rows of subforms and does not say which one a subform
    # on deals takes; that of deals is asked for anyway (www.zoho.com/crm/developer/docs/api/v8/subforms.html).
    "subform": ("custom", "the deal's subform, whose rows become invoice lines"),
}

# Apps made before March 2026 may still hold a broad scope in the place of granular ones
# (developer.xero.com/documentation/guides/oauth2/scopes, "Granular scopes").
_BROAD: Mapping[str, tuple[str, ...]] = {"accounting.invoices": ("accounting.transactions",)}


def zoho_scopes(rules: Rules) -> tuple[Scope, ...]:
    """The Zoho scopes these rules need: all of them read only, unless the rules write back."""
    return tuple(_zoho(rules))


def _zoho(rules: Rules) -> Iterator[Scope]:
    yield Scope("ZohoCRM.coql.READ", "queries: which deals changed")
    yield Scope("ZohoCRM.modules.deals.READ", "deals")
    if "account" in rules.customer.sources:
        yield Scope("ZohoCRM.modules.accounts.READ", "the accounts of deals, who are invoiced")
    yield Scope("ZohoCRM.modules.contacts.READ", "the contact persons of deals")
    sources = [source for source in rules.lines.sources if source in _DOCUMENTS]
    for source in dict.fromkeys(sources):
        module, reason = _DOCUMENTS[source]
        yield Scope(f"ZohoCRM.modules.{module}.READ", reason)
    if any(source != "subform" for source in sources):
        # A query needs the scope of each module it touches, and a row names its product by a link
        # (www.zoho.com/crm/developer/docs/api/v8/COQL-Overview.html).
        yield Scope("ZohoCRM.modules.products.READ", "the names and codes of the products in rows")
    yield Scope("ZohoCRM.org.READ", "whose organisation it is, its currency")
    yield Scope("ZohoCRM.settings.taxes.READ", "taxes and their rates")
    yield Scope("ZohoCRM.settings.fields.READ", "check: the fields of the configuration exist")
    yield Scope("ZohoCRM.settings.layouts.READ", "check: where stages and pipelines are")
    yield Scope("ZohoCRM.settings.pipeline.READ", "check: the stages of the configuration exist")
    yield Scope("ZohoCRM.settings.currencies.READ", "check: the currencies of deals")
    if rules.write_back.fields:
        yield Scope("ZohoCRM.modules.deals.UPDATE", "the fields of deals that write_back names are written")
    if rules.write_back.note:
        yield Scope("ZohoCRM.modules.notes.CREATE", "a note on the deal when its invoice is made (write_back.note)")


def xero_scopes(connection: str, rules: Rules) -> tuple[Scope, ...]:
    """The Xero scopes these rules need; `connection` is custom, pkce or web."""
    return tuple(_xero(connection, rules))


def _xero(connection: str, rules: Rules) -> Iterator[Scope]:
    yield Scope("accounting.contacts", "customers are found, made and updated")
    yield Scope("accounting.invoices", "invoices are looked for, made and updated")
    if rules.invoice.items == "create":
        yield Scope("accounting.settings", "items are made (invoice.items: create); accounts and taxes are read")
    else:
        yield Scope("accounting.settings.read", "accounts, taxes, currencies and tracking are read")
    if connection != "custom":
        yield Scope("offline_access", "runs without a person: the login may be renewed")


def missing_scopes(needed: Iterable[Scope], granted: str | None) -> tuple[Scope, ...]:
    """Those of `needed` that are not covered by `granted`, the service's own list; none when it told nothing.

    A whole family covers its parts: ZohoCRM.modules.ALL covers ZohoCRM.modules.deals.READ, accounting.settings covers
    accounting.settings.read.
    """
    if not (granted or "").strip():
        return ()
    held = {scope.lower() for scope in (granted or "").replace(",", " ").split()}
    return tuple(scope for scope in needed if held.isdisjoint(_covering(scope.name)))


def _covering(name: str) -> Iterator[str]:
    """Every scope that allows what `name` allows, lower case."""
    yield name.lower()
    if not name.startswith("ZohoCRM."):
        yield name.removesuffix(".read")
        yield from _BROAD.get(name, ())
        return
    stem, _, operation = name.lower().rpartition(".")
    yield f"{stem}.all"
    family = ".".join(stem.split(".")[:2])
    yield from (f"{family}.{operation}", f"{family}.all")
