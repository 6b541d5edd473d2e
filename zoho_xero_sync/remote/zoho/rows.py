"""What reading rows of any document takes: ids in batches, whose a row is, which account it asks for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from zoho_xero_sync.core.model import Tax
from zoho_xero_sync.core.rules import Rules
from zoho_xero_sync.errors import RemoteError
from zoho_xero_sync.remote.zoho import coql
from zoho_xero_sync.remote.zoho.values import BadValueError, lookup_of, shown_of

Row = Mapping[str, object]


class Reader(Protocol):
    """Where documents are read from: a ZohoClient, or whatever answers as one."""

    def rows_by_id(self, columns: Sequence[str], module: str, where: str) -> Iterator[Row]: ...
    def taxes(self) -> tuple[Tax, ...]: ...
    def record(self, module: str, record_id: str) -> Row | None: ...


def linked(row: Row, field: str) -> str:
    """The id of the record that was asked for; a row that hides whose it is belongs to an answer not to be trusted."""
    try:
        link = lookup_of(row, field)
    except BadValueError:
        link = None
    if link is None:
        raise RemoteError(f"Zoho answered with a row that does not say its {field}.", "Run again.")
    return link[0]


def batches(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    """The ids, as many at a time as one query takes."""
    return (ids[start : start + coql.IN_MAX] for start in range(0, len(ids), coql.IN_MAX))


def account_key(row: Row, rules: Rules) -> str:
    """The text of the column that `invoice.account_field` names; empty without one."""
    return shown_of(row, rules.invoice.account_field) if rules.invoice.account_field else ""
