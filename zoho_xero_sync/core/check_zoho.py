"""Judges what the configuration names in Zoho: stages, pipelines, fields, line sources."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping

from zoho_xero_sync.core.check_facts import FieldMeta, Fields, Finding, Unread, ZohoFacts
from zoho_xero_sync.core.document_modules import MODULES
from zoho_xero_sync.core.rules import DueField, LineSource, Rules
from zoho_xero_sync.core.wording import some_of

_RIGHTS = "Give the login's user the right to it in Zoho (Setup, Profiles), or correct the configuration."


def source_module(source: LineSource, rules: Rules) -> str | None:
    """The module that a line source is read from; None for `amount` and for a subform that is not named."""
    if source == "subform":
        return rules.lines.subform.module
    return MODULES[source].module if source in MODULES else None


def judge_zoho(rules: Rules, facts: ZohoFacts) -> Iterator[Finding]:
    """The findings on the Zoho organisation, in the order a person meets the keys in the file."""
    yield from _stages(rules, facts)
    yield from _pipelines(rules, facts)
    yield from _quote_stages(rules, facts)
    yield from _sources(rules, facts)
    yield from _deal_fields(rules, facts)
    yield from _customer_fields(rules, facts)


def unread(code: str, subject: str, cause: Unread) -> Finding:
    """The finding for a fact that could not be learned: a problem when the failure is one, else not checked."""
    if cause.gravity is None:
        return Finding(code, "unchecked", subject, cause.why, cause.hint)
    return Finding(code, "problem", subject, cause.why, cause.hint, cause.gravity)


def green_unless(troubles: Iterable[Finding], code: str, subject: str, fine: str) -> Iterator[Finding]:
    """The troubles, or one green line when there are none."""
    found = tuple(troubles)
    yield from found or (Finding(code, "ok", subject, fine),)


def listed(names: Iterable[str]) -> str:
    """The names with commas, in quotes where they have blanks of their own; at most eight of them."""
    shown = [f"'{name}'" if " " in name else name for name in names]
    return some_of(shown, 8)


def near(name: str, known: Iterable[str]) -> str:
    """A closing sentence that names what was probably meant."""
    names = tuple(known)
    folded = {each.casefold(): each for each in names}
    found = [folded[key] for key in difflib.get_close_matches(name.casefold(), folded, n=1)]
    return f"Did you mean '{found[0]}'?" if found else f"There is: {listed(names)}." if names else ""


# ---- stages ----


def _stages(rules: Rules, facts: ZohoFacts) -> Iterator[Finding]:
    code, subject = "deal_stages", "Stages of deals"
    fields = facts.deal_fields
    if isinstance(fields, Unread):
        yield unread(code, subject, fields)
        return
    known = _values(fields, "Stage")
    if not known:
        yield Finding(code, "unchecked", subject, "Zoho did not list the stages of deals.")
        return
    named = tuple(dict.fromkeys(stage for rule in rules.stages for stage in rule.stages))
    yield from green_unless(_bad_values(code, "stages[].stage", named, known), code, subject, f"exist: {listed(named)}")


def _pipelines(rules: Rules, facts: ZohoFacts) -> Iterator[Finding]:
    code, subject = "stage_pipelines", "Pipelines"
    named = tuple(dict.fromkeys(rule.pipeline for rule in rules.stages if rule.pipeline))
    if not named:
        yield Finding(code, "ok", subject, "none named: the stages count in every pipeline")
        return
    if isinstance(facts.pipelines, Mapping):
        troubles = _misplaced(rules, facts.pipelines)
        yield from green_unless(troubles, code, subject, f"exist and have the stages: {listed(named)}")
        return
    # The picklist of the field tells the names too, though not which stages each pipeline has.
    known = None if isinstance(facts.deal_fields, Unread) else _values(facts.deal_fields, "Pipeline")
    found = tuple(_bad_values(code, "stages[].pipeline", named, known)) if known else ()
    yield from found
    if not found:
        yield unread(code, subject, facts.pipelines or Unread("Zoho was not asked for its pipelines."))


def _misplaced(rules: Rules, pipelines: Mapping[str, tuple[str, ...]]) -> Iterator[Finding]:
    for rule in rules.stages:
        if rule.pipeline is None:
            continue
        if rule.pipeline not in pipelines:
            every = dict.fromkeys(pipelines, True)
            yield from _bad_values("stage_pipelines", "stages[].pipeline", (rule.pipeline,), every)
            continue
        for stage in rule.stages:
            if stage not in pipelines[rule.pipeline]:
                message = f"The pipeline '{rule.pipeline}' has no stage '{stage}', so the rule never applies."
                hint = f"Correct stages[].stage or .pipeline. {near(stage, pipelines[rule.pipeline])}"
                yield Finding("stage_pipelines", "problem", rule.pipeline, message, hint, "config")


def _quote_stages(rules: Rules, facts: ZohoFacts) -> Iterator[Finding]:
    code, subject = "quote_stages", "Stages of quotes"
    if "quote" not in rules.lines.sources:
        yield Finding(code, "ok", subject, "not used: lines.from has no quote")
        return
    fields = facts.modules.get("quote")
    if fields is None or isinstance(fields, Unread):
        yield Finding(code, "unchecked", subject, "the quotes themselves could not be looked at; see line_sources.")
        return
    known = _values(fields, "Quote_Stage")
    if not known:
        yield Finding(code, "unchecked", subject, "Zoho did not list the stages of quotes.")
        return
    named = rules.lines.quote_stages
    troubles = _bad_values(code, "lines.quote_stages", named, known)
    yield from green_unless(troubles, code, subject, f"exist: {listed(named)}")


def _bad_values(code: str, key: str, named: Iterable[str], known: Mapping[str, bool]) -> Iterator[Finding]:
    for name in named:
        if name not in known:
            message = f"Zoho has no '{name}', which {key} names: no record ever has it."
            hint = f"Correct {key}, spelt as Zoho shows it. {near(name, known)}".strip()
            yield Finding(code, "problem", name, message, hint, "config")
        elif not known[name]:
            message = f"'{name}' is no longer used in Zoho: only old records have it."
            yield Finding(code, "note", name, message, f"Take it out of {key}, or put it to use in Zoho again.")


def _values(fields: Fields | None, name: str) -> Mapping[str, bool]:
    found = (fields or {}).get(name)
    return {} if found is None else {value: used for value, used in found.values.items() if value != "-None-"}


# ---- where lines come from ----


def _sources(rules: Rules, facts: ZohoFacts) -> Iterator[Finding]:
    for source in rules.lines.sources:
        module = source_module(source, rules)
        if module is None:
            continue
        risk = "subform" if source == "subform" else "line_sources"
        fields = facts.modules.get(source, Unread("Zoho was not asked for it."))
        if isinstance(fields, Unread):
            yield unread(risk, module, fields)
            continue
        if fields is None:
            message = f"Zoho has no module {module}, or does not show it to this login (lines.from: {source})."
            key = "lines.subform.module" if source == "subform" else "lines.from"
            yield Finding(risk, "problem", module, message, f"Correct {key}. {_RIGHTS}", "config")
            continue
        troubles = _absent(risk, module, _columns(source, rules), fields)
        yield from green_unless(troubles, risk, module, f"can be read, for lines.from: {source}")
    if "subform" not in rules.lines.sources:
        yield Finding("subform", "ok", "Subform", "not used: lines.from has no subform")


def _columns(source: LineSource, rules: Rules) -> tuple[tuple[str, str], ...]:
    """(key of the configuration, field) of everything a run reads there."""
    if source != "subform":
        module = MODULES[source]
        fields = (module.deal_field, module.number, *((module.stage,) if module.stage else ()), "Grand_Total")
        return tuple(("lines.from", name) for name in fields)
    form = rules.lines.subform
    columns = {
        "product": form.product,
        "quantity": form.quantity,
        "price": form.price,
        "discount": form.discount,
        "description": form.description,
    }
    named = tuple((f"lines.subform.{key}", name) for key, name in columns.items())
    field = rules.invoice.account_field
    return (*named, ("invoice.account_field", field)) if field else named


def _absent(code: str, module: str, wanted: Iterable[tuple[str, str]], fields: Fields) -> Iterator[Finding]:
    for key, name in wanted:
        found = fields.get(name)
        if found is None or not found.visible:
            yield _no_field(code, module, key, name, fields)


def _no_field(code: str, module: str, key: str, name: str, fields: Fields) -> Finding:
    if name in fields:
        message = f"The field {name} of {module} is hidden from this login ({key})."
        return Finding(code, "problem", name, message, _RIGHTS, "config")
    message = f"{module} has no field {name}, which {key} names."
    hint = f"Correct {key}; it takes API names (Setup, Developer Hub, APIs & SDKs). {near(name, fields)}"
    return Finding(code, "problem", name, message, hint, "config")


# ---- fields of deals ----


def _deal_fields(rules: Rules, facts: ZohoFacts) -> Iterator[Finding]:
    code, subject = "deal_fields", "Fields of deals"
    wanted = tuple(_wanted(rules))
    fields = _read(code, subject, "Deals", facts.deal_fields)
    if isinstance(fields, Finding):
        yield fields
        return
    troubles = (*_absent(code, "Deals", wanted, fields), *_not_dates(rules, fields))
    yield from green_unless(troubles, code, subject, f"exist and can be read: {listed(_names(wanted))}")


def _read(code: str, subject: str, module: str, fields: Fields | Unread | None) -> Fields | Finding:
    """The fields of the module, or the finding that they could not be read."""
    if isinstance(fields, Unread):
        return unread(code, subject, fields)
    if fields is None:
        message = f"Zoho has no module {module}, or does not show it to this login."
        return Finding(code, "problem", subject, message, _RIGHTS, "config")
    return fields


def _names(wanted: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for _, name in wanted))


def _wanted(rules: Rules) -> Iterator[tuple[str, str]]:
    """(key of the configuration, field): each field a template, a date or the choice of the customer takes."""
    invoice = rules.invoice
    templates = [("lines.amount_description", rules.lines.amount_description), ("invoice.reference", invoice.reference)]
    templates += [("invoice.number", invoice.number)] if invoice.number else []
    templates += [(f"invoice.tracking ({rule.category})", rule.option) for rule in invoice.tracking]
    for key, template in templates:
        yield from ((key, name) for name in template.fields if name != "id")
    yield from _dates(rules)
    if "account" in rules.customer.sources:
        yield "customer.from", "Account_Name"
    yield "customer.from", "Contact_Name"
    if "amount" in rules.lines.sources:
        yield "lines.from", "Amount"


def _dates(rules: Rules) -> Iterator[tuple[str, str]]:
    if rules.invoice.date_field:
        yield "invoice.date", rules.invoice.date_field
    if isinstance(rules.invoice.due, DueField):
        yield "invoice.due.field", rules.invoice.due.api_name


def _not_dates(rules: Rules, fields: Mapping[str, FieldMeta]) -> Iterator[Finding]:
    for key, name in _dates(rules):
        found = fields.get(name)
        if found is not None and found.data_type not in ("date", "datetime"):
            message = f"The field {name} of Deals holds no date but {found.data_type} ({key})."
            dates = [each.api_name for each in fields.values() if each.data_type == "date"]
            yield Finding("deal_fields", "problem", name, message, f"Name a date field: {listed(dates)}.", "config")


# ---- fields of customers ----


def named_account_fields(rules: Rules) -> Mapping[str, str]:
    """By key of the configuration, the fields of Accounts that a customer takes besides its name and addresses."""
    customer = rules.customer
    if "account" not in customer.sources:
        return {}
    tax = {"customer.tax_number": customer.tax_number} if customer.tax_number else {}
    return {**tax, **{f"customer.fields ({xero})": name for xero, name in customer.fields.items()}}


def _customer_fields(rules: Rules, facts: ZohoFacts) -> Iterator[Finding]:
    code, subject, wanted = "customer_fields", "Fields of customers", named_account_fields(rules)
    if not wanted:
        yield Finding(code, "ok", subject, "none named beside those that every account has")
        return
    fields = _read(code, subject, "Accounts", facts.account_fields)
    if isinstance(fields, Finding):
        yield fields
        return
    troubles = _absent(code, "Accounts", wanted.items(), fields)
    yield from green_unless(troubles, code, subject, f"exist and can be read: {listed(wanted.values())}")
