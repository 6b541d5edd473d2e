"""Zoho as the engine sees it: deals, their documents, and the organisation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from zoho_xero_sync.core.model import (
    Deal,
    DealRow,
    Deletions,
    Fetched,
    Person,
    Problem,
    SourceDocument,
    Touched,
    ZohoOrganisation,
)
from zoho_xero_sync.core.rules import Rules
from zoho_xero_sync.core.window import Window
from zoho_xero_sync.core.write_back import FieldValue, Note, Written
from zoho_xero_sync.remote.zoho import coql
from zoho_xero_sync.remote.zoho.changed import SMALL_PAGE, readable_time
from zoho_xero_sync.remote.zoho.client import ZohoClient
from zoho_xero_sync.remote.zoho.deals import DealReader
from zoho_xero_sync.remote.zoho.documents import fetch_documents
from zoho_xero_sync.remote.zoho.metadata import read_fields
from zoho_xero_sync.remote.zoho.persons import fetch_persons
from zoho_xero_sync.remote.zoho.touched import fetch_existing, fetch_touched
from zoho_xero_sync.remote.zoho.values import text_of
from zoho_xero_sync.remote.zoho.writing import add_notes, update_deals


class ZohoSource:
    """Reads of one Zoho organisation under one set of rules.

    `organisation` says whose login it is, from memory where it can; `calls` counts what reached Zoho.
    """

    def __init__(
        self,
        client: ZohoClient,
        rules: Rules,
        organisation: Callable[[ZohoClient], ZohoOrganisation],
        confirm: Callable[[ZohoClient], None],
        calls: Callable[[], int],
    ) -> None:
        self._client, self._rules = client, rules
        self._organisation, self._confirm, self._calls = organisation, confirm, calls
        self._reader: DealReader | None = None

    @property
    def calls(self) -> int:
        """How many calls reached Zoho so far."""
        return self._calls()

    @property
    def read_at(self) -> datetime | None:
        """Zoho's clock at the last query; None before the first."""
        return self._client.read_at

    def confirm(self) -> None:
        """Make sure, once a run, that the login reaches the ledger's organisation. Raises LedgerError when not."""
        self._confirm(self._client)

    def organisation(self) -> ZohoOrganisation:
        """The organisation of this login; asked for once at most."""
        return self._organisation(self._client)

    def fetch_changed(self, window: Window, *, expected: int) -> Fetched:
        """Deals modified in the window. `expected` is how many are known to lie in it: a small page is cheaper."""
        first_page = SMALL_PAGE if expected < SMALL_PAGE * 3 // 4 else coql.ROWS_MAX
        return self._deals().changed(window, first_page=first_page)

    def fetch_deals(self, ids: Sequence[str]) -> Fetched:
        """The deals with these ids that exist and are visible."""
        return self._deals().with_ids(ids)

    def fetch_deleted(self, since: datetime) -> Deletions:
        """The deals deleted, or merged away, since then. One call, unless they are more than 200."""
        rows = [row for page in self._client.deleted("Deals", since) for row in page]
        at = {text_of(row, "id"): readable_time(row, "deleted_time") or since for row in reversed(rows)}
        return Deletions(at, self._client.read_at)

    def fetch_in_stages(self, stages: Sequence[str]) -> Fetched:
        """Every deal that is in one of the stages now."""
        return self._deals().in_stages(stages)

    def deal_stages(self) -> list[str] | None:
        """The stages a deal can have, as Zoho shows them; None when this login is not told. One call."""
        fields = read_fields(self._client, "Deals")
        stage = fields.get("Stage") if fields else None
        return list(stage.values) if stage and stage.values else None

    def read_snapshot(self, snapshot: str) -> DealRow:
        """A deal as it was staged."""
        return self._deals().row(snapshot)

    def fetch_documents(self, deals: Sequence[Deal]) -> dict[str, SourceDocument | Problem]:
        """By deal id, what each deal is invoiced from, or why nothing can be."""
        return fetch_documents(self._client, deals, self._rules, multi_currency=self.organisation().multi_currency)

    def unwritable_fields(self, names: Sequence[str]) -> tuple[str, ...]:
        """Which of these fields of deals are not there, or not to be written by this login. One call.

        None of them when Zoho does not tell this login about its fields.
        """
        fields = read_fields(self._client, "Deals")
        if fields is None:
            return ()
        return tuple(name for name in names if name not in fields or not fields[name].writable)

    def update_deals(
        self, changes: Sequence[tuple[str, Mapping[str, FieldValue]]], *, unmodified_since: datetime | None
    ) -> list[Written]:
        """Write these fields of up to 100 deals, by id, unless they were modified since; one answer each, in order."""
        return update_deals(self._client, changes, unmodified_since)

    def add_notes(self, notes: Sequence[tuple[str, Note]]) -> list[Written]:
        """Add up to 100 notes to deals, by id; one answer each, in order."""
        return add_notes(self._client, notes)

    def fetch_persons(self, account_ids: Sequence[str]) -> dict[str, tuple[Person, ...]]:
        """By account id, its contact persons, the one entered first at the front."""
        return fetch_persons(self._client, account_ids)

    def fetch_touched(self, module: str, since: datetime) -> Touched:
        """Which records of a module beside the deals were modified since then. One call for up to 200."""
        return fetch_touched(self._client, module, since)

    def fetch_existing(self, module: str, ids: Sequence[str]) -> frozenset[str]:
        """Which of these records Zoho still has and shows. One call per 50."""
        return fetch_existing(self._client, module, ids)

    def _deals(self) -> DealReader:
        if self._reader is None:
            multi_currency = self.organisation().multi_currency
            self._reader = DealReader(self._client, self._rules, multi_currency=multi_currency)
        return self._reader
