"""The sections that are rules of the trade, beside `invoice`: stages, when, lines, customer, limits, poll."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType
from typing import get_args

from yaml import Node, ScalarNode, SequenceNode

from zoho_xero_sync.config.reading_invoice import read_invoice
from zoho_xero_sync.config.reading_write_back import read_write_back
from zoho_xero_sync.config.section import Section
from zoho_xero_sync.config.values import (
    WrongValueError,
    api_name,
    boolean,
    choice,
    money,
    optional,
    shown,
    template,
    text,
    whole,
)
from zoho_xero_sync.core.customers import EXTRA_MAX, NUMBER_MAX
from zoho_xero_sync.core.parts import shares_trouble
from zoho_xero_sync.core.rules import (
    ContactMatch,
    CustomerRules,
    CustomerSource,
    Emailing,
    InvoiceChoice,
    LimitRules,
    LineRules,
    LineSource,
    PollRules,
    Retreat,
    Rules,
    Share,
    StageRule,
    SubformRules,
    WhenRules,
)
from zoho_xero_sync.core.templates import Template

_INVOICES: tuple[InvoiceChoice, ...] = get_args(InvoiceChoice)
_RETREATS: tuple[Retreat, ...] = get_args(Retreat)
_LINE_SOURCES: tuple[LineSource, ...] = get_args(LineSource)
_CUSTOMER_SOURCES: tuple[CustomerSource, ...] = get_args(CustomerSource)
_MATCHES: tuple[ContactMatch, ...] = get_args(ContactMatch)
_FILLABLE = tuple(name for name in EXTRA_MAX if name != "TaxNumber")
# Xero API: Contacts, fields that only reports and the web pages fill.
_READ_ONLY = ("Website", "Balances", "BatchPayments", "Discount", "ContactGroups", "BrandingTheme", "IsCustomer")
_STAGES_EXAMPLE = "a list: - stage: Closed Won, and below it invoice: draft"
_MOST_INVOICES = 100_000
# Zoho's record ids are whole numbers of 64 bits.
_LONGEST_ID = 19
# Xero API limits: 5,000 calls a day for each organisation and app.
_MOST_KEPT = 4999
# A week, in minutes.
_LONGEST_POLL = 10_080
_PERCENT = re.compile(r"([0-9]{1,2}(?:\.[0-9]{1,2})?) ?%")


def read_rules(top: Section) -> Rules:
    """The rules; whatever is wrong is reported and replaced by its default."""
    rules = Rules(
        stages=_stages(top),
        when=_when(top.section("when")),
        lines=_lines(top.section("lines")),
        customer=_customer(top.section("customer")),
        invoice=read_invoice(top.section("invoice")),
        limits=_limits(top.section("limits")),
        poll=_poll(top.section("poll")),
    )
    return replace(rules, write_back=read_write_back(top.section("write_back"), rules.deal_fields()))


def _stages(top: Section) -> tuple[StageRule, ...]:
    if not top.has("stages"):
        top.report("stages", "is missing, so no deal would ever be invoiced.", f"Write it as {_STAGES_EXAMPLE}.")
        return ()
    items = top.items("stages", _STAGES_EXAMPLE)
    if items is not None and not items:
        top.report("stages", "is an empty list, so no deal would ever be invoiced.", f"Write it as {_STAGES_EXAMPLE}.")
    taken: dict[tuple[str, str | None], str] = {}
    stages = tuple(_stage(Section(top.problems, node, key, "stages[]"), taken) for key, node in items or ())
    said = shares_trouble(stages)
    if said is not None:
        top.report("stages", said, "Give each rule that invoices a share: one percentage, such as 30%, then remainder.")
    return stages


def _stage(section: Section, taken: dict[tuple[str, str | None], str]) -> StageRule:
    pipeline = section.read("pipeline", optional(text), None)
    invoice = section.require("invoice", choice(_INVOICES), None, f"Choose one of {', '.join(_INVOICES)}.")
    email: Emailing = section.read("email", _emailing, False)
    if email and invoice not in (None, "authorised"):
        said = f"is {'sent' if email == 'sent' else 'true'}, but only approved invoices leave by e-mail."
        section.report("email", said, "Set invoice: authorised here.")
    share: Share | None = section.read("share", optional(_share), None)
    if share is not None and invoice == "none":
        section.report("share", "has nothing to bill: this rule makes no invoice.", "Set invoice, or remove it.")
    stages = _stage_names(section)
    for stage in stages:
        earlier = taken.get((stage, None)) or taken.get((stage, pipeline))
        if earlier:
            section.report("stage", f"'{stage}' is already taken by {earlier}, which matches first.", "Remove one.")
        taken.setdefault((stage, pipeline), section.key)
    return StageRule(stages, invoice or "none", pipeline, email, share)


def _share(node: Node) -> Share:
    said = node.value.strip() if isinstance(node, ScalarNode) else ""
    if said == "remainder":
        return "remainder"
    number = _PERCENT.fullmatch(said)
    if number is None or not 0 < Decimal(number[1]) < 100:
        raise WrongValueError(
            "is neither a percentage below 100, with two decimals at most, nor remainder.", "Write 30% or remainder."
        )
    return Decimal(number[1])


def _emailing(node: Node) -> Emailing:
    if isinstance(node, ScalarNode) and node.value == "sent":
        return "sent"
    try:
        return boolean(node)
    except WrongValueError:
        raise WrongValueError("is none of true, false and sent.", "Write true, false or sent.") from None


def _stage_names(section: Section) -> tuple[str, ...]:
    node = section.find("stage")
    if isinstance(node, SequenceNode):
        return section.words("stage", text, (), "[Confirmed, Closed Won]")
    name = section.require("stage", text, "", "Name one or more stages, such as stage: Closed Won.")
    return (name,) if name else ()


def _when(section: Section) -> WhenRules:
    default = WhenRules()
    return WhenRules(
        leaves_stages=section.read("leaves_stages", choice(_RETREATS), default.leaves_stages),
        deal_deleted=section.read("deal_deleted", choice(_RETREATS), default.deal_deleted),
        changed_after_approval=section.read(
            "changed_after_approval", choice(("hold", "update")), default.changed_after_approval
        ),
    )


def _lines(section: Section) -> LineRules:
    default = LineRules()
    sources = section.words("from", choice(_LINE_SOURCES), default.sources, "[quote, amount]")
    subform = _subform(section.section("subform"))
    if "subform" in sources and subform.module is None:
        section.report("from", "has subform, but lines.subform.module is not set.", "Set it to the subform's API name.")
    return LineRules(
        sources=sources,
        quote_stages=section.words("quote_stages", text, default.quote_stages, "[Confirmed, Closed Won]"),
        several=section.read("several", choice(("newest", "hold")), default.several),
        subform=subform,
        amount_description=section.read("amount_description", template, default.amount_description),
    )


def _subform(section: Section) -> SubformRules:
    default = SubformRules()
    return SubformRules(
        module=section.read("module", optional(api_name), default.module),
        product=section.read("product", api_name, default.product),
        quantity=section.read("quantity", api_name, default.quantity),
        price=section.read("price", api_name, default.price),
        discount=section.read("discount", api_name, default.discount),
        description=section.read("description", api_name, default.description),
    )


def _customer(section: Section) -> CustomerRules:
    default = CustomerRules()
    rules = CustomerRules(
        sources=section.words("from", choice(_CUSTOMER_SOURCES), default.sources, "[account, contact]"),
        match=section.words("match", choice(_MATCHES), default.match, "[number, email, name]"),
        number=section.read("number", _customer_number, default.number),
        update=section.read("update", boolean, default.update),
        tax_number=section.read("tax_number", optional(api_name), default.tax_number),
        fields=_customer_fields(section),
        persons=section.read("persons", _persons, default.persons),
    )
    if "account" not in rules.sources:
        named = (("tax_number", rules.tax_number), ("fields", rules.fields), ("persons", rules.persons))
        for key in (key for key, value in named if value):
            section.report(key, "is about accounts, but customer.from has no account.", "Add account, or remove this.")
    return rules


def _customer_fields(section: Section) -> Mapping[str, str]:
    found = section.pairs("fields", api_name)
    for name in found:
        if name == "TaxNumber":
            section.report("fields", "has TaxNumber, which has a key of its own.", "Write customer.tax_number.")
        elif name not in EXTRA_MAX:
            why = "which Xero lets nobody write" if name in _READ_ONLY else "which is not a Xero field to fill here"
            section.report("fields", f"has {shown(name)}, {why}.", f"Known here: {', '.join(_FILLABLE)}.")
    return MappingProxyType({name: field for name, field in found.items() if name in _FILLABLE and field})


def _persons(node: Node) -> bool:
    if isinstance(node, ScalarNode) and node.value.strip() == "contact":
        return True
    try:
        wanted = boolean(node)
    except WrongValueError:
        wanted = True
    if wanted:
        raise WrongValueError("is neither false nor contact.", "Write contact to carry contact persons over, or false.")
    return False


def _customer_number(node: Node) -> Template:
    number = template(node)
    if "id" not in number.fields:
        raise WrongValueError("has no {id}, so customers would share one number.", 'Write it as "{id}" or "ZC-{id}".')
    others = [name for name in number.fields if name != "id"]
    if others:
        raise WrongValueError(
            f"takes {{{others[0]}}}, which may differ between two deals of one customer.",
            "Take {id} only, the id of the customer.",
        )
    if len(number.render({"id": "0" * _LONGEST_ID})) > NUMBER_MAX:
        raise WrongValueError(f"is longer than {NUMBER_MAX} characters with an id in it.", 'Write it as "ZC-{id}".')
    return number


def _poll(section: Section) -> PollRules:
    default = PollRules()
    return PollRules(
        documents=section.read("documents", whole(0, _LONGEST_POLL), default.documents),
        customers=section.read("customers", whole(0, _LONGEST_POLL), default.customers),
        deleted=section.read("deleted", whole(0, _LONGEST_POLL), default.deleted),
        invoices=section.read("invoices", whole(0, _LONGEST_POLL), default.invoices),
    )


def _limits(section: Section) -> LimitRules:
    default = LimitRules()
    total: Decimal | None = section.read("invoice_total", optional(money), default.invoice_total)
    return LimitRules(
        invoices_per_run=section.read("invoices_per_run", whole(0, _MOST_INVOICES), default.invoices_per_run),
        invoice_total=total,
        xero_calls_kept=section.read("xero_calls_kept", whole(0, _MOST_KEPT), default.xero_calls_kept),
    )
