"""Records that changed in a window of time: paged by Modified_Time, never by offset."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from zoho_xero_sync.core.window import Window
from zoho_xero_sync.errors import RemoteError
from zoho_xero_sync.remote.zoho import coql
from zoho_xero_sync.remote.zoho.client import Row, ZohoClient
from zoho_xero_sync.remote.zoho.values import BadValueError, instant_of, text_of

# One credit for up to 200 rows, three for up to 2000 (www.zoho.com/crm/developer/docs/api/v8/api-limits.html): the
# small page is what an idle poll costs.
SMALL_PAGE = 200


def changed_rows(
    client: ZohoClient, columns: Sequence[str], module: str, window: Window, *, first_page: int, what: str
) -> tuple[dict[str, Row], datetime | None]:
    """By id every record modified in the window, as it was met last, and Zoho's clock when the reading began.

    A record edited while this reads moves to a later time and is met again; the last row of an id wins. Each query
    has one lower bound only; a second that fills a whole page is paged by id inside it. Rows past the window's end
    may be among them. `what` names a record in the RemoteError that a row without an id or a time ends in.
    """
    rows: dict[str, Row] = {}

    def ask(where: str, order: Sequence[str], limit: int) -> str:
        return coql.select(columns, module, where, order=order, limit=limit)

    by_time = ("Modified_Time", "id")
    page = client.query(ask(coql.at_or_after("Modified_Time", window.start), by_time, first_page))
    read_at = page.read_at
    while True:
        keep(rows, page.rows, what)
        if not page.more or not page.rows:
            return rows, read_at
        first, last = _page_time(page.rows[0], what), _page_time(page.rows[-1], what)
        if window.end is not None and last > window.end:
            return rows, read_at
        where = coql.at_or_after("Modified_Time", last)
        if first == last:
            second = coql.at("Modified_Time", last)
            keep(rows, _rest(client, columns, module, second, text_of(page.rows[-1], "id")), what)
            where = coql.after("Modified_Time", last)
        page = client.query(ask(where, by_time, coql.ROWS_MAX))


def keep(rows: dict[str, Row], page: Iterable[Row], what: str) -> None:
    """Add the page to the rows by id. Raises RemoteError for a row that has none."""
    for row in page:
        record_id = row.get("id")
        if not isinstance(record_id, str) or not record_id.isdigit():
            raise RemoteError(f"Zoho answered with a {what} that has no id.", "Nothing was staged; run again.")
        rows[record_id] = row


def readable_time(row: Row, field: str = "Modified_Time") -> datetime | None:
    """The instant in the field; None when it cannot be read."""
    try:
        return instant_of(row, field)
    except BadValueError:
        return None


def _rest(client: ZohoClient, columns: Sequence[str], module: str, second: str, last_id: str) -> Iterable[Row]:
    while True:
        where = coql.both(second, coql.beyond(last_id))
        page = client.query(coql.select(columns, module, where, order=["id"], limit=coql.ROWS_MAX))
        yield from page.rows
        if not page.more or not page.rows:
            return
        last_id = text_of(page.rows[-1], "id")


def _page_time(row: Row, what: str) -> datetime:
    """The time paging goes on from; a page that hides it cannot be followed, so nothing of it is used."""
    moment = readable_time(row)
    if moment is None:
        raise RemoteError(f"Zoho answered with a {what} that has no Modified_Time.", "Nothing was staged; run again.")
    return moment
