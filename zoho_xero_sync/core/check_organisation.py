"""Judges the Xero organisation itself: tracking, theme, time zone, lock dates, plan, contacts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from zoho_xero_sync.core.check_facts import (
    ContactFacts,
    Fields,
    Finding,
    TrackingCategory,
    Unread,
    XeroFacts,
    XeroOrganisation,
    ZohoFacts,
)
from zoho_xero_sync.core.check_zoho import green_unless, listed, near, unread
from zoho_xero_sync.core.emailing import emails
from zoho_xero_sync.core.rules import Rules, TrackingRule

# Xero API: Organisation, "Class types". Ledger and cashbook plans have no sales invoices; the smallest ones limit them.
_WITHOUT_INVOICES = ("LEDGER", "GST_CASHBOOK", "NON_GST_CASHBOOK")
_LIMITED = ("STARTER", "LITE", "IGNITE")


def judge_organisation(rules: Rules, zoho: ZohoFacts, xero: XeroFacts) -> Iterator[Finding]:
    """The findings on the organisation, in the order of the configuration."""
    yield from _theme(rules, xero)
    yield from _tracking(rules, zoho, xero)
    organisation = xero.organisation
    if isinstance(organisation, Unread):
        # One line says why; the others would repeat it.
        yield unread("time_zone", "Time zone", organisation)
        for code, subject in (("lock_dates", "Lock dates"), ("plan", "Plan")):
            yield Finding(code, "unchecked", subject, "the Xero organisation could not be read.")
    else:
        yield _time_zone(organisation)
        yield _lock_dates(rules, organisation, xero)
        yield _plan(rules, organisation)
    yield from _contacts(rules, xero.contacts)


def _theme(rules: Rules, xero: XeroFacts) -> Iterator[Finding]:
    code, subject, wanted = "branding_theme", "Branding theme", rules.invoice.branding_theme
    if wanted is None:
        yield Finding(code, "ok", subject, "the organisation's standard")
    elif xero.themes is None or isinstance(xero.themes, Unread):
        yield unread(code, subject, xero.themes or Unread("Xero was not asked for its themes."))
    elif wanted in xero.themes:
        yield Finding(code, "ok", subject, f"'{wanted}' exists")
    else:
        message = f"Xero has no branding theme '{wanted}', which invoice.branding_theme names."
        hint = f"Correct it, or set it to null. {near(wanted, sorted(xero.themes))}"
        yield Finding(code, "problem", wanted, message, hint, "config")


# ---- tracking ----


def _tracking(rules: Rules, zoho: ZohoFacts, xero: XeroFacts) -> Iterator[Finding]:
    code, subject = "tracking", "Tracking"
    if not rules.invoice.tracking:
        yield Finding(code, "ok", subject, "not used: invoice.tracking is empty")
        return
    if xero.tracking is None or isinstance(xero.tracking, Unread):
        yield unread(code, subject, xero.tracking or Unread("Xero was not asked for its tracking categories."))
        return
    fields = zoho.deal_fields if isinstance(zoho.deal_fields, Mapping) else {}
    for rule in rules.invoice.tracking:
        yield from _tracking_rule(rule, xero.tracking, fields)


def _tracking_rule(rule: TrackingRule, categories: tuple[TrackingCategory, ...], fields: Fields) -> Iterator[Finding]:
    code, name = "tracking", rule.category
    category = next((each for each in categories if each.name.casefold() == name.casefold() and each.active), None)
    if category is None:
        known = [each.name for each in categories if each.active]
        message = f"Xero has no active tracking category '{name}', which invoice.tracking names."
        hint = f"Correct invoice.tracking, or add the category in Xero. {near(name, known)}".strip()
        yield Finding(code, "problem", name, message, hint, "config")
        return
    wanted = _possible_options(rule, fields)
    if wanted is None:
        yield Finding(code, "unchecked", name, f"its options come from free text: {rule.option}")
        return
    active = {option.casefold() for option, is_active in category.options.items() if is_active}
    lost = [option for option in wanted if option.strip() and option.strip().casefold() not in active]
    if not lost:
        yield Finding(code, "ok", name, f"the category and {listed(wanted)} exist and are active")
        return
    message = f"The tracking category '{name}' has no active option {listed(lost)}, so Xero would refuse the invoice."
    hint = f"Add the options in Xero (Settings, Tracking categories), or correct invoice.tracking ({rule.option})."
    yield Finding(code, "problem", name, message, hint, "deals" if rule.option.fields else "config")


def _possible_options(rule: TrackingRule, fields: Fields) -> tuple[str, ...] | None:
    """Every text the option can become; None when a field in it is no picklist."""
    if not rule.option.fields:
        return (rule.option.text,)
    if len(rule.option.fields) > 1:
        return None
    only = rule.option.fields[0]
    values = fields[only].values if only in fields else {}
    options = tuple(rule.option.render({only: value}) for value, used in values.items() if used and value != "-None-")
    return options or None


# ---- the organisation ----


def _time_zone(organisation: XeroOrganisation) -> Finding:
    if organisation.time_zone is not None:
        return Finding("time_zone", "ok", "Time zone", f"{organisation.time_zone}: 'today' is its date")
    message = f"Xero gives the organisation's time zone as {organisation.zone_name or '(nothing)'}, which is not known."
    hint = "Choose another zone in Xero (Organisation details), or report its name: no invoice is dated by guess."
    return Finding("time_zone", "problem", "Time zone", message, hint, "deals")


def _lock_dates(rules: Rules, organisation: XeroOrganisation, xero: XeroFacts) -> Finding:
    code, subject, locked = "lock_dates", "Lock dates", organisation.locked
    if locked is None:
        return Finding(code, "ok", subject, "the books are not locked")
    if rules.invoice.locked_date == "first_open_day":
        message = f"the books are locked up to {locked}; an invoice of an earlier date gets the day after"
        return Finding(code, "ok", subject, message)
    if locked >= xero.today:
        message = f"The books are locked up to {locked}, and an invoice of today ({xero.today}) falls inside."
        hint = "Move the lock date back in Xero (Settings, Financial settings)."
        return Finding(code, "problem", subject, message, hint, "deals")
    if rules.invoice.date_field is None:
        return Finding(code, "ok", subject, f"the books are locked up to {locked}; invoices are dated today")
    message = f"the books are locked up to {locked}; a deal with an earlier {rules.invoice.date_field} would be held"
    return Finding(code, "ok", subject, message)


def _plan(rules: Rules, organisation: XeroOrganisation) -> Finding:
    code, subject, plan = "plan", "Plan of Xero", organisation.plan
    if organisation.status not in ("ACTIVE", ""):
        message = f"The Xero organisation is {organisation.status}, so nothing can be written."
        return Finding(code, "problem", subject, message, "Renew its subscription in Xero.", "deals")
    if plan in _WITHOUT_INVOICES:
        message = f"The organisation's plan is {plan}, which has no sales invoices."
        return Finding(code, "problem", subject, message, "Change the plan in Xero (Settings, Subscription).", "deals")
    if plan in _LIMITED:
        message = f"The organisation's plan is {plan}, which approves a limited number of invoices a month."
        hint = "Count the invoices you expect; Xero refuses more, and the deals are held. A larger plan has no limit."
        return Finding(code, "note", subject, message, hint)
    if organisation.demo or plan in ("DEMO", "TRIAL"):
        demo = organisation.demo or plan == "DEMO"
        message = f"{organisation.name} is a {'demo company' if demo else 'trial'}."
        if emails(rules.stages):
            # developer.xero.com/documentation/api/accounting/invoices, emailing an invoice.
            message += " Xero sends no e-mails for it." if demo else " Xero sends at most 20 e-mails a day for it."
        return Finding(code, "note", subject, message, "Fine for a rehearsal; Xero empties or ends it after a while.")
    return Finding(code, "ok", subject, f"{plan or 'not told'}: no limit of invoices known")


# ---- contacts ----


def _contacts(rules: Rules, facts: ContactFacts | Unread | None) -> Iterator[Finding]:
    code, subject = "contacts", "Contacts of customers"
    if facts is None:
        yield Finding(code, "ok", subject, "no customer is linked yet")
        return
    if isinstance(facts, Unread):
        yield unread(code, subject, facts)
        return
    also = "" if facts.sharing is not None else "; whether others share their e-mail was not looked up"
    fine = f"{len(facts.linked)} looked at: active, none twice{also}"
    yield from green_unless(_bad_contacts(rules, facts), code, subject, fine)


def _bad_contacts(rules: Rules, facts: ContactFacts) -> Iterator[Finding]:
    hint = "Restore it in Xero (Contacts, Archived), or rename the customer in Zoho."
    for name in facts.missing:
        yield Finding("contacts", "problem", name, "Xero no longer has the contact of this customer.", hint, "deals")
    for contact in facts.linked:
        if contact.merged:
            message = "The contact of this customer was merged into another one in Xero."
            yield Finding("contacts", "problem", contact.name, message, "See which one carries on in Xero.", "deals")
        elif contact.status != "ACTIVE":
            message = f"The contact of this customer is {contact.status.lower()} in Xero, so its deals would be held."
            yield Finding("contacts", "problem", contact.name, message, hint, "deals")
        elif emails(rules.stages) and not contact.email:
            message = "The contact of this customer has no e-mail address, so Xero would not e-mail its invoices."
            hint = "Add one to the contact person in Zoho, or to the contact in Xero."
            yield Finding("contacts", "note", contact.name, message, hint)
    for email, names in (facts.sharing or {}).items():
        if len(names) > 1:
            message = f"{len(names)} contacts in Xero have the e-mail {email}: {listed(names)}."
            yield Finding("contacts", "note", names[0], message, "Merge them in Xero when they are one customer.")
