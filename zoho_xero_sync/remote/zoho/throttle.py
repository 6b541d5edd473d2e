"""How Zoho asks to slow down other than by status 429."""

from __future__ import annotations

from zoho_xero_sync.remote.answer import Answer

# www.zoho.com/crm/developer/docs/api/v8/api-limits.html and status-codes.html: the code of a 429. It is also met in a
# body of status 200 or 400, where a gateway answers for the API.
_CODES = ("TOO_MANY_REQUESTS", "RATE_LIMIT_EXCEEDED")
_SHORT = 4096


def asks_to_slow_down(answer: Answer) -> bool:
    """Whether a body says that the call was not processed because there were too many, whatever its status."""
    if len(answer.body) > _SHORT or not any(code.encode() in answer.body.upper() for code in _CODES):
        return False
    given = answer.fields()
    rows = given.get("data")
    first = rows[0] if isinstance(rows, list) and rows else None
    # A row of data is an error by its status: one that merely holds such a text is a record.
    failed = first if isinstance(first, dict) and first.get("status") == "error" else {}
    code = given.get("code") or failed.get("code")
    return isinstance(code, str) and code.upper() in _CODES
