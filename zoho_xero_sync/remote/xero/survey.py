"""What the Xero organisation says of itself, for `check`: one call each.

developer.xero.com/documentation/api/accounting/organisation, trackingcategories, contacts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from zoho_xero_sync.core.check_facts import ContactFacts, LinkedContact, TrackingCategory, XeroOrganisation
from zoho_xero_sync.core.model import CustomerLink, XeroAccount, XeroTaxRate
from zoho_xero_sync.errors import RemoteError
from zoho_xero_sync.remote.xero import wire
from zoho_xero_sync.remote.xero.client import IDS_MAX, XeroClient
from zoho_xero_sync.remote.xero.settings import account_of, fetch_setting, tax_rate_of, time_zone

# A filter of more terms is refused for big organisations.
_EMAILS_MAX = 10


def read_organisation(client: XeroClient) -> XeroOrganisation:
    """The organisation; its time zone is None when it is not a known one."""
    found = fetch_setting(client, "xero.organisation")
    if len(found) != 1:
        raise RemoteError(f"Xero answered with {len(found)} organisations instead of one.", "Run again.")
    entry = found[0]
    locks = [wire.calendar_date(entry, name) for name in ("PeriodLockDate", "EndOfYearLockDate")]
    zone_name = wire.text(entry, "Timezone")
    return XeroOrganisation(
        name=wire.text(entry, "Name"),
        base_currency=wire.text(entry, "BaseCurrency"),
        zone_name=zone_name,
        time_zone=_known_zone(zone_name),
        plan=wire.text(entry, "Class"),
        status=wire.text(entry, "OrganisationStatus"),
        demo=entry.get("IsDemoCompany") is True,
        locked=max((lock for lock in locks if lock), default=None),
    )


def read_accounts(client: XeroClient) -> Mapping[str, XeroAccount]:
    """The chart of accounts by code."""
    accounts = map(account_of, fetch_setting(client, "xero.accounts"))
    return {account.code: account for account in accounts if account.code}


def read_tax_rates(client: XeroClient) -> Mapping[str, XeroTaxRate]:
    """The tax rates by TaxType."""
    return {rate.tax_type: rate for rate in map(tax_rate_of, fetch_setting(client, "xero.tax_rates"))}


def read_currencies(client: XeroClient) -> frozenset[str]:
    """The codes of the enabled currencies."""
    return frozenset(wire.text(entry, "Code") for entry in fetch_setting(client, "xero.currencies"))


def read_themes(client: XeroClient) -> frozenset[str]:
    """The names of the branding themes."""
    return frozenset(wire.text(entry, "Name") for entry in fetch_setting(client, "xero.branding_themes"))


def read_tracking(client: XeroClient) -> tuple[TrackingCategory, ...]:
    """The tracking categories with their options."""
    entries = wire.elements(client.read("/TrackingCategories"), "TrackingCategories")
    return tuple(
        TrackingCategory(
            wire.text(entry, "Name"),
            wire.text(entry, "Status") == "ACTIVE",
            {wire.text(option, "Name"): wire.text(option, "Status") == "ACTIVE" for option in _options(entry)},
        )
        for entry in entries
    )


def read_contacts(client: XeroClient, links: Sequence[CustomerLink]) -> ContactFacts:
    """The contacts of at most 40 linked customers, archived ones included."""
    asked = list(dict.fromkeys(link.contact_id for link in links))[:IDS_MAX]
    params: dict[str, str | int] = {"IDs": ",".join(asked), "includeArchived": "true", "page": 1}
    entries = wire.elements(client.read("/Contacts", params), "Contacts")
    linked = tuple(
        LinkedContact(
            wire.text(entry, "ContactID"),
            wire.text(entry, "Name"),
            wire.text(entry, "EmailAddress"),
            wire.text(entry, "ContactStatus"),
            wire.real_id(entry, "MergedToContactID") is not None,
        )
        for entry in entries
    )
    found = {contact.contact_id for contact in linked}
    gone = [link.name for link in links if link.contact_id in asked and link.contact_id not in found]
    return ContactFacts(linked, tuple(dict.fromkeys(gone)))


def read_sharing(client: XeroClient, contacts: ContactFacts) -> Mapping[str, tuple[str, ...]]:
    """By e-mail of the first ten linked contacts, the names of all active contacts that have it."""
    emails = list(dict.fromkeys(contact.email for contact in contacts.linked if contact.email))[:_EMAILS_MAX]
    if not emails:
        return {}
    where = " OR ".join(f"EmailAddress=={wire.quoted(email)}" for email in emails)
    entries = wire.elements(client.read("/Contacts", {"where": where, "page": 1, "pageSize": 1000}), "Contacts")
    sharing: dict[str, tuple[str, ...]] = {}
    for entry in entries:
        email = wire.text(entry, "EmailAddress").casefold()
        if wire.text(entry, "ContactStatus") == "ACTIVE":
            sharing[email] = (*sharing.get(email, ()), wire.text(entry, "Name"))
    return sharing


def _options(entry: wire.Element) -> list[wire.Element]:
    found = entry.get("Options")
    return [option for option in found if isinstance(option, dict)] if isinstance(found, list) else []


def _known_zone(name: str) -> str | None:
    try:
        return time_zone(name)
    except RemoteError:
        return None
