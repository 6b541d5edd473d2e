"""Making custom fields of deals (www.zoho.com/crm/developer/docs/api/v8/create-custom-fields.html)."""

from __future__ import annotations

from collections.abc import Sequence

from zoho_xero_sync.core.new_fields import NewField
from zoho_xero_sync.errors import RemoteError
from zoho_xero_sync.remote.http import NoAnswer, NotSent
from zoho_xero_sync.remote.zoho.client import ZohoClient

SCOPE = "ZohoCRM.settings.fields.CREATE"
_AT_ONCE = 5


def create_fields(client: ZohoClient, wanted: Sequence[NewField]) -> None:
    """Make these fields of deals, five in a call. Raises LoginError without the scope, RemoteError in Zoho's words."""
    for start in range(0, len(wanted), _AT_ONCE):
        entries: list[dict[str, object]] = [
            {"field_label": field.label, "data_type": field.data_type}
            | ({"length": field.length} if field.length is not None else {})
            for field in wanted[start : start + _AT_ONCE]
        ]
        try:
            client.create_fields("Deals", entries, (SCOPE,))
        except (NotSent, NoAnswer) as error:
            raise RemoteError(f"Zoho did not answer: {error}", "Look whether the fields are there.") from None
