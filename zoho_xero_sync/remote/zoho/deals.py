"""Deals: which columns are read, how changed ones are found, and how a row becomes a deal."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from zoho_xero_sync.core.fingerprint import canonical_json
from zoho_xero_sync.core.model import Account, Address, Deal, DealRow, Fetched, Person, Problem
from zoho_xero_sync.core.rules import Rules
from zoho_xero_sync.core.window import Window
from zoho_xero_sync.remote.zoho import coql
from zoho_xero_sync.remote.zoho.changed import changed_rows, keep, readable_time
from zoho_xero_sync.remote.zoho.client import Row, ZohoClient
from zoho_xero_sync.remote.zoho.values import (
    BadValueError,
    instant_of,
    lookup_of,
    optional_decimal,
    shown_of,
    text_of,
)

_ACCOUNT = ("Account_Name", "Phone", "Fax")
_ACCOUNT_ADDRESSES = ("Billing", "Shipping")
_PERSON = ("First_Name", "Last_Name", "Email", "Phone", "Mobile")
_PERSON_ADDRESSES = ("Mailing", "Other")
_TEMPLATE_ALIASES = {"Account_Name": "Account_Name.Account_Name", "id": "id"}


def deal_columns(rules: Rules, *, multi_currency: bool) -> tuple[str, ...]:
    """Every column a run needs, so that one query brings the deal and its customer.

    Currency exists only where multi-currency is on, Pipeline only where pipelines are, so each is asked for only
    when it is there or a rule needs it.
    """
    columns = ["Deal_Name", "Stage", "Amount", "Closing_Date", "Created_Time", "Modified_Time"]
    columns += ["Currency"] if multi_currency else []
    columns += ["Pipeline"] if any(rule.pipeline for rule in rules.stages) else []
    if "account" in rules.customer.sources:
        named = [*_account_fields(), *rules.customer.account_fields.values()]
        columns += ["Account_Name", *(f"Account_Name.{field}" for field in named)]
    columns += ["Contact_Name", *(f"Contact_Name.{field}" for field in _person_fields())]
    columns += sorted(rules.deal_fields() - {"id"})
    return tuple(dict.fromkeys(columns))


def _account_fields() -> list[str]:
    parts = ("Street", "City", "State", "Code", "Country")
    return [*_ACCOUNT, *(f"{kind}_{part}" for kind in _ACCOUNT_ADDRESSES for part in parts)]


def _person_fields() -> list[str]:
    # Contacts spell the postcode Zip, accounts spell it Code.
    parts = ("Street", "City", "State", "Zip", "Country")
    return [*_PERSON, *(f"{kind}_{part}" for kind in _PERSON_ADDRESSES for part in parts)]


class DealReader:
    """Reads deals with one set of columns, so that every row carries the same fields."""

    def __init__(self, client: ZohoClient, rules: Rules, *, multi_currency: bool) -> None:
        self._client, self._rules = client, rules
        self._columns = deal_columns(rules, multi_currency=multi_currency)

    def changed(self, window: Window, *, first_page: int) -> Fetched:
        """Every deal modified in the window."""
        rows, read_at = changed_rows(self._client, self._columns, "Deals", window, first_page=first_page, what="deal")
        parsed = (self._row(row) for row in rows.values())
        # A row whose time cannot be read is kept: it is held by name, not lost.
        inside = (row for row in parsed if row.modified_at is None or window.contains(row.modified_at))
        return Fetched(tuple(inside), read_at)

    def with_ids(self, ids: Sequence[str]) -> Fetched:
        """The deals with these ids; one that is gone or not visible is simply not among them."""
        return self._matching("id", ids)

    def in_stages(self, stages: Sequence[str]) -> Fetched:
        """Every deal that is in one of the stages now."""
        return self._matching("Stage", stages)

    def row(self, snapshot: str) -> DealRow:
        """The deal of a snapshot that was taken earlier."""
        stored = json.loads(snapshot, parse_float=Decimal)
        return self._row(stored)

    def _matching(self, field: str, values: Sequence[str]) -> Fetched:
        rows: dict[str, Row] = {}
        began: datetime | None = None
        for start in range(0, len(values), coql.IN_MAX):
            where = coql.one_of(field, values[start : start + coql.IN_MAX])
            for row in self._client.rows_by_id(self._columns, "Deals", where):
                began = began or self._client.read_at
                keep(rows, (row,), "deal")
            began = began or self._client.read_at
        return Fetched(tuple(self._row(row) for row in rows.values()), began)

    def _row(self, row: Row) -> DealRow:
        return DealRow(
            id=str(row.get("id")),
            name=shown_of(row, "Deal_Name"),
            stage=shown_of(row, "Stage"),
            pipeline=shown_of(row, "Pipeline") or None,
            modified_at=readable_time(row),
            snapshot=canonical_json(row),
            content=parse_deal(row, self._rules),
        )


def parse_deal(row: Row, rules: Rules) -> Deal | Problem:
    """The row as a deal, or a problem that names the field that is not of its documented type."""
    try:
        return _deal(row, rules)
    except BadValueError as error:
        deal_id = str(row.get("id", ""))
        return Problem(
            "deal_unreadable",
            f"deal {deal_id}",
            f"The deal cannot be read: {error}.",
            f"Correct the field in Zoho, then type: zoho-xero-sync resolve {deal_id} --retry",
            error.path,
        )


def _deal(row: Row, rules: Rules) -> Deal:
    account, person = lookup_of(row, "Account_Name"), lookup_of(row, "Contact_Name")
    return Deal(
        id=text_of(row, "id"),
        name=text_of(row, "Deal_Name"),
        stage=text_of(row, "Stage"),
        pipeline=text_of(row, "Pipeline") or None,
        amount=optional_decimal(row, "Amount"),
        currency=text_of(row, "Currency") or None,
        modified_at=instant_of(row, "Modified_Time"),
        account=_account(row, account, rules) if account else None,
        person=_person(row, person[0]) if person else None,
        fields=_template_fields(row, rules),
        created_at=readable_time(row, "Created_Time"),
    )


def _account(row: Row, lookup: tuple[str, str], rules: Rules) -> Account:
    name, phone, fax = (text_of(row, f"Account_Name.{field}") for field in _ACCOUNT)
    billing, shipping = (_address(row, f"Account_Name.{kind}", "Code") for kind in _ACCOUNT_ADDRESSES)
    named = {field: shown_of(row, f"Account_Name.{field}") for field in rules.customer.account_fields.values()}
    return Account(lookup[0], name or lookup[1], phone, fax, billing, shipping, named)


def _person(row: Row, record_id: str) -> Person:
    first, last, email, phone, mobile = (text_of(row, f"Contact_Name.{field}").strip() for field in _PERSON)
    mailing, other = (_address(row, f"Contact_Name.{kind}", "Zip") for kind in _PERSON_ADDRESSES)
    return Person(record_id, first, last, email, phone, mobile, mailing, other)


def _address(row: Row, prefix: str, postcode: str) -> Address:
    parts = ("Street", "City", "State", postcode, "Country")
    return Address(*(text_of(row, f"{prefix}_{part}").strip() for part in parts))


def _template_fields(row: Row, rules: Rules) -> Mapping[str, str]:
    wanted = rules.deal_fields() | {"id", "Deal_Name", "Closing_Date"}
    fields = {field: shown_of(row, _TEMPLATE_ALIASES.get(field, field)) for field in wanted}
    if not fields.get("Account_Name", "-"):
        fields["Account_Name"] = shown_of(row, "Account_Name")
    return fields
