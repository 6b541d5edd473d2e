"""The contact persons of accounts, in the order they were entered."""

from __future__ import annotations

from collections.abc import Sequence

from zoho_xero_sync.core.model import Person
from zoho_xero_sync.errors import RemoteError
from zoho_xero_sync.remote.zoho import coql
from zoho_xero_sync.remote.zoho.client import Row, ZohoClient
from zoho_xero_sync.remote.zoho.values import BadValueError, lookup_of, text_of

_COLUMNS = ("First_Name", "Last_Name", "Email", "Account_Name")


def fetch_persons(client: ZohoClient, account_ids: Sequence[str]) -> dict[str, tuple[Person, ...]]:
    """By account id, every contact person of it (none: an empty tuple). One query per 50 accounts.

    Raises RemoteError for a row that cannot be read: the list would not be whole, and Xero's is replaced as a list.
    """
    found: dict[str, list[Person]] = {account_id: [] for account_id in account_ids}
    for start in range(0, len(account_ids), coql.IN_MAX):
        where = coql.one_of("Account_Name", account_ids[start : start + coql.IN_MAX])
        for row in client.rows_by_id(_COLUMNS, "Contacts", where):
            account_id, person = _person(row)
            found.setdefault(account_id, []).append(person)
    return {account_id: tuple(persons) for account_id, persons in found.items()}


def _person(row: Row) -> tuple[str, Person]:
    try:
        account = lookup_of(row, "Account_Name")
        first, last, email = (text_of(row, field).strip() for field in ("First_Name", "Last_Name", "Email"))
        record_id = text_of(row, "id")
    except BadValueError as error:
        raise RemoteError(f"Zoho answered with a contact that cannot be read: {error}.", "Run again.") from None
    if account is None:
        raise RemoteError("Zoho answered with a contact that does not say its account.", "Run again.")
    return account[0], Person(record_id, first, last, email)
