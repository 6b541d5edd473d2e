"""Zoho CRM's REST API v8 as this program uses it.

Pages: www.zoho.com/crm/developer/docs/api/v8/COQL-Overview.html, get-records.html, get-org-data.html.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from zoho_xero_sync.core.model import Tax, ZohoOrganisation
from zoho_xero_sync.errors import ConfigError, ConfigProblem, LoginError, RemoteError, ScopeError
from zoho_xero_sync.remote.http import Answer, NoAnswer, Transport
from zoho_xero_sync.remote.zoho import coql
from zoho_xero_sync.remote.zoho.permissions import query_scopes
from zoho_xero_sync.remote.zoho.values import decimal_of, text_of

Row = Mapping[str, object]

# How Zoho refuses a module that is not there or not visible to this user.
_NOTHING_OF_THE_NAME = ("INVALID_MODULE", "INVALID_DATA", "NO_PERMISSION")

_LACKS_PERMISSION = ("OAUTH_SCOPE_MISMATCH", "NO_PERMISSION")


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of one answer; `read_at` is Zoho's own clock (its Date header)."""

    rows: tuple[Row, ...]
    more: bool
    read_at: datetime | None


class ZohoClient:
    """Typed reads of one Zoho organisation. `read_at` is Zoho's clock at the last query."""

    def __init__(self, transport: Transport, *, config_file: str) -> None:
        self._transport = transport
        self._config_file = config_file
        self.read_at: datetime | None = None
        self._taxes: tuple[Tax, ...] | None = None

    @property
    def calls(self) -> int:
        """How many calls reached Zoho so far."""
        return self._transport.calls

    def query(self, statement: str) -> Page:
        """The rows of one COQL query. 204 means none.

        Raises ConfigError for a field the configuration names and Zoho does not have, LoginError when the login
        lacks a scope, RemoteError for anything else that is not an answer.
        """
        try:
            answer = self._transport.read("POST", "/crm/v8/coql", json={"select_query": statement})
        except ScopeError as error:
            raise ScopeError(f"{error.message} {_needs(query_scopes(statement))}", error.hint) from None
        self.read_at = answer.date
        if answer.status == 204:
            return Page((), False, answer.date)
        envelope = self._envelope(answer, "a COQL query", query_scopes(statement))
        rows, info = envelope.get("data"), envelope.get("info")
        if not isinstance(rows, list) or not isinstance(info, dict) or not all(isinstance(row, dict) for row in rows):
            raise RemoteError("Zoho answered a query without its rows.", "Nothing was staged; run again.")
        return Page(tuple(rows), bool(info.get("more_records")), answer.date)

    def rows_by_id(self, columns: Sequence[str], module: str, where: str) -> Iterator[Row]:
        """Every row that meets `where`, paged by id so that changes under the reader cannot hide a row."""
        condition = where
        while True:
            page = self.query(coql.select(columns, module, condition, order=["id"], limit=coql.ROWS_MAX))
            yield from page.rows
            if not page.more or not page.rows:
                return
            condition = coql.both(where, coql.beyond(text_of(page.rows[-1], "id")))

    def organisation(self) -> ZohoOrganisation:
        """The organisation of this login (www.zoho.com/crm/developer/docs/api/v8/get-org-data.html)."""
        entries = self._list("/crm/v8/org", "org")
        if not entries:
            raise RemoteError("Zoho answered without an organisation.", "Run again.")
        entry = entries[0]
        return ZohoOrganisation(
            text_of(entry, "id"),
            text_of(entry, "zgid"),
            text_of(entry, "company_name"),
            text_of(entry, "iso_code").upper(),
            entry.get("mc_status") is True,
        )

    def taxes(self) -> tuple[Tax, ...]:
        """The organisation's taxes: name, and rate in percent."""
        return tuple(
            Tax(text_of(entry, "name"), decimal_of(entry, "value"))
            for entry in self._list("/crm/v8/org/taxes", "taxes")
        )

    def record(self, module: str, record_id: str) -> Row | None:
        """One record with its rows and taxes, or None when it is gone or not visible."""
        answer = self._transport.read("GET", f"/crm/v8/{coql.name(module)}/{record_id}")
        # Zoho documents both 204 and 400 INVALID_DATA for a record that is not there.
        if answer.status in (204, 404) or (answer.status == 400 and _error_code(answer) == "INVALID_DATA"):
            return None
        rows = self._envelope(answer, f"record {record_id}").get("data")
        if not isinstance(rows, list) or len(rows) != 1 or not isinstance(rows[0], dict):
            raise RemoteError(f"Zoho answered record {record_id} without its data.", "Run again.")
        return rows[0]

    def deleted(self, module: str, since: datetime) -> Iterator[tuple[Row, ...]]:
        """The records deleted since, recycled and permanent, a page of up to 200 at a time; no page when there is none.

        www.zoho.com/crm/developer/docs/api/v8/get-deleted-records.html; what was merged away is among them. `read_at`
        is then Zoho's clock.
        """
        path = f"/crm/v8/{coql.name(module)}/deleted"
        headers = {"If-Modified-Since": since.replace(microsecond=0).isoformat()}
        for page in itertools.count(1):
            params = {"type": "all", "per_page": "200", "page": str(page)}
            answer = self._transport.read("GET", path, params=params, headers=headers)
            self.read_at = answer.date
            if answer.status in (204, 304):
                return
            envelope = self._envelope(answer, f"the deleted {module}")
            rows, info = envelope.get("data"), envelope.get("info")
            if not isinstance(rows, list) or not isinstance(info, dict) or not all(isinstance(r, dict) for r in rows):
                raise RemoteError(f"Zoho answered the deleted {module} without its rows.", "Run again.")
            yield tuple(rows)
            if not info.get("more_records"):
                return

    def write(
        self,
        method: str,
        module: str,
        body: bytes,
        count: int,
        scopes: Sequence[str],
        headers: Mapping[str, str] | None = None,
    ) -> list[Row]:
        """Send `count` records of a module as they are, at most once; the answer to each, in order.

        Raises NotSent and NoAnswer as the transport does, LoginError when the login lacks one of `scopes`, RemoteError
        when the request was refused as a whole.
        """
        answer = self._transport.write(method, f"/crm/v8/{coql.name(module)}", body=body, headers=headers)
        rows = _listed(answer, "data")
        if len(rows) == count:
            return rows
        if not 400 <= answer.status < 500:
            raise NoAnswer(f"Zoho's answer (status {answer.status}) does not say what became of the records.")
        raise self._refusal(answer, f"what was written to {module}", scopes)

    def metadata(self, path: str, key: str, params: Mapping[str, str]) -> list[dict[str, object]] | None:
        """One list below /settings (www.zoho.com/crm/developer/docs/api/v8/field-meta.html and its neighbours).

        None when Zoho has nothing of the name in `params`, or does not show it to this login.
        """
        answer = self._transport.read("GET", f"/crm/v8/settings/{path}", params=params)
        if answer.status == 204:
            return []
        if answer.status in (400, 403, 404) and _error_code(answer) in _NOTHING_OF_THE_NAME:
            return None
        return self._entries(answer, path, key)

    def create_fields(self, module: str, fields: Sequence[Mapping[str, object]], scopes: Sequence[str]) -> None:
        """Make custom fields of a module, all or none.

        Raises NotSent and NoAnswer as the transport does, LoginError when the login lacks one of `scopes`, RemoteError
        with Zoho's own words when it refuses them.
        """
        body = json.dumps({"fields": fields}).encode()
        path = "/crm/v8/settings/fields"
        answer = self._transport.write("POST", path, body=body, params={"module": coql.name(module)})
        if answer.status in (200, 201):
            return
        first = next(iter(_listed(answer, "fields")), None)
        if first is not None and first.get("code") not in _LACKS_PERMISSION:
            message = f"Zoho refused to make fields of {module}: {first.get('code')}, {first.get('message')}."
            raise RemoteError(message, "Make them by hand.")
        raise self._refusal(answer, f"to make fields of {module}", scopes)

    def currencies(self) -> list[dict[str, object]]:
        """The organisation's currencies (.../get-currencies.html); none when it has only its own."""
        return self._list("/crm/v8/org/currencies", "currencies")

    def _list(self, path: str, key: str) -> list[dict[str, object]]:
        answer = self._transport.read("GET", path)
        if answer.status == 204:
            return []
        return self._entries(answer, path, key)

    def _entries(self, answer: Answer, path: str, key: str) -> list[dict[str, object]]:
        entries = self._envelope(answer, path.rpartition("/")[2]).get(key)
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise RemoteError(f"Zoho answered {path} without its {key}.", "Run again.")
        return entries

    def _envelope(self, answer: Answer, what: str, scopes: Sequence[str] = ()) -> dict[str, object]:
        if answer.status != 200:
            raise self._refusal(answer, what, scopes)
        payload = answer.json()
        if not isinstance(payload, dict):
            raise RemoteError(f"Zoho answered {what} with something that is not a JSON object.", "Run again.")
        return cast("dict[str, object]", payload)

    def _refusal(self, answer: Answer, what: str, scopes: Sequence[str]) -> Exception:
        code = _error_code(answer)
        details = _error_details(answer)
        column = details.get("column_name")
        if code == "INVALID_QUERY" and isinstance(column, str):
            return ConfigError(
                (
                    ConfigProblem(
                        self._config_file,
                        0,
                        "",
                        f"Zoho does not have, or does not let this login read, the field {column}.",
                        "Correct the field's API name where the configuration uses it.",
                    ),
                )
            )
        if code in ("OAUTH_SCOPE_MISMATCH", "NO_PERMISSION", "AUTHENTICATION_FAILURE", "INVALID_TOKEN"):
            needs = f" {_needs(scopes)}" if scopes and code in _LACKS_PERMISSION else ""
            return LoginError(
                f"Zoho refused {what}: {code}.{needs}",
                "Type: zoho-xero-sync auth zoho  and grant every permission it lists.",
            )
        return RemoteError(
            f"Zoho refused {what}: {code or f'status {answer.status}'}.", "Run again; if it stays, run with -v."
        )


def _needs(scopes: Sequence[str]) -> str:
    return f"It needs {', '.join(scopes)}."


def _listed(answer: Answer, key: str) -> list[Row]:
    """The answers to the items of a write; none when there is only one for all of them."""
    try:
        payload = answer.json()
    except RemoteError:
        return []
    rows = payload.get(key) if isinstance(payload, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _error_body(answer: Answer) -> Mapping[str, object]:
    """The error object of an answer, flat or as the first item of `data`; empty when there is none."""
    try:
        payload = answer.json()
    except RemoteError:
        return {}
    if isinstance(payload, dict) and isinstance(payload.get("data"), list) and payload["data"]:
        payload = payload["data"][0]
    return payload if isinstance(payload, dict) else {}


def _error_code(answer: Answer) -> str:
    code = _error_body(answer).get("code")
    return code.upper() if isinstance(code, str) else ""


def _error_details(answer: Answer) -> Mapping[str, object]:
    details = _error_body(answer).get("details")
    return details if isinstance(details, dict) else {}
