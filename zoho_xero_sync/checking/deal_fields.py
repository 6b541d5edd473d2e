"""The fields that write_back names: which of them deals in Zoho have not, and making them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from zoho_xero_sync.config import Config
from zoho_xero_sync.core.new_fields import NewField, field_for
from zoho_xero_sync.ledger.store import Ledger
from zoho_xero_sync.remote.http import Clock
from zoho_xero_sync.remote.zoho.metadata import read_fields
from zoho_xero_sync.remote.zoho.new_fields import create_fields
from zoho_xero_sync.services import Services


def missing_fields(config: Config, environ: Mapping[str, str], clock: Clock) -> tuple[NewField, ...]:
    """The fields that are not there; none when Zoho does not tell this login about its fields.

    Raises LoginError, RemoteError, and LedgerError when the login reaches another organisation than the ledger's.
    """
    wanted = config.rules.write_back.fields
    if not wanted:
        return ()
    with _services(config, environ, clock) as services:
        known = read_fields(services.zoho_client, "Deals")
    return tuple(field_for(key, name) for key, name in wanted.items() if known is not None and name not in known)


def make_fields(
    config: Config, environ: Mapping[str, str], clock: Clock, wanted: Sequence[NewField]
) -> tuple[NewField, ...]:
    """Make these fields; those that Zoho then has not under their name. Raises as `missing_fields`."""
    with _services(config, environ, clock) as services:
        create_fields(services.zoho_client, wanted)
        known = read_fields(services.zoho_client, "Deals") or {}
    return tuple(field for field in wanted if field.name not in known)


@contextmanager
def _services(config: Config, environ: Mapping[str, str], clock: Clock) -> Iterator[Services]:
    identity = None
    if Ledger.exists(config.ledger):
        with Ledger.open(config.ledger, read_only=True) as ledger:
            identity = ledger.identity()
    with Services(config, environ, clock, None, identity) as services:
        services.zoho.confirm()
        yield services
