"""What changes beside the deals themselves, each thing asked for at its own pace and never all in one run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from zoho_xero_sync.core.model import Event, InvoiceLink, SeenRecord
from zoho_xero_sync.core.sighting import Edits
from zoho_xero_sync.core.window import OVERLAP
from zoho_xero_sync.engine.allowance import waiting_until
from zoho_xero_sync.engine.ports import Context, LedgerDesk, LedgerView

# A run that finds nothing makes at most so many calls, the one for the deals and those for a new login included.
MOST_CALLS = 5
# A run that cron starts every five minutes starts some seconds early at times; its polls of five minutes are due.
_JITTER = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Found:
    """What one poll found: known deals to be read and planned again, and invoices as Xero has them now.

    `read_at` is the asked service's clock when it was asked; None when it did not say. `seen` are the records that
    need not be looked at again as they are.
    """

    read_at: datetime | None
    deals: frozenset[str] = frozenset()
    invoices: tuple[InvoiceLink, ...] = ()
    events: tuple[Event, ...] = ()
    deletions: Mapping[str, datetime] = field(default_factory=dict)
    seen: tuple[SeenRecord, ...] = ()
    edits: tuple[Edits, ...] = ()


@dataclass(frozen=True, slots=True)
class Poll:
    """One question of one call: what changed since an instant. `every` is how long its answer is good for.

    `calls` is how many calls a poll that finds nothing may make, those for a new login included.
    """

    name: str
    every: timedelta
    ask: Callable[[Context, LedgerView, datetime], Found]
    calls: int = 1

    @property
    def fact(self) -> str:
        """The name under which the ledger keeps how far this poll has come."""
        return f"poll.{self.name}"


@dataclass(frozen=True, slots=True)
class News:
    """What the polls of one run found together. `reached` says, by fact, from when each asks the next time."""

    deals: frozenset[str] = frozenset()
    invoices: tuple[InvoiceLink, ...] = ()
    events: tuple[Event, ...] = ()
    deletions: Mapping[str, datetime] = field(default_factory=dict)
    seen: tuple[SeenRecord, ...] = ()
    reached: tuple[tuple[str, str], ...] = ()
    edits: tuple[Edits, ...] = ()


def read_news(context: Context, ledger: LedgerView, polls: Sequence[Poll], before: datetime | None) -> News:
    """Ask the polls that are due, the one that should have been asked first at the front.

    A poll that is new starts from now without asking, and so does one while nothing is live: what is invoiced later
    is read in full then. Where a backfill or a rebuild came before the first ordinary run, a new poll starts from where
    the deals had been read to `before` this run. While the day's calls to Xero are used up nothing is asked: what is
    found could not be looked into, and would be forgotten.
    """
    if waiting_until(ledger, context.clock) is not None:
        return News()
    now = context.clock.now()
    due: list[tuple[datetime, Poll, datetime]] = []
    reached: list[tuple[str, str]] = []
    for poll in polls:
        kept = ledger.fact(poll.fact)
        if kept is None:
            start = before if before and ledger.live_invoices() else context.zoho.read_at or now
            reached.append((poll.fact, _from(start)))
        elif not timedelta(0) <= now - kept[1] < poll.every - min(_JITTER, poll.every / 10):
            due.append((kept[1] + poll.every, poll, datetime.fromisoformat(kept[0])))
    due.sort(key=lambda item: item[0])
    found: list[Found] = []
    live = bool(due) and ledger.has_live_work()
    for position, (_, poll, since) in enumerate(due):
        # However busy a run is, the poll that is most overdue has its turn.
        if live and position and context.zoho.calls + context.xero.calls + poll.calls > MOST_CALLS:
            break
        answer = poll.ask(context, ledger, since) if live else Found(context.zoho.read_at or now)
        found.append(answer)
        reached.append((poll.fact, _from(answer.read_at) if answer.read_at else since.isoformat()))
    return News(
        frozenset().union(*(answer.deals for answer in found)),
        tuple(link for answer in found for link in answer.invoices),
        tuple(event for answer in found for event in answer.events),
        {deal_id: at for answer in found for deal_id, at in answer.deletions.items()},
        tuple(record for answer in found for record in answer.seen),
        tuple(reached),
        tuple(edits for answer in found for edits in answer.edits),
    )


def record_news(context: Context, ledger: LedgerDesk, news: News) -> None:
    """Remember how far the polls have come, once what they found is safe in the ledger."""
    ledger.record_seen(news.seen)
    for name, since in news.reached:
        ledger.record_fact(name, since, context.clock.now())


def _from(read_at: datetime) -> str:
    return (read_at - OVERLAP).replace(microsecond=0).isoformat()
