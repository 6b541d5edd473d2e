"""The composition root: builds ledger, services and clock, and runs what a command asks for."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace

from zoho_xero_sync.config import Config
from zoho_xero_sync.core.carried_over import Remembered
from zoho_xero_sync.core.invoices import deal_url
from zoho_xero_sync.core.marks import ledger_tag
from zoho_xero_sync.core.model import (
    Action,
    CustomerLink,
    DealRecord,
    DealRow,
    InvoiceLink,
    SourceDocument,
)
from zoho_xero_sync.core.parts import billing, link_of, newest, others
from zoho_xero_sync.core.rebuild import RebuildView
from zoho_xero_sync.core.reconcile import Pair, Period, Reconciliation
from zoho_xero_sync.core.report import Report
from zoho_xero_sync.core.rules import Rules
from zoho_xero_sync.core.settlement import Settled
from zoho_xero_sync.core.sighting import standing_edits
from zoho_xero_sync.core.stages import match_rule
from zoho_xero_sync.core.staging import stays_unbilled, why_left_alone
from zoho_xero_sync.core.views import DealView, StatusView
from zoho_xero_sync.core.write_back import refused_problem, xero_url
from zoho_xero_sync.engine.adopting import Adopted, adopt_invoice, adopt_pairs
from zoho_xero_sync.engine.allowance import waiting_until
from zoho_xero_sync.engine.books import BookKeeper
from zoho_xero_sync.engine.customers_only import with_invoices
from zoho_xero_sync.engine.fetch import read_baseline
from zoho_xero_sync.engine.linking import link_contact
from zoho_xero_sync.engine.overlay import Overlay
from zoho_xero_sync.engine.ports import Context, Options
from zoho_xero_sync.engine.prepare import explain_deal
from zoho_xero_sync.engine.rebuild import rebuild, record_rebuilt
from zoho_xero_sync.engine.reconcile import reconcile, record_repairs
from zoho_xero_sync.engine.run import apply_changes, preview_changes, record_baseline
from zoho_xero_sync.engine.settling import known_deal, settle_deal
from zoho_xero_sync.engine.tally import summary
from zoho_xero_sync.errors import LedgerError, SyncError, UsageError
from zoho_xero_sync.ledger.lock import RunLock
from zoho_xero_sync.ledger.old_ledger import remembered_by_old
from zoho_xero_sync.ledger.place import require_path
from zoho_xero_sync.ledger.replacing import aside_name, replaced_ledger
from zoho_xero_sync.ledger.store import Ledger
from zoho_xero_sync.login_status import new_lapse_note
from zoho_xero_sync.remote.http import Clock, SystemClock
from zoho_xero_sync.run_reports import RunInProgress, failed_report, new_run_id, reported, still_new, worth_keeping
from zoho_xero_sync.services import ZOHO_FACT, Logins, OpenServices, Services, organisation_text

_ALLOWANCE_FACT = "xero.calls_left"


def _silent(what: str, done: int, total: int) -> None:
    """Tell nobody."""


def _never() -> None:
    """Nobody asks to stop."""


@dataclass(frozen=True, slots=True)
class App:
    """One configuration, ready to run commands.

    `progress` is told of long work; `check_stop` raises Interrupted between operations once a signal has come; a sync
    gets its services from `open_services`.
    """

    config: Config
    environ: Mapping[str, str]
    clock: Clock = field(default_factory=SystemClock)
    progress: Callable[[str, int, int], None] = _silent
    check_stop: Callable[[], None] = _never
    open_services: OpenServices = Services

    # ---- sync and init ----

    def sync(self, options: Options, *, detailed: bool = False) -> Report:
        """One run. A new ledger's first run records the baseline and, unless deals were asked for, does only this.

        Raises LockedError, LedgerError, LoginError or ConfigError when the run cannot begin.
        """
        if options.dry_run:
            return self._preview(options, detailed=detailed)
        with RunLock.for_url(self.config.ledger):
            if not Ledger.exists(self.config.ledger):
                report = self._create()
                if not options.requested or report.exit_code:
                    return report
            return self._apply(options)

    def initialise(self) -> Report:
        """Create the ledger and record the baseline; one whose first run was cut short is completed.

        Raises LedgerError when there is a ledger with its baseline already.
        """
        with RunLock.for_url(self.config.ledger):
            if not Ledger.exists(self.config.ledger):
                return self._create()
            self.require_no_baseline()
            return self._apply(Options())

    def require_no_baseline(self) -> None:
        """Raises LedgerError when there is a ledger with its baseline recorded, or one that cannot be trusted."""
        if not Ledger.exists(self.config.ledger):
            return
        with Ledger.open(self.config.ledger, read_only=True) as ledger:
            if ledger.checkpoint() is not None:
                raise LedgerError(
                    f"There is a ledger already at {ledger.path}, and its baseline is recorded.",
                    "Nothing is left to set up. Go on with: zoho-xero-sync sync --dry-run",
                )

    def logins(self) -> Logins:
        """The logins this configuration needs, and where they are kept."""
        return Logins(self.config, self.environ)

    def reach(self, service: str) -> str:
        """Log in to "zoho" or "xero" and give the name of the organisation there.

        Raises LoginError, RemoteError, or ConfigError when xero.tenant must choose one of several.
        """
        with Services(self.config, self.environ, self.clock, None, None) as services:
            return services.reach(service)

    def _create(self) -> Report:
        """A new ledger with its baseline. Both services are read first, so that what fails there leaves no ledger."""
        with Services(self.config, self.environ, self.clock, None, None) as services:
            identity = services.identify()
            context = self._context(services, new_run_id())
            baseline = read_baseline(context, frozenset())
            keeper = BookKeeper(context, Overlay(None))
            keeper.books(self.config.rules, ())
            with (
                Ledger.create(self.config.ledger, identity) as ledger,
                self._recorded(ledger, "baseline", context.run_id) as run,
            ):
                run.report = record_baseline(context, ledger, baseline)
                for name, text in keeper.fetched.items():
                    ledger.record_fact(name, text, self.clock.now())
                self._keep(ledger, services)
                return run.report

    def _apply(self, options: Options) -> Report:
        with Ledger.open(self.config.ledger) as ledger, self._recorded(ledger, "apply") as run:
            try:
                with self.open_services(self.config, self.environ, self.clock, ledger, ledger.identity()) as services:
                    run.report = apply_changes(self._context(services, run.id, ledger), ledger, options)
                    with reported(run):
                        self._keep(ledger, services)
                with reported(run):
                    run.report = self._with_lapse(run.report, ledger)
            except SyncError as error:
                run.report = failed_report(run.id, "apply", self.clock.now(), error)
            run.report = replace(run.report, new_problems=still_new(run.report, ledger))
            return run.report

    def _with_lapse(self, report: Report, ledger: Ledger) -> Report:
        """The report with a warning ahead of a lapse and after it, unless it says already that somebody must log in."""
        if any(problem.code == "login_needed" for problem in report.problems):
            return report
        note = new_lapse_note(self.config, self.environ, self.clock.now(), ledger)
        return report if note is None else replace(report, notes=(*report.notes, note))

    def _preview(self, options: Options, *, detailed: bool) -> Report:
        with self._reading() as (ledger, services):
            context = self._context(services, new_run_id(), ledger)
            return preview_changes(context, ledger, options, detailed=detailed)

    # ---- looking ----

    def status(self, limit: int = 5) -> StatusView:
        """Where things stand, from the ledger alone. Raises LedgerError when there is none."""
        with Ledger.open(self.config.ledger, read_only=True) as ledger:
            left = ledger.fact(_ALLOWANCE_FACT)
            return StatusView(
                identity=ledger.identity(),
                ledger=str(ledger.path or "database"),
                now=self.clock.now(),
                checkpoint=ledger.checkpoint(),
                runs=tuple(ledger.runs(limit)),
                waiting=tuple(ledger.waiting_deals()),
                pending=tuple(ledger.pending_deals()),
                uncertain=tuple(ledger.unsettled_writes()),
                allowances={} if left is None else {"xero": left[0]},
                wait_until=waiting_until(ledger, self.clock),
                refused=tuple(map(refused_problem, ledger.refused_write_backs())),
            )

    def show(self, deal_id: str) -> DealView:
        """Everything about one deal: the ledger's memory, and what a sync asked for it would do now."""
        with self._reading() as (ledger, services):
            return self._view(deal_id, ledger, services)

    def _view(self, deal_id: str, ledger: Ledger | None, services: Services) -> DealView:
        record = ledger.find_deals([deal_id]).get(deal_id) if ledger else None
        links = ledger.find_parts([deal_id]).get(deal_id, ()) if ledger else ()
        overlay = Overlay(ledger)
        context = self._context(services, new_run_id())
        row = next(iter(services.zoho.fetch_deals([deal_id]).rows), None)
        if row is None and record is None:
            raise UsageError(
                f"Zoho has no deal {deal_id}, or this login may not see it, and the ledger does not know it.",
                "Check the id: it is the long number at the end of the deal's web address.",
            )
        link = _shown(links, self.config.rules, row)
        document: SourceDocument | None = None
        action: Action | None = None
        if row is not None:
            document, action = explain_deal(context, overlay, BookKeeper(context, overlay), row)
        customer = None
        if action is not None and action.contact is not None and ledger is not None:
            key = action.contact.draft.customer
            customer = ledger.find_customer_links([key]).get(key)
        prefix = self._link_prefix(services)
        return DealView(
            deal_id=deal_id,
            name=row.name if row else record.name if record else "",
            stage=row.stage if row else record.stage if record else "",
            state=record.state.value if record else "unknown to the ledger",
            record=record,
            customer=customer,
            invoice=link,
            others=others(links, link),
            document=document,
            action=action,
            events=tuple(ledger.events(deal_id)) if ledger else (),
            writes=tuple(ledger.find_writes(deal_id)) if ledger else (),
            zoho_link=deal_url(prefix, deal_id),
            xero_link=xero_url(link.invoice_id) if link else None,
            note=_note(row, record, link, overlay, self.config.rules),
            rules=self.config.rules.invoice,
            drift=standing_edits(link, ledger.find_edits([link.invoice_id]).get(link.invoice_id))
            if ledger and link
            else (),
        )

    def _link_prefix(self, services: Services) -> str:
        number = services.zoho.organisation().number
        return f"{self.config.zoho.crm_url}/crm/{f'org{number}/' if number else ''}tab/Potentials/"

    # ---- settling ----

    def resolve(self, deal_id: str, *, retry: bool) -> Settled:
        """Let the next run try the deal again, or set it aside for good.

        Raises UsageError when the ledger does not know the deal or nothing of it waits.
        """
        with RunLock.for_url(self.config.ledger), Ledger.open(self.config.ledger) as ledger:
            return settle_deal(ledger, self.config.rules, self.clock.now(), deal_id, retry=retry)

    def link_contact(self, deal_id: str, contact: str) -> tuple[DealRecord, CustomerLink]:
        """Make this Xero contact (ContactID or ContactNumber) the deal's customer, and let the next run try the deal.

        Returns the deal as it was, and the link. Raises UsageError when the deal or the contact is not there.
        """
        with self._settling() as (ledger, context):
            record = known_deal(ledger, deal_id)
            return record, link_contact(context, ledger, record, contact)

    def adopt(self, deal_id: str, invoice: str, *, sure: bool) -> Adopted:
        """Make this sales invoice (number or InvoiceID) the deal's, as it stands; nothing is written to Xero.

        Raises UsageError when the two do not belong together, or seem not to and a person is not `sure`.
        """
        with self._settling() as (ledger, context):
            return adopt_invoice(context, ledger, deal_id, invoice, sure=sure)

    # ---- all three sides ----

    def reconcile(self, period: Period, *, fix: bool, pairing: bool) -> Reconciliation:
        """Zoho, the ledger and Xero compared over a period; neither service is written to.

        With `fix` the ledger takes over what is safe to take over. With `pairing` invoices made by hand are proposed
        for deals that have none. Raises LedgerError when there is no ledger.
        """
        with ExitStack() as stack:
            if fix:
                stack.enter_context(RunLock.for_url(self.config.ledger))
            ledger = stack.enter_context(Ledger.open(self.config.ledger, read_only=not fix))
            services = stack.enter_context(Services(self.config, self.environ, self.clock, ledger, ledger.identity()))
            context = self._context(services, new_run_id(), ledger)
            found = reconcile(context, ledger, period, pairing=pairing)
            if fix:
                found = record_repairs(ledger, found)
                self._keep(ledger, services)
            return replace(found, calls=services.calls())

    def adopt_pairs(self, pairs: Sequence[Pair]) -> tuple[tuple[Pair, ...], tuple[str, ...]]:
        """Link these deals and invoices, each looked at again; those linked, and a sentence for each of the others."""
        with self._settling() as (ledger, context):
            return adopt_pairs(context, ledger, pairs)

    @contextmanager
    def _settling(self) -> Iterator[tuple[Ledger, Context]]:
        """The ledger to write, as its only writer, and both services to look at."""
        with (
            RunLock.for_url(self.config.ledger),
            Ledger.open(self.config.ledger) as ledger,
            Services(self.config, self.environ, self.clock, ledger, ledger.identity()) as services,
        ):
            yield ledger, self._context(services, new_run_id(), ledger)
            self._keep(ledger, services)

    # ---- a lost ledger ----

    def rebuild(self, *, dry_run: bool, replace_old: bool) -> RebuildView:
        """The ledger made again from what both services hold; neither is written to. A dry run makes none.

        With `replace_old` what is at the ledger's place is set aside. Raises LedgerError when something is there
        otherwise, when it belongs to other organisations, or when a write of it has no answer yet.
        """
        with ExitStack() as stack:
            if not dry_run:
                stack.enter_context(RunLock.for_url(self.config.ledger))
            there = Ledger.exists(self.config.ledger)
            if there and not (dry_run or replace_old):
                raise LedgerError(
                    "There is a ledger already; rebuild is for one that is lost, damaged or to be replaced.",
                    "To set it aside and make a new one: zoho-xero-sync rebuild --replace",
                )
            services = stack.enter_context(Services(self.config, self.environ, self.clock, None, None))
            identity = services.identify()
            remembered = remembered_by_old(self.config.ledger, identity) if there else Remembered()
            context = self._context(services, new_run_id())
            keeper = BookKeeper(context, Overlay(None))
            rebuilt = rebuild(context, keeper, remembered)
            now = self.clock.now()
            aside = str(aside_name(self.config.ledger, now)) if there else None
            if not dry_run:
                with replaced_ledger(self.config.ledger, identity, now) as ledger:
                    ledger.begin_run(context.run_id, "rebuild", now)
                    record_rebuilt(context, ledger, keeper, rebuilt)
                    self._keep(ledger, services)
                    ledger.finish_run(context.run_id, now, rebuilt.exit_code, None)
            place = str(require_path(self.config.ledger))
            return RebuildView(context.run_id, now, dry_run, place, rebuilt, aside, services.calls())

    # ---- shared ----

    def _context(self, services: Services, run_id: str, ledger: Ledger | None = None) -> Context:
        """The hands of one run; with a ledger, those of its only writer."""
        return Context(
            run_id=run_id,
            rules=self.config.rules,
            zoho=services.zoho,
            xero=services.xero,
            clock=self.clock,
            link_prefix=lambda organisation: self._link_prefix(services),
            new_key=lambda: str(uuid.uuid4()),
            progress=self.progress,
            check_stop=self.check_stop,
            tag=ledger_tag(ledger.identity()) if ledger else "",
        )

    @contextmanager
    def _reading(self) -> Iterator[tuple[Ledger | None, Services]]:
        """The ledger opened read-only (None when there is none) and the services beside it."""
        with ExitStack() as stack:
            ledger = None
            if Ledger.exists(self.config.ledger):
                ledger = stack.enter_context(Ledger.open(self.config.ledger, read_only=True))
            identity = ledger.identity() if ledger else None
            services = Services(self.config, self.environ, self.clock, ledger, identity)
            yield ledger, stack.enter_context(services)

    @contextmanager
    def _recorded(self, ledger: Ledger, mode: str, run_id: str | None = None) -> Iterator[RunInProgress]:
        run = RunInProgress(run_id or new_run_id())
        ledger.begin_run(run.id, mode, self.clock.now())
        try:
            yield run
        finally:
            report = run.report
            told = summary(report) if report is not None and worth_keeping(report) else None
            with reported(run):
                ledger.finish_run(run.id, self.clock.now(), 1 if report is None else report.exit_code, told)

    def _keep(self, ledger: Ledger, services: Services) -> None:
        """Note what this run learned about the organisations and their allowances."""
        now = self.clock.now()
        if services.read_organisation is not None:
            ledger.record_fact(ZOHO_FACT, organisation_text(services.read_organisation), now)
        if services.pace.day_remaining is not None and services.xero.calls:
            ledger.record_fact(_ALLOWANCE_FACT, str(services.pace.day_remaining), now)


def _shown(links: Sequence[InvoiceLink], rules: Rules, row: DealRow | None) -> InvoiceLink | None:
    """The invoice that the deal's stage is about, which may still be missing; else the one it had last."""
    rule = match_rule(rules.stages, row.stage, row.pipeline) if row is not None else None
    asked = billing(rule, links) if rule is not None else None
    return link_of(links, asked.part) if asked is not None else newest(links)


def _note(
    row: DealRow | None, record: DealRecord | None, link: InvoiceLink | None, ledger: Overlay, rules: Rules
) -> str | None:
    """What the plan for the deal does not say: that Zoho does not show it, or that no run takes it up by itself."""
    if row is None:
        return "Zoho no longer shows this deal to this login."
    if record is None or (link is not None and link.live):
        return None
    now = with_invoices(ledger, rules, {row.id: record}, {row.id: row})[row.id]
    alone = record.baseline or stays_unbilled(now, row, rules)
    return f"A run by itself leaves it alone: it {why_left_alone(record)}." if alone else None
