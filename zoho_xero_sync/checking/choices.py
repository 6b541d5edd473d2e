"""Reads from both organisations what a first configuration may name."""

from __future__ import annotations

from collections.abc import Mapping

from zoho_xero_sync.config import Config
from zoho_xero_sync.core.check_facts import Fields
from zoho_xero_sync.core.choices import Choices, sales_accounts, sales_rates, stages_by_pipeline
from zoho_xero_sync.errors import ConfigError, ConfigProblem
from zoho_xero_sync.remote.patience import Clock
from zoho_xero_sync.remote.xero import survey
from zoho_xero_sync.remote.zoho import metadata
from zoho_xero_sync.services import Services


def read_choices(config: Config, environ: Mapping[str, str], clock: Clock) -> Choices:
    """What both organisations offer, with a handful of calls that read only.

    Raises LoginError, RemoteError, and ConfigError when one of them offers nothing to choose from.
    """
    with Services(config, environ, clock, None, None) as services:
        client = services.zoho_client
        deals = metadata.read_fields(client, "Deals")
        stages = stages_by_pipeline(metadata.read_pipelines(client), _values(deals, "Stage"))
        quotes = metadata.read_fields(client, "Quotes")
        taxes = client.taxes()
        services.reach("xero")
        accounts = sales_accounts(survey.read_accounts(services.xero_client))
        rates = sales_rates(survey.read_tax_rates(services.xero_client))
    _require(config, bool(stages), "stages[].stage", "Zoho shows no stages of deals to this login.")
    _require(config, bool(accounts), "invoice.account", "Xero has no active sales account.")
    return Choices(stages, None if quotes is None else _values(quotes, "Quote_Stage"), taxes, accounts, rates)


def _values(fields: Fields | None, name: str) -> tuple[str, ...]:
    found = (fields or {}).get(name)
    # Zoho's picklists begin with the entry of no choice (.../field-meta.html, pick_list_values).
    return () if found is None else tuple(value for value, used in found.values.items() if used and value != "-None-")


def _require(config: Config, there: bool, key: str, message: str) -> None:
    if not there:
        raise ConfigError((ConfigProblem(config.file.name, 0, key, message, "Make one there, then run it again."),))
