"""Xero's Accounting API as this program uses it: reads, and writes as exact bytes.

developer.xero.com/documentation/api/accounting/overview.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from zoho_xero_sync.errors import LoginError, RemoteError
from zoho_xero_sync.remote.http import Answer, Transport
from zoho_xero_sync.remote.xero import wire

BASE = "/api.xro/2.0"
# Xero reads pageSize up to 1000 (developer.xero.com/documentation/api/accounting/contacts, paging).
PAGE_SIZE = 1000
# Id lists in a URL: about 52 ids were refused in practice, so they stay well below.
IDS_MAX = 40


class XeroClient:
    """One Xero organisation. `read_at` is Xero's clock (its Date header) at the last read of it."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.read_at: datetime | None = None

    @property
    def calls(self) -> int:
        """How many calls reached Xero so far."""
        return self._transport.calls

    def require_allowance(self) -> None:
        """Raise AllowanceError when the last answer said that the day's calls are used, or kept for other apps."""
        self._transport.require_allowance()

    def connections(self) -> tuple[wire.Element, ...]:
        """The organisations this login reaches (developer.xero.com/documentation/guides/oauth2/tenants)."""
        payload = self._payload(self._transport.read("GET", "/connections"), "the list of organisations")
        if not isinstance(payload, list) or not all(isinstance(entry, dict) for entry in payload):
            raise RemoteError("Xero answered without its connections.", "Run again.")
        return tuple(payload)

    def read(
        self, path: str, params: Mapping[str, str | int] | None = None, *, modified_since: datetime | None = None
    ) -> object:
        """The answer to one GET as parsed JSON; `modified_since` leaves out what Xero did not update since."""
        headers = {}
        if modified_since is not None:
            headers["If-Modified-Since"] = f"{modified_since.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
        answer = self._transport.read("GET", BASE + path, params=params or {}, headers=headers)
        self.read_at = answer.date
        return self._payload(answer, path.strip("/"))

    def pages(
        self,
        path: str,
        collection: str,
        params: Mapping[str, str | int],
        *,
        modified_since: datetime | None = None,
    ) -> Iterator[wire.Element]:
        """Every element of a paged collection, 1000 at a time."""
        page = 1
        while True:
            asked = {**params, "page": page, "pageSize": PAGE_SIZE}
            payload = self.read(path, asked, modified_since=modified_since)
            yield from wire.elements(payload, collection)
            if page >= wire.page_count(payload):
                return
            page += 1

    def by_ids(
        self, path: str, collection: str, param: str, ids: Sequence[str], params: Mapping[str, str | int]
    ) -> Iterator[wire.Element]:
        """Elements picked by a list of ids or numbers, at most 40 a call so that the URL stays short."""
        for start in range(0, len(ids), IDS_MAX):
            listed = ",".join(ids[start : start + IDS_MAX])
            yield from self.pages(path, collection, {**params, param: listed})

    def send(self, method: str, path: str, body: bytes, key: str) -> Answer:
        """Send one write exactly as it was journalled; `path` may carry a query.

        Raises NotSent, NoAnswer, or a SyncError that also means it was not processed.
        """
        plain, _, query = path.partition("?")
        headers = {"Idempotency-Key": key}
        return self._transport.write(method, plain, body=body, params=dict(parse_qsl(query)), headers=headers)

    @staticmethod
    def _payload(answer: Answer, what: str) -> object:
        if answer.status == 200:
            return answer.json()
        if answer.status in (401, 403):
            raise LoginError(f"Xero refused {what}: status {answer.status}.", "Type: zoho-xero-sync auth xero")
        raise RemoteError(
            f"Xero refused {what}: status {answer.status}.", "It is safe to run again; if it stays, run with -v."
        )
