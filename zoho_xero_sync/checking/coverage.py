"""`check --coverage`: the documents of the deals of some time, read and held against the rules; nothing is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from zoho_xero_sync.config import Config
from zoho_xero_sync.core.coverage import CoverageView, coverage
from zoho_xero_sync.core.model import Books, Deal, SourceDocument, Tax
from zoho_xero_sync.core.rules import Rules
from zoho_xero_sync.core.stages import match_rule
from zoho_xero_sync.core.window import Window
from zoho_xero_sync.ledger.store import Ledger
from zoho_xero_sync.remote.patience import Clock
from zoho_xero_sync.remote.zoho.client import ZohoClient
from zoho_xero_sync.remote.zoho.documents import fetch_documents
from zoho_xero_sync.remote.zoho.rows import Row
from zoho_xero_sync.services import Services

# The most deals looked at, those changed last, and the most documents read one by one for their taxes.
MOST_DEALS = 1000
MOST_RECORDS = 50


def run_coverage(config: Config, environ: Mapping[str, str], clock: Clock, since: datetime) -> CoverageView:
    """What the documents name of deals that changed since then and are in a stage that is invoiced.

    Raises whatever a login or a service that does not answer raises.
    """
    identity = None
    if Ledger.exists(config.ledger):
        with Ledger.open(config.ledger, read_only=True) as ledger:
            identity = ledger.identity()
    with Services(config, environ, clock, None, identity) as services:
        if identity is None:
            services.identify()
        deals = _deals(services, config.rules, since)
        looked_at = deals[:MOST_DEALS]
        home = services.zoho.organisation()
        reader = _Bounded(services.zoho_client)
        found = fetch_documents(reader, looked_at, config.rules, multi_currency=home.multi_currency)
        pairs = [(deal, found[deal.id]) for deal in looked_at]
        read = [(deal, document) for deal, document in pairs if isinstance(document, SourceDocument)]
        seen = coverage(read, config.rules.invoice, _books(services, config.rules), home.currency)
        return CoverageView(since, len(deals), len(read), len(deals) - len(read), seen, services.calls())


def _deals(services: Services, rules: Rules, since: datetime) -> list[Deal]:
    """The deals in a stage that asks for an invoice, the one changed last first."""
    rows = services.zoho.fetch_changed(Window(since, None), expected=MOST_DEALS).rows
    deals = [row.content for row in rows if isinstance(row.content, Deal)]
    billed = [deal for deal in deals if _is_billed(deal, rules)]
    return sorted(billed, key=lambda deal: (deal.modified_at, deal.id), reverse=True)


def _is_billed(deal: Deal, rules: Rules) -> bool:
    rule = match_rule(rules.stages, deal.stage, deal.pipeline)
    return rule is not None and rule.invoice != "none"


def _books(services: Services, rules: Rules) -> Books:
    names = ["xero.organisation", "xero.accounts", "xero.tax_rates", "xero.currencies"]
    names += ["xero.items"] if rules.invoice.items != "ignore" else []
    return services.xero.read_books({name: services.xero.fetch_setting(name) for name in names})


@dataclass(slots=True)
class _Bounded:
    """Zoho as documents are read from it, with an end to reading them one by one."""

    client: ZohoClient
    records: int = 0

    def rows_by_id(self, columns: Sequence[str], module: str, where: str) -> Iterator[Row]:
        """Every row that meets `where`."""
        return self.client.rows_by_id(columns, module, where)

    def taxes(self) -> tuple[Tax, ...]:
        """The organisation's taxes."""
        return self.client.taxes()

    def record(self, module: str, record_id: str) -> Row | None:
        """One record; None once enough were read."""
        self.records += 1
        return self.client.record(module, record_id) if self.records <= MOST_RECORDS else None
