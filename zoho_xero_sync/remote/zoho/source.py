"""Zoho as the engine sees it: deals, their documents, and the organisation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from zoho_xero_sync.core.model import Deal, DealRow, Fetched, Person, Problem, SourceDocument, ZohoOrganisation
from zoho_xero_sync.core.rules import Rules
from zoho_xero_sync.core.window import Window
from zoho_xero_sync.remote.zoho import coql
from zoho_xero_sync.remote.zoho.client import ZohoClient
from zoho_xero_sync.remote.zoho.deals import SMALL_PAGE, DealReader
from zoho_xero_sync.remote.zoho.documents import fetch_documents
from zoho_xero_sync.remote.zoho.metadata import read_fields
from zoho_xero_sync.remote.zoho.persons import fetch_persons


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

    def fetch_persons(self, account_ids: Sequence[str]) -> dict[str, tuple[Person, ...]]:
        """By account id, its contact persons, the one entered first at the front."""
        return fetch_persons(self._client, account_ids)

    def _deals(self) -> DealReader:
        if self._reader is None:
            multi_currency = self.organisation().multi_currency
            self._reader = DealReader(self._client, self._rules, multi_currency=multi_currency)
        return self._reader
