"""What this program writes into Zoho: fields of deals, and notes on them. Nothing else there is ever changed.

www.zoho.com/crm/developer/docs/api/v8/update-records.html and create-notes.html: up to 100 records in a call, each with
an answer of its own, in order; `trigger: []` keeps the organisation's own automation out of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from zoho_xero_sync.core.write_back import FieldValue, Note, Written
from zoho_xero_sync.errors import RemoteError
from zoho_xero_sync.remote.http import NoAnswer, NotSent
from zoho_xero_sync.remote.zoho.changed import readable_time
from zoho_xero_sync.remote.zoho.client import Row, ZohoClient

_UPDATE, _CREATE = ("ZohoCRM.modules.deals.UPDATE",), ("ZohoCRM.modules.notes.CREATE",)

# The length of a note's title (.../create-notes.html).
_TITLE_MAX = 120


def update_deals(
    client: ZohoClient, changes: Sequence[tuple[str, Mapping[str, FieldValue]]], unmodified_since: datetime | None
) -> list[Written]:
    """Write these fields of up to 100 deals, by id; one answer each, in order.

    A deal that was modified later than `unmodified_since` (Zoho's clock) is left as it is, and answered as changed
    (.../update-records.html, If-Unmodified-Since). Raises RemoteError when the answer was lost: the same values can
    be written again without harm.
    """
    records = [{"id": deal_id, **values} for deal_id, values in changes]
    try:
        body = _body({"data": records, "trigger": []})
        rows = client.write("PUT", "Deals", body, len(records), _UPDATE, _unless_modified(unmodified_since))
    except (NotSent, NoAnswer) as error:
        raise RemoteError(
            f"Zoho did not answer when invoices were written back to deals: {error}",
            "It is safe to run again: the same values are written again.",
        ) from None
    return [_written(row) for row in rows]


def add_notes(client: ZohoClient, notes: Sequence[tuple[str, Note]]) -> list[Written]:
    """Add up to 100 notes to deals, by id; one answer each, in order.

    A note sent twice is there twice, so one whose answer was lost comes back as not answered. Raises RemoteError when
    nothing was sent.
    """
    records = [
        {
            "Parent_Id": {"id": deal_id, "module": {"api_name": "Deals"}},
            "Note_Title": note.title[:_TITLE_MAX],
            "Note_Content": note.text,
        }
        for deal_id, note in notes
    ]
    try:
        rows = client.write("POST", "Notes", _body({"data": records}), len(records), _CREATE)
    except NotSent as error:
        raise RemoteError(f"Zoho was not reached to add notes: {error}", "It is safe to run again.") from None
    except NoAnswer:
        return [Written(answered=False) for _ in notes]
    return [_written(row) for row in rows]


def _unless_modified(since: datetime | None) -> dict[str, str]:
    return {} if since is None else {"If-Unmodified-Since": since.isoformat(timespec="seconds")}


def _body(value: Mapping[str, object]) -> bytes:
    return _json(value).encode()


def _json(value: object) -> str:
    """JSON in which a Decimal is a bare number with exactly its digits."""
    if isinstance(value, Decimal):
        return f"{value:zf}"
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json.dumps(str(key))}:{_json(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ",".join(_json(item) for item in value) + "]"
    return json.dumps(value)


def _written(row: Row) -> Written:
    found = row.get("details")
    details = found if isinstance(found, dict) else {}
    code = str(row.get("code") or "")
    if code == "SUCCESS":
        return Written(modified_at=readable_time(details))
    if code == "ALREADY_MODIFIED":
        return Written(changed=True)
    name = details.get("api_name")
    if code == "INVALID_DATA" and name in ("id", "Parent_Id"):
        return Written(gone=True)
    about = f" ({name})" if isinstance(name, str) and name else ""
    return Written(problem=f"{code or 'no code'}{about}: {row.get('message') or 'no message'}.")
